// One file on its way: it is sent until the server has answered for it, always under the same client_id,
// so that an upload that broke and came to its end all the same is there once.

import { bare, button, h, set } from "./dom";
import { newID } from "./shelf";
import type { Problem, UploadContext } from "./types";

/** How long to wait after a break, at first and at most, in milliseconds. */
const first = 1e3, most = 15e3;

interface Answered { status: number; retry: number; body: Partial<Problem> & { file?: { verdict?: string }; id?: string } }

export class Upload {
  readonly #id = newID();
  readonly #text = h("span", null);
  readonly #bar: HTMLProgressElement;
  readonly #act: HTMLButtonElement;
  readonly node: HTMLElement;
  #request?: XMLHttpRequest;
  #wake = () => {};
  #gone = false;

  constructor(private context: UploadContext, private words: string[], private file: File, private request: string, private announce: (text: string) => void, private again: (one: Upload) => void) {
    this.#bar = h("progress", { max: "100", value: "0", "aria-label": file.name });
    this.#act = button("link", words[say.upload_cancel], () => this.#pressed(), { "aria-label": words[say.upload_cancel] + ": " + file.name });
    this.node = h("li", null, h("span.name", null, file.name), this.#text, this.#bar, this.#act);
    this.#say(words[say.upload_waiting]);
  }

  /** fits tells at once of a file that is too large. */
  fits(bytes: number): boolean {
    if (this.file.size <= bytes) return true;
    this.#end(this.words[say.upload_too_large]);
    this.#act.remove();
    return false;
  }

  /** run sends the file until it is answered for, refused or given up; it returns the ID of its message, or nothing. */
  async run(): Promise<string | void> {
    this.#bar.hidden = false;
    for (let wait = first; !this.#gone; wait = Math.min(2 * wait, most)) {
      const { status, retry, body } = await this.#send();
      if (this.#gone) return;
      const away = body.type?.endsWith("/scanner-away");
      if (!status || status === 429 || (status >= 500 && !away)) {
        this.#say(this.words[say.upload_broken]);
        await this.#pause(Math.max(wait, retry));
        continue;
      }
      if (status !== 202) return this.#end(body.detail || this.words[say.upload_refused]);
      if (body.file?.verdict === "infected") {
        this.#remove(this.#act);
        return this.#end(this.words[say.upload_infected]);
      }
      this.announce((body.file?.verdict ? this.words[say.upload_checking] : this.words[say.upload_done]) + ": " + this.file.name);
      this.#remove(this.node);
      return body.id;
    }
  }

  /** pressed cancels, or tries again what was refused. */
  #pressed(): void {
    if (this.#bar.hidden) {
      this.#label(this.words[say.upload_cancel]);
      this.#say(this.words[say.upload_waiting]);
      this.again(this);
      return;
    }
    this.#gone = true;
    this.#request?.abort();
    this.#wake();
    this.announce(this.words[say.upload_cancelled] + ": " + this.file.name);
    this.#remove(this.node);
  }

  /** remove takes an element away; the focus, if it has it, goes back to choosing. */
  #remove(e: HTMLElement): void {
    const held = e.contains((e.getRootNode() as ShadowRoot).activeElement);
    const choose = this.node.parentElement?.parentElement?.querySelector<HTMLElement>("button.second");
    e.remove();
    if (held) choose?.focus();
  }

  #label(text: string): void {
    set(this.#act, text);
    this.#act.setAttribute("aria-label", text + ": " + this.file.name);
  }

  #say(text: string): void {
    set(this.#text, text);
  }

  /** end says why it came to nothing. */
  #end(why: string): void {
    this.#bar.hidden = true;
    this.#say(why);
    this.announce(this.file.name + ": " + why);
    this.#label(this.words[say.upload_retry]);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((done) => {
      const timer = setTimeout(done, ms);
      this.#wake = () => {
        clearTimeout(timer);
        removeEventListener("online", this.#wake);
        done();
      };
      addEventListener("online", this.#wake);
    });
  }

  #send(): Promise<Answered> {
    const { url, kept: { id, token } } = this.context;
    const form = new FormData();
    form.append("client_id", this.#id);
    if (this.request) form.append("request", this.request);
    form.append("file", this.file);
    return new Promise((done) => {
      const request = (this.#request = new XMLHttpRequest());
      request.open("POST", url.replace("conversations/", `conversations/${id}/files`));
      request.setRequestHeader("Authorization", "Bearer " + token);
      request.upload.onprogress = ({ loaded, total }) => {
        const percent = Math.floor((100 * loaded) / total);
        this.#bar.value = percent;
        this.#say(percent < 100 ? percent + " %" : this.words[say.upload_checking]);
      };
      request.onloadend = () => {
        let body = bare({});
        try {
          body = JSON.parse(request.responseText || "{}");
        } catch { /* a proxy's answer */ }
        done({ status: request.status, retry: 1000 * +(request.getResponseHeader("Retry-After") || 0), body });
      };
      request.send(form);
    });
  }
}
