// Where the citizen writes.

import { bare, button, h, iconButton, set } from "./dom";
import { clip, send } from "./icon";
import { t } from "./texts";
import type { Message } from "./types";

/** The longest text the server takes; UTF-16 units are the stricter count. */
const longest = 4000;

export class Composer {
  readonly text = h("textarea", { id: "text", rows: "1", maxlength: "" + longest, autocomplete: "off", enterkeyhint: "send", placeholder: t(say.write_placeholder), 
    input: () => {
      this.#changed();
      this.#types(!!this.text.value);
    }, blur: () => this.#types(false) });
  readonly #about = h("div.about row", { hidden: true });
  /** The message that is answered, or given another text. */
  about?: Message;
  #edit = false;
  /** What was being written when an edit began. */
  #aside = "";
  readonly clip = iconButton("bare clip", t(say.attach), clip, (event) => this.attach(event), { hidden: true });
  readonly #left = h("p.left", { role: "status" });
  readonly node = h("form.composer", { novalidate: true, submit: (event: Event) => void this.#submit(event) },
    h("label", { for: "text", class: "unseen" }, t(say.write_label)), this.#about, this.#left,
    h("div.row", null, this.clip, this.text, iconButton("primary send", t(say.send), send, () => {}, { type: "submit" })));

  /** When it was last told that somebody writes here; 0 when that has ended. */
  #told = 0;

  /** amend gives a message another text; it says whether that was taken. */
  constructor(private post: (text: string, about?: Message) => void, private amend: (message: Message, text: string) => Promise<boolean>, private typing: (yes: boolean) => void, private attach: (event: Event) => void, draft: string) {
    this.text.value = draft;
    this.text.addEventListener("keydown", (event) => {
      // On a phone the Enter key of the screen keyboard makes a line, as people expect there.
      if (event.key === "Escape" && this.about) {
        event.preventDefault(); // it ends this, and not the chat
        this.refer();
      }
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing && !matchMedia("(pointer: coarse)").matches) void this.#submit(event);
    });
    new ResizeObserver(() => this.#grow()).observe(this.text, bare({}));
  }

  /** draft is what is being written to be sent. */
  get draft(): string {
    return this.#edit ? this.#aside : this.text.value;
  }

  /** refer makes what is written an answer to a message, or its other text; or neither any more. */
  refer(about?: Message, edit = false): void {
    if (edit || this.#edit) {
      const { draft } = this;
      this.#aside = draft;
      this.text.value = edit ? about!.text : draft;
    }
    this.about = about;
    this.#edit = edit;
    this.#about.hidden = !about;
    this.#about.replaceChildren(...(about ? [h("span", null, t(edit ? say.editing : say.replying, { text: about.text.slice(0, 80) })), button("link", t(say.cancel), () => this.refer())] : []));
    this.#changed();
    this.text.focus();
  }

  /** giveBack puts a text in front of what is being written. */
  giveBack(text: string): void {
    this.text.value = [text, this.text.value].filter(Boolean).join("\n");
    this.#changed();
  }

  async #submit(event: Event): Promise<void> {
    event.preventDefault();
    const text = this.text.value.trim();
    const { about } = this;
    if (text) {
      this.#types(false);
      if (this.#edit) {
        if (text !== about!.text && !(await this.amend(about!, text))) return; // the text stays
        if (about === this.about) this.refer();
        return;
      }
      this.text.value = "";
      this.refer();
      this.post(text, about);
    }
    this.text.focus();
  }

  #types(yes: boolean): void {
    const now = yes ? Date.now() : 0;
    if (yes ? now < this.#told + 4e3 : !this.#told) return;
    this.#told = now;
    this.typing(yes);
  }

  #changed(): void {
    this.#grow();
    const left = longest - this.text.value.length;
    set(this.#left, left < 200 ? t(say.characters_left, { n: left - (left > 20 ? left % 20 : 0) }) : "");
  }

  #grow(): void {
    const { style } = this.text;
    style.height = "auto";
    style.height = Math.min(this.text.scrollHeight + 2, 160) + "px";
  }
}
