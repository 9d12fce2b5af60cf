// The list of messages. Additions are announced by its role; what changes under a message is not.

import { bare, button, h, set, tools } from "./dom";
import { down } from "./icon";
import { formatted, plain } from "./html";
import { date, t, tag, time } from "./texts";
import type { Message } from "./types";

interface Row { message: Message; box: HTMLElement; meta: HTMLElement; text: HTMLElement; more: HTMLElement; shown: string }

/** ours makes words of the counter's, which stand among those of the conversation's language. */
const ours = (text: string): HTMLElement => h("i", { lang: tag() }, text);

/** How near to its end the reader counts as reading the newest message, in pixels. */
const near = 80;
/** How many rows are made at once; then the browser gets its turn. */
const batch = 60;

export class Log {
  readonly list = h("div.log", { role: "log", "aria-label": t(say.log_label), "aria-relevant": "additions", tabindex: "0" });
  readonly #jump = button("jump row", "", () => this.#toEnd(), { hidden: true });
  readonly node = h("div.logframe", null, this.list, this.#jump);
  #rows: Row[] = [];
  #queue: Message[] = [];
  /** Whether the newest message is in sight. */
  atEnd = true;
  #staying = false;
  /** Whether a clerk's message has come that was not in sight. */
  #news = false;
  /** How far down it was last, and how high. */
  #top = 0;
  #height = 0;
  /** The button that the Tab key reaches. */
  #stop?: HTMLElement;
  #delivered = 0;
  #read = 0;

  constructor(private language: string, private seen: () => void, private act: (message: Message, from: HTMLElement) => void, private card: (message: Message, box: HTMLElement) => HTMLElement) {
    this.#jump.append(tools.icon(down), t(say.new_below));
    this.list.addEventListener("scroll", () => {
      const { scrollTop, scrollHeight, clientHeight } = this.list;
      const up = scrollTop < this.#top && clientHeight === this.#height; // else it was turned, or given less room
      this.#top = scrollTop;
      this.#height = clientHeight;
      if (scrollHeight - scrollTop - clientHeight < near) this.atEnd = true;
      else if (up) this.atEnd = false; // what has grown meanwhile is not what the reader did
      if (!this.atEnd) return;
      this.#jump.hidden = true;
      seen();
    }, bare({ passive: true }));
    // One stop for the Tab key; the arrows go from message to message.
    this.list.addEventListener("keydown", (event) => {
      const step = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : 0;
      const buttons = [...this.list.querySelectorAll<HTMLElement>(".more:not([hidden])")];
      const at = buttons.indexOf(event.target as HTMLElement);
      if (!step || at < 0) return;
      event.preventDefault();
      buttons[at + step]?.focus();
    });
    new ResizeObserver(() => this.#stay()).observe(this.list);
  }

  /** put shows messages or brings what is shown up to date. Those that are not fresh stay unannounced. */
  put(messages: Message[], fresh: boolean): void {
    this.list.ariaLive = fresh ? "polite" : "off";
    const idle = !this.#queue.length;
    this.#queue.push(...messages);
    if (fresh && messages[0].direction === "clerk") this.#news = true;
    if (idle) this.#work();
  }

  #work(): void {
    this.#queue.splice(0, batch).forEach((m) => this.#place(m));
    this.#stay();
    if (this.#queue.length) setTimeout(() => this.#work());
  }

  #place(message: Message): void {
    const same = (m: Message) => (message.client_id ? m.client_id === message.client_id : m.seq === message.seq);
    let i = this.#rows.findLastIndex((r) => same(r.message));
    let row = this.#rows[i];
    const pending = this.#rows.findIndex((r) => !r.message.seq);
    if (row) {
      const moves = message.seq && pending >= 0 && pending < i;
      row.message = message;
      this.#fill(row);
      if (!moves) {
        this.#describe(i);
        return;
      }
      this.#rows.splice(i, 1);
    } else row = this.#make(message);
    i = message.seq && pending >= 0 ? pending : this.#rows.length;
    const next = this.#rows[i];
    this.#rows.splice(i, 0, row);
    for (const line of this.#before(i)) this.list.insertBefore(line, next ? next.box : null);
    this.list.insertBefore(row.box, next ? next.box : null);
    this.#describe(i);
    if (i) this.#describe(i - 1);
    if (message.state === "sending") this.atEnd = true;
    const { more } = this.#rows[this.#rows.length - 1];
    if (more === this.#stop) return;
    if (this.#stop) this.#stop.tabIndex = -1;
    this.#stop = more;
    more.tabIndex = 0;
  }

  #make(message: Message): Row {
    const own = message.direction === "citizen";
    const meta = h("p.meta", { "aria-live": "off" });
    const text = h("div.text", { lang: message.language || this.language });
    const who = h("span.unseen", null, (own ? t(say.you) : message.sender || t(say.clerk)) + ": ");
    const more = button("bare more", "", () => this.act(row.message, more), { "aria-label": t(say.more), "aria-expanded": "false", "aria-live": "off", tabindex: "-1" });
    const row: Row = { message, meta, text, more, shown: "", box: h("div", { class: "message " + message.direction }, who, h("div.said", null, text, more), meta) };
    this.#fill(row);
    return row;
  }

  /** fill shows what a message says now. */
  #fill(row: Row): void {
    const { text, html, emote, sender, deleted, card, file, reply_to: quoted, reactions = [] } = row.message;
    row.more.hidden = !row.message.id || !!deleted;
    const shown = JSON.stringify([text, html, emote, deleted, card, quoted, reactions]);
    if (row.shown === shown) return;
    row.shown = shown;
    row.text.replaceChildren();
    if (deleted) {
      row.text.append(ours(t(say.deleted)));
      return;
    }
    if (quoted) {
      const name = quoted.direction === "citizen" ? t(say.you) : quoted.sender || t(say.clerk);
      row.text.append(h("blockquote.quote", null, ours(`${name}: `), quoted.deleted ? ours(t(say.deleted)) : quoted.text));
    }
    if (emote) row.text.append(ours(`* ${sender || t(say.you)} `));
    const said = html ? formatted(html) : plain(text);
    row.text.append(card || file ? this.card(row.message, h("div", null, said)) : said);
    if (reactions.length) row.text.append(h("p.reactions", null, reactions.map((r) => r.key + (r.count > 1 ? " " + r.count : "")).join("  ")));
  }

  /** before makes the lines that stand above a message: a new day, another person. */
  #before(i: number): HTMLElement[] {
    const { message: m } = this.#rows[i];
    const lines: HTMLElement[] = [];
    const days = (at: string) => tools.daysAhead(tools.moment(at));
    if (!i || days(this.#rows[i - 1].message.created_at) !== days(m.created_at)) {
      lines.push(h("h3.line", null, date(m.created_at)));
    }
    let last = i - 1;
    while (last >= 0 && this.#rows[last].message.direction !== "clerk") last--;
    if (m.sender && this.#rows[last]?.message.sender !== m.sender) {
      lines.push(h("p.line", null, t(say.took_over, { name: m.sender })));
    }
    return lines;
  }

  /** describe says under a message when it was written and what has become of it. */
  #describe(i: number): void {
    const { message: m, meta } = this.#rows[i];
    const text = this.#about(m);
    const next = this.#rows[i + 1]?.message;
    meta.hidden = !!next && next.direction === m.direction && next.sender === m.sender && this.#about(next) === text;
    set(meta, text);
    meta.className = "meta " + (m.state || "");
  }

  #about(m: Message): string {
    const parts = [time(m.created_at)];
    if (m.sender) parts.unshift(m.sender);
    if (m.edited_at && !m.deleted) parts.push(t(say.edited));
    if (m.direction === "citizen") {
      const seq = m.seq || Infinity;
      if (m.state === "sending") parts.push(t(say.state_sending));
      else if (m.state === "failed") parts.push(t(say.state_failed));
      else if (seq <= this.#read) parts.push(t(say.state_read) + " ✓✓");
      else if (seq <= this.#delivered || m.state === "delivered") parts.push(t(say.state_delivered) + " ✓");
      else parts.push(t(say.state_stored));
    }
    return parts.join(" · ");
  }

  /** ticks says up to where the citizen's messages are delivered and read. */
  ticks(delivered: number, read: number): void {
    if (delivered === this.#delivered && read === this.#read) return;
    this.#delivered = delivered;
    this.#read = read;
    this.#rows.forEach((r, i) => r.message.direction === "citizen" && this.#describe(i));
  }

  remove(clientID: string): void {
    const i = this.#rows.findIndex((r) => r.message.client_id === clientID);
    if (i < 0) return;
    this.#rows[i].box.remove();
    this.#rows.splice(i, 1);
  }

  #toEnd(): void {
    this.atEnd = true;
    this.#stay();
    this.list.focus();
  }

  /** stay keeps the newest message in sight, once for all that comes within a frame. */
  #stay(): void {
    if (this.#staying) return;
    this.#staying = true;
    requestAnimationFrame(() => {
      this.#staying = false;
      if (this.atEnd) {
        this.list.scrollTop = this.list.scrollHeight;
        this.seen();
      } else if (this.#news) this.#jump.hidden = false;
      this.#news = false;
    });
  }
}
