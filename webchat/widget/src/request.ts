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
  readonly #text = h("textarea", { id: "request-text", rows: "4", maxlength: "4000", required: true });
  readonly #name = h("input", { id: "request-name", maxlength: "80", autocomplete: "name" });
  readonly #email = h("input", { id: "request-email", type: "email", maxlength: "254", autocomplete: "email" });
  readonly #phone = h("input", { id: "request-phone", type: "tel", maxlength: "31", autocomplete: "tel" });
  readonly #button = h("button", { class: "primary", type: "submit" }, t(say.request_send));
  /** Makes sending safe to repeat; another text is another request. */
  #key = newID();
  #sending = false;
  /** Set once somebody has typed: then nothing may take the form away. */
  touched = false;
  readonly node: HTMLFormElement;

  /** done hears how the request can be picked up; trouble hears what stands against it, or "". */
  constructor(private api: API, private area: string, counter: Counter, draft: Draft, private done: (left: Left) => void, private trouble: (text: string) => void) {
    const field = (label: string, e: HTMLElement) => [h("label", { for: e.id }, label), e];
    const offered = counter.requests!.answered_by;
    this.node = h("form", { class: "request", novalidate: true, submit: (event: Event) => void this.#submit(event), input: () => this.#changed() },
      h("h3", null, t(say.request_title)),
      ...field(t(say.write_label), this.#text), ...field(t(say.name_label), this.#name),
      ...(offered.includes("email") ? field(t(say.request_email), this.#email) : []),
      ...(offered.includes("phone") ? field(t(say.request_phone), this.#phone) : []),
      h("p", { class: "soft" }, counter.requests!.notice), this.#button);
    this.#text.value = draft.text;
    this.#name.value = draft.name;
    this.#email.value = draft.email || "";
    this.#phone.value = draft.phone || "";
  }

  get draft(): Draft {
    return { text: this.#text.value, name: this.#name.value, email: this.#email.value, phone: this.#phone.value };
  }

  #changed(): void {
    this.touched = true;
    this.#key = newID();
  }

  async #submit(event: Event): Promise<void> {
    event.preventDefault();
    const { text, name, email, phone } = this.draft;
    if (this.#sending) return;
    if (!text.trim()) {
      this.#text.focus();
      return;
    }
    this.#sending = true;
    this.#button.setAttribute("aria-disabled", "true");
    const answer = await this.api.call<Left & Problem>("requests", {
      method: "POST", key: this.#key,
      body: { service_area: this.area, language: apiLanguage(), text: text.trim(), name: name.trim(), email: email!.trim() || null, phone: phone!.trim() || null },
    }).catch(() => null);
    this.#sending = false;
    this.#button.removeAttribute("aria-disabled");
    if (answer?.ok) {
      this.trouble("");
      this.done(answer.body);
    } else this.trouble(answer?.body.detail || t(say.request_again));
  }
}

/** leftRequest confirms a request with its number, and how to come back to it. */
export function leftRequest(left: Left, link: string): HTMLElement {
  return h("div", { class: "view" }, question(t(say.request_done, { n: left.number })),
    h("p", null, left.text), h("p", { class: "soft again" }, h("a", { href: link }, t(say.request_link))));
}
