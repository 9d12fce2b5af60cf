// Where the citizen writes.

import { bare, h } from "./dom";
import { icon, send } from "./icon";
import { t } from "./texts";

/** The longest text the server takes; UTF-16 units are the stricter count. */
const longest = 4000;

export class Composer {
  readonly text = h("textarea", { id: "text", rows: "1", maxlength: "" + longest, autocomplete: "off", enterkeyhint: "send", placeholder: t(say.write_placeholder), 
    input: () => {
      this.#changed();
      this.#types(!!this.text.value);
    }, blur: () => this.#types(false) });
  readonly #left = h("p", { class: "left", role: "status" });
  readonly node = h("form", { class: "composer", novalidate: true, submit: (event: Event) => this.#submit(event) },
    h("label", { for: "text", class: "unseen" }, t(say.write_label)), this.#left,
    h("div", { class: "row" }, this.text, h("button", { class: "primary send", type: "submit", "aria-label": t(say.send) }, icon(send))));

  /** When it was last told that somebody writes here; 0 when that has ended. */
  #told = 0;

  constructor(private post: (text: string) => void, private typing: (yes: boolean) => void, draft: string) {
    this.text.value = draft;
    this.text.addEventListener("keydown", (event) => {
      // On a phone the Enter key of the screen keyboard makes a line, as people expect there.
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing && !matchMedia("(pointer: coarse)").matches) this.#submit(event);
    });
    new ResizeObserver(() => this.#grow()).observe(this.text, bare({}));
  }

  /** giveBack puts a text in front of what is being written. */
  giveBack(text: string): void {
    this.text.value = [text, this.text.value].filter(Boolean).join("\n");
    this.#changed();
  }

  #submit(event: Event): void {
    event.preventDefault();
    const text = this.text.value.trim();
    if (text) {
      this.text.value = "";
      this.#changed();
      this.#types(false);
      this.post(text);
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
    const said = left < 200 ? t(say.characters_left, { n: left - (left % 20 && left > 20 ? left % 20 : 0) }) : "";
    if (this.#left.textContent !== said) this.#left.textContent = said;
  }

  #grow(): void {
    const { style } = this.text;
    style.height = "auto";
    style.height = Math.min(this.text.scrollHeight + 2, 160) + "px";
  }
}
