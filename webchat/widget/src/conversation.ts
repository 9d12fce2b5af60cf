// One conversation on the screen: before its first message, while it runs, and when it has ended.

import { actions } from "./actions";
import { minutes } from "./areas";
import { Composer } from "./composer";
import { button, h, question } from "./dom";
import { Log } from "./log";
import type { Draft } from "./request";
import type { Session } from "./session";
import { newID } from "./shelf";
import { t } from "./texts";
import type { Counter, Message } from "./types";

/** What the views ask of all that is around them. */
export interface Around {
  reopen(): void;
  /** Starts again from the choice of an area. */
  again(): void;
  save(): void;
  /** Offers to leave a request instead. */
  offer(): void;
  /** Hears that the newest message is in sight. */
  looked(): void;
  complain(text: string): void;
}

export class ConversationView {
  readonly log: Log;
  readonly composer: Composer;
  readonly #name = h("input", { id: "name", maxlength: "80", autocomplete: "name" });
  readonly #before: HTMLElement;
  readonly #status = h("p.status", { role: "status" });
  readonly #bar = h("div.bar row", { role: "group", "aria-label": t(say.more), hidden: true });
  /** Closes the bar, if it is open. */
  #closeBar = () => {};
  readonly #after: HTMLElement;
  readonly #rating = h("form.rating");
  /** Whether what asks for a rating is loaded. */
  #asked = false;
  readonly #idle: HTMLElement;
  readonly #offer: HTMLElement;
  /** How many messages there were when it was said that somebody is writing. */
  #heard = 0;
  readonly node: HTMLElement;

  constructor(private session: Session, counter: Counter, draft: Draft, private around: Around) {
    this.log = new Log(session.chat!.language, () => around.looked(), (message, from) => this.#act(message, from), (message, box) => session.show(message, box));
    const attach = (event: Event) => session.attach(this.composer.node, event);
    this.composer = new Composer((text, about) => session.send(text, this.#name.value.trim(), about?.id),
      (message, text) => this.#amend(message, "PATCH", "", { client_id: newID(), text }), (typing) => void session.signal("typing", { typing }), attach, draft.text);
    this.#name.value = draft.name;
    this.#before = h("div.view start", null,
      question(t(say.start_title)),
      h("p.notice", null, counter.notice, " ", counter.controller, " ",
        counter.privacy_url ? h("a", { href: counter.privacy_url, target: "_blank", rel: "noopener" }, t(say.privacy)) : null),
      h("label", { for: "name" }, t(say.name_label)), this.#name);
    this.#after = h("div.after row", { hidden: true },
      button("primary", t(say.reopen), () => around.reopen()),
      button("second", t(say.again), () => around.again()), button("second", t(say.transcript), () => around.save()));
    const stay = () => void (session.now?.idle && session.go("stay").then(() => this.composer.text.focus()));
    this.composer.text.addEventListener("input", stay);
    this.#idle = h("div.idle row", { hidden: true }, button("second", t(say.stay), stay));
    this.#offer = h("div.idle row", { hidden: true }, button("second", t(say.request_title), () => around.offer()));
    this.#bar.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      this.#closeBar();
    });
    this.node = h("div.conversation", null, this.#before, this.log.node, this.#bar, this.#status, this.#idle, this.#offer, this.composer.node, this.#rating, this.#after);
    this.node.ondragenter = this.node.onpaste = attach;
    this.log.put(session.messages, false);
    this.update();
  }

  /** draft is what has been typed and not sent. */
  get draft(): Draft {
    return { text: this.composer.draft, name: this.#name.value };
  }

  /** act offers what can be done to a message; from gets the focus back. */
  #act(message: Message, from: HTMLElement): void {
    const again = from.ariaExpanded === "true";
    this.#closeBar();
    if (again) return;
    from.ariaExpanded = "true";
    this.#bar.hidden = false;
    this.#closeBar = () => {
      from.ariaExpanded = "false";
      this.#bar.hidden = true;
      this.#closeBar = () => {};
      from.focus();
    };
    const close = () => this.#closeBar();
    actions(this.#bar, message, {
      close,
      write: (edit) => {
        close();
        this.composer.refer(message, edit);
      },
      amend: (method, path) => {
        close();
        void this.#amend(message, method, path).then(() => from.hidden && this.composer.text.focus());
      },
    });
    (this.#bar.firstChild as HTMLElement).focus();
  }

  async #amend(message: Message, method: string, path?: string, body?: unknown): Promise<boolean> {
    const against = await this.session.amend(method, message, path, body);
    this.around.complain(against ? against.detail || t(say.failed) : "");
    return !against;
  }

  focus(): HTMLElement {
    return this.session.now?.state === "closed" ? this.log.list : this.composer.text;
  }

  /** update brings everything around the messages in step with the session. */
  update(): void {
    const { begun, now, typing, messages } = this.session;
    const closed = now?.state === "closed";
    this.#before.hidden = begun;
    this.log.node.hidden = !begun;
    this.log.list.classList.toggle("over", closed);
    if (closed) this.#closeBar();
    // What has been typed into a conversation that ended meanwhile stays to be copied.
    const done = closed && !this.composer.text.value.trim();
    this.#after.hidden = !closed;
    this.#rating.hidden = !closed || !!this.session.chat?.rated || !messages.some((m) => m.direction === "clerk");
    if (!this.#rating.hidden && !this.#asked) {
      this.#asked = true;
      this.session.rate(this.#rating, async (mark) => {
        if (!(await this.session.signal("rating", mark))) return;
        this.session.keep({ rated: true });
        this.update();
        this.log.list.focus();
      });
    }
    if (done && this.composer.text.matches(":focus")) this.log.list.focus();
    this.composer.node.hidden = done;
    this.composer.clip.hidden = !now?.files;
    let text = "";
    const line = typing && t(say.typing, { name: typing });
    this.#idle.hidden = !now?.idle;
    const waits = now?.state === "waiting" && !!now.last_seq;
    this.#offer.hidden = !waits || !now.offer_request;
    if (now?.idle) text = now.idle.text;
    else if (now?.closing) text = now.closing.text;
    else if (closed) text = this.session.chat?.rated ? t(say.rated) : t(say.ended);
    else if (line) text = line;
    else if (now?.delayed) text = t(say.delayed);
    else if (waits) {
      const { queue_position: place, expected_wait_seconds: wait, offer_request: long } = now;
      const { id, name } = now.service_area;
      text = [id !== this.session.chat!.area && t(say.passed, { name }), place! > 1 ? t(say.queue, { n: place! }) : t(say.queue_next), wait && t(say.queue_wait, { n: minutes(wait) }), long && t(say.offer)].filter(Boolean).join(" ");
    }
    else if (now?.clerk && !this.session.messages.some((m) => m.sender === now.clerk)) text = t(say.took_over, { name: now.clerk });
    if (this.#status.textContent !== text) {
      // That somebody is writing is heard once for each message, however often they stop to think.
      const writes = text === line;
      this.#status.ariaLive = writes && this.#heard === messages.length ? "off" : "polite";
      if (writes) this.#heard = messages.length;
      this.#status.textContent = text;
    }
    if (now) this.log.ticks(now.delivered_seq, now.read_seq || 0);
  }
}
