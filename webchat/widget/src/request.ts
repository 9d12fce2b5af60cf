// Leaving a request where nobody can be reached.

import type { API } from "./api";
import { h, question } from "./dom";
import { newID } from "./shelf";
import { apiLanguage, t } from "./texts";
import type { Counter, Problem } from "./types";

/** What has been typed and not sent; it goes from view to view. */
export interface Draft { text: string; name: string; email?: string; phone?: string }

interface Left { number: number; token: string; text: string }

export class RequestForm {
  readonly #button = h("button.primary", { type: "submit" }, t(say.request_send));
  /** Makes sending safe to repeat; another text is another request. */
  #key = newID();
  #sending = false;
  /** Set once somebody has typed: then nothing may take the form away. */
  touched = false;
  readonly node: HTMLFormElement;

  /** done hears how the request can be picked up; around hears what stands against it, or "". */
  constructor(private api: API, private area: string, counter: Counter, draft: Draft, private done: (left: Left) => void, private around: { complain(text: string): void }) {
    const field = (tag: "input" | "textarea", name: keyof Draft, label: string, maxlength: string, more?: { [name: string]: string }) => {
      const e = h(tag, { id: "request-" + name, name, maxlength, ...more });
      e.value = draft[name] || "";
      return [h("label", { for: e.id }, label), e];
    };
    const contact = (kind: "email" | "phone", label: string, maxlength: string, type: string) =>
      counter.requests!.answered_by.includes(kind) ? field("input", kind, label, maxlength, { type, autocomplete: type }) : [];
    this.node = h("form.request", { novalidate: true, submit: (event: Event) => void this.#submit(event), input: () => this.#changed() },
      h("h3", null, t(say.request_title)),
      ...field("textarea", "text", t(say.write_label), "4000", { rows: "4", required: "" }), ...field("input", "name", t(say.name_label), "80", { autocomplete: "name" }),
      ...contact("email", t(say.request_email), "254", "email"), ...contact("phone", t(say.request_phone), "31", "tel"),
      h("p.soft", null, counter.requests!.notice), this.#button);
  }

  get draft(): Draft {
    return Object.fromEntries(new FormData(this.node)) as unknown as Draft;
  }

  #changed(): void {
    this.touched = true;
    this.#key = newID();
  }

  async #submit(event: Event): Promise<void> {
    event.preventDefault();
    const said = Object.entries(this.draft).map(([name, text]) => [name, text.trim() || null]);
    if (this.#sending) return;
    if (!said[0][1]) {
      this.node.querySelector("textarea")!.focus();
      return;
    }
    this.#sending = true;
    this.#button.ariaDisabled = "true";
    const answer = await this.api.call<Left & Problem>("requests", {
      method: "POST", key: this.#key, body: { service_area: this.area, language: apiLanguage(), ...Object.fromEntries(said) },
    });
    this.#sending = false;
    this.#button.ariaDisabled = null;
    if (answer.ok) {
      this.around.complain("");
      this.done(answer.body);
    } else this.around.complain(answer.body.detail || t(say.failed));
  }
}

/** leftRequest confirms a request with its number, and how to come back to it. */
export function leftRequest(left: Left, link: string): HTMLElement {
  return h("div.view", null, question(t(say.request_done, { n: left.number })),
    h("p", null, left.text), h("p.soft again", null, h("a", { href: link }, t(say.request_link))));
}
