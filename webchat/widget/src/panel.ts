// The panel around every view: header, alert, footer; opening, closing and where the focus is.

import { button, h, iconButton, set } from "./dom";
import { back, bell, minimise } from "./icon";
import { languages, t, tag } from "./texts";
import type { Shell } from "./types";

export interface Frame {
  title: string;
  subtitle: string;
  /** Two letters for the round sign, or a picture. */
  sign: string | HTMLElement;
  body: HTMLElement;
  back?: () => void;
  /** Offers to end and delete. */
  end?: () => void;
  /** Offers sound and notifications. */
  call?: { on: boolean; change: () => void };
  /** Links at the foot. */
  links?: [text: string, address: string][];
}

export class Panel {
  readonly element: HTMLElement;
  readonly #modal = matchMedia("(max-width: 479px), (max-height: 420px)");
  readonly #alert = h("p.alert", { role: "alert" });
  #head = h("header");
  #foot = h("footer");
  #body: HTMLElement = h("div");
  #said = "";
  #late = "";
  isOpen = false;

  constructor(private shell: Shell, private change: (language: string) => void, private closed: () => void) {
    const widget = shell.mode === "widget";
    this.element = widget ? h("dialog", { "aria-labelledby": "title" }) : h("div.panel");
    this.element.classList.add("panel");
    this.element.append(this.#head, this.#alert, this.#body, this.#foot);
    shell.root.append(this.element);
    this.element.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.defaultPrevented) this.close();
    });
    if (!widget) return;
    // Escape in a modal dialog comes as this event as well.
    this.element.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.close();
    });
    this.#modal.addEventListener("change", () => this.isOpen && this.#reopen());
  }

  /** show exchanges everything between header and footer. The focus is the caller's business. */
  show(frame: Frame): void {
    this.element.lang = tag();
    const head = h("header.row", null,
      frame.back ? iconButton("bare", t(say.back), back, frame.back) : h("span.sign", { "aria-hidden": "true" }, frame.sign),
      h("div.names", null, h(this.shell.mode === "page" ? "h1" : "h2", { id: "title" }, frame.title), h("p", null, frame.subtitle)),
      frame.call ? iconButton("bell", t(say.call), bell, frame.call.change, { "aria-pressed": "" + frame.call.on }) : null,
      this.shell.mode === "page" ? null : iconButton("bare", t(say.close), minimise, () => this.close()));
    this.#head.replaceWith(head);
    this.#head = head;
    if (this.#body !== frame.body) this.#body.replaceWith(frame.body);
    this.#body = frame.body;
    const choice = h("select", { id: "language", "aria-label": t(say.language), change: () => this.change(choice.value) },
      ...languages.map(([name, text]) => h("option", { value: name, lang: name, selected: name === tag() }, text)));
    const foot = h("footer.row", null, choice,
      ...(frame.links || []).map(([text, href]) => h("a", { href, target: "_blank", rel: "noopener" }, text)),
      frame.end ? button("link end", t(say.end), frame.end) : null);
    this.#foot.replaceWith(foot);
    this.#foot = foot;
  }

  /** describe changes the header's words only. */
  describe(title: string, subtitle: string, sign: string | HTMLElement): void {
    const [words, [name, line]] = [this.#head.querySelector(".sign"), this.#head.querySelector(".names")!.children];
    set(name, title);
    set(line, subtitle);
    words?.replaceChildren(sign);
  }

  /** complain shows a sentence until it is taken back; it is heard once. */
  complain(text: string, late = this.#late): void {
    this.#late = late;
    this.#said = text;
    set(this.#alert, [text, late].filter(Boolean).join(" "));
  }

  /** late says beside it that something has yet to be done, or "". */
  late(text: string): void {
    this.complain(this.#said, text);
  }

  open(): void {
    if (this.isOpen) return;
    this.isOpen = true;
    if (this.element instanceof HTMLDialogElement) {
      this.#modal.matches ? this.element.showModal() : this.element.show();
      this.shell.launcher.ariaExpanded = "true";
      this.shell.root.host.classList.add("opened");
    }
    this.shell.emit("open");
  }

  /** reopen changes between covering the whole screen and standing beside the page. */
  #reopen(): void {
    const focused = this.shell.root.activeElement as HTMLElement | null;
    const dialog = this.element as HTMLDialogElement;
    dialog.close();
    this.#modal.matches ? dialog.showModal() : dialog.show();
    focused?.focus();
  }

  close(): void {
    if (this.shell.mode === "frame") parent.postMessage("schalter:close", "*");
    if (!this.isOpen || !(this.element instanceof HTMLDialogElement)) return;
    this.isOpen = false;
    this.element.close();
    this.shell.root.host.classList.remove("opened");
    this.shell.launcher.ariaExpanded = "false";
    this.shell.launcher.focus();
    this.shell.emit("close");
    this.closed();
  }
}
