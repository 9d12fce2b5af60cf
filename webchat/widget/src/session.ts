// One conversation on this device. Of several tabs one leads and tells the others over a channel.
// Where the browser cannot elect a leader every tab works alone, which is as correct: the same
// client_id or key twice takes effect once.

import { API, type Answer } from "./api";
import { bare, tools } from "./dom";
import { Messages } from "./messages";
import { Pauses, about } from "./pause";
import * as shelf from "./shelf";
import { Buffered, Gone, follow, heardAt } from "./stream";
import { elect } from "./tabs";
import { languageOf, t, tag } from "./texts";
import type { Conversation, Message, Problem } from "./types";

// Put in by the bundler: the part that shows cards, and the one that sends files and fills forms.
declare const CARDS: string;
declare const EXCHANGE: string;

export type Trouble = "" | "sending" | "connection" | "gone";

export interface Watcher {
  /** Messages are new or have changed; fresh ones were written just now. */
  messages(list: Message[], fresh: boolean): void;
  /** Something beside the messages has changed. */
  changed(): void;
  trouble(what: Trouble): void;
  /** Whether the server has not been told yet what was deleted here. */
  late(yes: boolean): void;
  /** The server will not take a text: it goes back to its author. */
  refused(text: string, clientID: string, problem: Problem): void;
  /** Another tab has begun a conversation, or ended it for this device. */
  switched(): void;
}

type News = { name: string; data: any };

export class Session {
  chat: shelf.Kept | null = null;
  now: Conversation | null = null;
  #messages = new Messages();
  /** Which clerk is writing now. */
  typing?: string | null;
  /** What the server knows to be read. */
  #readSeq = 0;
  #telling?: number;
  /** Set once the first message has been written. */
  begun = false;
  /** Whether this tab is the one of several that works. */
  leading = false;
  #sending = false;
  /** Ends when this tab leads no longer. */
  #term = new AbortController().signal;
  #stop = new AbortController();
  #channel: BroadcastChannel | null = null;
  #trouble: Trouble = "";
  #pauses = new Pauses();
  #burying = false;

  constructor(private api: API, private watcher: Watcher) {
    shelf.onChange(() => this.#adopt());
    window.addEventListener("online", () => this.#resume());
    // A connection that died while the device slept looks alive: the server is never silent for so long.
    document.addEventListener("visibilitychange", () => document.hidden || heardAt > Date.now() - 16e3 || this.#resume());
    // A page that is kept for going back must not hold the stream meanwhile.
    window.addEventListener("pagehide", () => this.begun && this.#halt());
    window.addEventListener("pageshow", (event) => {
      if (!event.persisted) return;
      if (this.begun && this.chat!.key === shelf.readChat()?.key) this.#resume();
      else this.#adopt();
    });
    this.#adopt();
    void this.#bury();
  }

  get messages(): Message[] {
    return this.#messages.list;
  }

  /** prepare chooses an area; nothing is kept before there is a message. */
  prepare(area: string, areaName: string, language: string): void {
    this.#drop();
    this.chat = { area, areaName, language, name: "", key: shelf.newID() };
  }

  /** speaks notes the language in which the citizen goes on; what was written before keeps its own. */
  speaks(catalogue: string): void {
    if (!this.chat) return;
    this.chat.language = catalogue;
    if (!this.begun) return;
    shelf.keepChat(this.chat);
    void this.signal("language", { language: languageOf(catalogue) });
    this.#resume(); // names and sentences come in the other language
  }

  send(text: string, name: string, replyTo?: string): void {
    const chat = this.chat!;
    if (!this.begun) {
      chat.name = name;
      this.begun = true;
      shelf.keepChat(chat);
      this.#follow();
    }
    shelf.keepText({ client_id: shelf.newID(), text, at: new Date().toISOString(), reply_to: replyTo });
    this.#showWaiting();
    void this.#deliver();
  }

  /** ask makes a call about the conversation. */
  #ask<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Answer<T>> {
    const { id, token } = this.chat!;
    return this.api.call<T>(`conversations/${id}/${path}`, { method, token, body, signal });
  }

  /** show has an element show a message's card in place of its text, as soon as what does so is loaded. */
  show(message: Message, into: HTMLElement): HTMLElement {
    this.#load(CARDS, { message, into });
    return into;
  }

  /** rate has a form ask what the citizen thinks. */
  rate(into: HTMLElement, done: (mark: unknown) => void): void {
    this.#load(CARDS, { into, done });
  }

  /** attach opens what sends files, as soon as that is loaded; for a paste or a drag, if it brings some. */
  attach(into: HTMLElement, event: any): void {
    const data = event.clipboardData || event.dataTransfer;
    if (this.now?.files && (!data || data.types.includes("Files"))) this.#load(EXCHANGE, { into, files: data ? [...data.files] : [] });
  }

  #load(part: string, context: object): void {
    import(this.api.base + "widget/" + part).then((it) => it.default({ ...context, kept: this.chat, now: this.now, url: this.api.url("conversations/"), tools, language: tag() })).catch(() => {});
  }

  /** signal tells what clerks may know of this side. Nothing is promised; it returns whether it was taken. */
  async signal(call: "typing" | "read" | "rating" | "language", body: unknown): Promise<unknown> {
    return this.chat?.id && (await this.#ask("POST", call, body)).ok;
  }

  /** amend does something to a message that is there, and returns what stands against it. */
  async amend(method: string, message: Message, path = "", body?: unknown): Promise<Partial<Problem> | undefined> {
    const answer = await this.#ask<Message>(method, `messages/${message.id}${path}`, body);
    if (!answer.ok) return answer.body;
    this.#tell("message_changed", answer.body);
    this.#change([answer.body]);
  }

  /** reads tells that everything that is there has been seen; what was not taken is told the next time. */
  reads(): void {
    const seq = this.messages.findLast((m) => m.direction === "clerk")?.seq || 0;
    if (seq <= this.#readSeq) return;
    this.#readSeq = seq;
    clearTimeout(this.#telling); // of several, the last
    this.#telling = setTimeout(async () => {
      if (!(await this.signal("read", { seq }))) this.#readSeq = 0;
    }, 500);
  }

  /** keep notes something about the conversation on this device. */
  keep(what: Partial<shelf.Kept>): void {
    shelf.keepChat(Object.assign(this.chat!, what));
  }

  /** pickUp goes on with a request: its conversation begins without a message of now. */
  pickUp(area: string, areaName: string, language: string, request: string): void {
    this.prepare(area, areaName, language);
    this.chat!.request = request;
    this.begun = true;
    shelf.keepChat(this.chat!);
    this.#follow();
  }

  /** go does "reopen", which takes up a conversation that has ended, "stay", which keeps silence
   * from ending it, or "close"; what the server says against it is returned. */
  async go(how: "reopen" | "stay" | "close"): Promise<string> {
    const answer = await this.#ask<Conversation>("POST", how, undefined, this.#stop.signal);
    if (answer.ok) this.#see(answer.body);
    return answer.ok ? "" : answer.body.detail || t(say.failed);
  }

  /** forget ends the conversation for this device, in all its tabs. */
  forget(): void {
    const { id, token } = this.chat || ({} as shelf.Kept);
    if (id) shelf.keepGone([...shelf.gone(), { id, token }]);
    this.#drop();
    shelf.forget();
    void this.#bury();
  }

  /** bury tells the server what was forgotten here, until it has answered for it. */
  async #bury(): Promise<void> {
    if (this.#burying) return;
    this.#burying = true;
    for (let wait = 1e3, one; (one = shelf.gone()[0]); ) {
      const { id, token } = one;
      const answer = await this.api.call(`conversations/${id}`, { method: "DELETE", token });
      if (answer.ok || answer.status === 401) shelf.keepGone(shelf.gone().filter((g) => g.id !== id));
      else {
        this.watcher.late(true);
        await this.#pauses.pause(about(wait));
        wait = Math.min(wait * 2, 6e4);
      }
    }
    this.#burying = false;
    this.watcher.late(false);
  }

  /** transcript is a page to keep, if it can be had. */
  async transcript(): Promise<Blob | undefined> {
    const { id, token } = this.chat!;
    const answer = await this.api.call<string>(`conversations/${id}/transcript`, { token, page: true });
    return answer.ok ? new Blob([answer.body], bare({ type: "text/html" })) : undefined;
  }

  /** halt stops everything that runs; follow takes it up again. */
  #halt(): void {
    this.#stop.abort();
    this.#stop = new AbortController();
    this.#channel?.close();
    this.leading = this.#sending = false;
    this.#trouble = "";
    this.#pauses.wake();
  }

  /** resume follows anew, by a connection that lives. */
  #resume(): void {
    this.#pauses.wake();
    if (!this.begun || this.#trouble === "gone") return;
    this.#report("");
    this.#halt();
    this.#follow();
  }

  #drop(): void {
    this.#halt();
    this.#channel = this.chat = this.now = null;
    this.#messages = new Messages();
    this.#readSeq = 0;
    clearTimeout(this.#telling);
    this.typing = null;
    this.begun = false;
  }

  /** adopt takes over what the shelf says: at the start, and whenever another tab has changed it. */
  #adopt(): void {
    const kept = shelf.readChat();
    if (!kept) {
      if (this.begun) {
        this.#drop();
        this.watcher.switched();
      }
      return;
    }
    if (this.begun && this.chat!.key === kept.key) {
      Object.assign(this.chat!, kept);
      this.#showWaiting();
      void this.#deliver();
      return;
    }
    this.#drop();
    this.chat = kept;
    this.begun = true;
    this.#follow();
    this.#showWaiting();
    this.watcher.switched();
  }

  #showWaiting(): void {
    const fresh = this.#messages.wait(shelf.waiting());
    if (fresh.length) this.watcher.messages(fresh, true);
  }

  /** follow keeps up with the conversation until it is dropped. */
  #follow(): void {
    const chat = this.chat!;
    const { signal } = this.#stop;
    if (!navigator.locks || !window.BroadcastChannel) {
      void this.#lead(chat, signal);
      return;
    }
    const name = "schalter." + chat.key;
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = ({ data }: MessageEvent<News>) => this.#hear(data);
    const ready = chat.id ? this.#catchUp(chat, signal).catch(() => {}) : Promise.resolve();
    void ready.then(() => elect(name, signal, {
      lead: (term) => this.#lead(chat, term),
      rest: () => (this.leading = false),
      watches: () => !this.#trouble,
      asleep: () => this.#asleep(chat, signal),
    }));
  }

  async #lead(chat: shelf.Kept, signal: AbortSignal): Promise<void> {
    this.leading = true;
    this.#sending = false; // by another term, if so
    this.#term = signal;
    signal.addEventListener("abort", () => this.#pauses.wake());
    void this.#deliver();
    await this.#listen(chat, signal);
  }

  /** asleep reports whether the leading tab, which a phone may have suspended, leaves something undone. */
  async #asleep(chat: shelf.Kept, signal: AbortSignal): Promise<boolean> {
    const late = shelf.waiting().some((w) => Date.parse(w.at) < Date.now() - 1e4);
    const before = this.#messages.lastSeq;
    if (chat.id) await this.#catchUp(chat, signal);
    return late || this.#messages.lastSeq > before;
  }

  /** catchUp reads what is missing; the others' news begin where it ends. */
  async #catchUp(chat: shelf.Kept, signal: AbortSignal): Promise<void> {
    const path = `conversations/${chat.id}`;
    const now = await this.api.call<Conversation>(path, { token: chat.token, signal });
    if (now.status === 401) throw new Gone();
    if (!now.ok) throw new Error("no answer");
    if (this.#messages.known === Infinity) this.#messages.known = now.body.last_seq;
    // Some that are known come again, for they may have changed.
    for (let full = true, after = Math.max(0, this.#messages.lastSeq - 100); full; after = this.#messages.lastSeq) {
      const page = await this.api.call<{ messages: Message[] }>(`${path}/messages?limit=200&after=${after}`, { token: chat.token, signal });
      if (!page.ok) throw new Error("no answer");
      const { messages } = page.body;
      full = messages.length === 200;
      if (signal.aborted) continue;
      this.#take(messages);
      this.#change(messages);
    }
    if (!signal.aborted) this.#see(now.body);
  }

  #tell(name: string, data: unknown): void {
    this.#channel?.postMessage({ name, data });
  }

  /** hear takes news, from the stream or from the leading tab. Unknown ones are ignored. */
  #hear({ name, data }: News): void {
    if (name === "message") {
      if (!this.leading && data.seq > this.#messages.lastSeq + 1) void this.#catchUp(this.chat!, this.#stop.signal).catch(() => {});
      else this.#take([data]);
    } else if (name === "message_changed") this.#change([data]);
    else if (name === "conversation") this.#see(data);
    else if (name === "typing") {
      this.typing = data.clerk;
      this.watcher.changed();
    }
    else if (name === "trouble") this.watcher.trouble(data);
    else if (name === "refused") this.#giveBack(data.waiting, data.problem);
  }

  #see(now: Conversation): void {
    if (this.#messages.known === Infinity) this.#messages.known = this.#messages.lastSeq || now.last_seq;
    this.now = now;
    this.watcher.changed();
  }

  #take(list: Message[]): void {
    const news = this.#messages.take(list);
    if (news.length) this.watcher.messages(news, news[0].seq! > this.#messages.known);
  }

  #change(list: Message[]): void {
    const changed = this.#messages.change(list);
    if (changed.length) this.watcher.messages(changed, false);
  }

  /** listen reads the stream, or asks again and again where a proxy holds it back. */
  async #listen(chat: shelf.Kept, signal: AbortSignal): Promise<void> {
    let wait = 500;
    while (!signal.aborted) {
      if (!chat.id) {
        await this.#pauses.pause(6e4);
        continue;
      }
      try {
        await follow(this.api.url(`conversations/${chat.id}/stream?after=${this.#messages.lastSeq}`), chat.token!, signal, (name, data) => {
          wait = 500;
          if (this.#trouble !== "sending") this.#report("");
          this.#tell(name, data);
          this.#hear({ name, data });
        });
      } catch (error) {
        if (signal.aborted) return;
        let because = error;
        if (error instanceof Buffered) because = await this.#poll(chat, signal).catch((e) => e);
        if (because instanceof Gone) return this.#report("gone");
        if (because && wait > 1500) this.#report("connection");
      }
      await this.#pauses.pause(about(wait));
      wait = Math.min(wait * 2, 15e3);
    }
  }

  /** poll asks for three minutes; then the stream may have become possible again. */
  async #poll(chat: shelf.Kept, signal: AbortSignal): Promise<void> {
    for (let i = 0; i < 60 && !signal.aborted; i++) {
      const before = this.#messages.lastSeq;
      await this.#catchUp(chat, signal);
      this.#report("");
      this.messages.forEach((m) => m.seq! > before && this.#tell("message", m));
      this.#tell("conversation", this.now);
      await this.#pauses.pause(3e3);
    }
  }

  #report(what: Trouble): void {
    if (this.#trouble === what) return;
    this.#trouble = what;
    this.watcher.trouble(what);
    this.#tell("trouble", what);
  }

  /** deliver sends what waits: one text at a time, in order, the same client_id until it is answered. */
  async #deliver(): Promise<void> {
    if (this.#sending || !this.leading) return;
    this.#sending = true;
    const chat = this.chat!;
    const signal = this.#term;
    for (let wait = 500, next: shelf.Waiting | undefined; (next = shelf.waiting()[0]) || (chat.request && !chat.id);) {
      const answer = await this.#post(chat, next, signal);
      if (signal.aborted) return;
      if (!answer.status || answer.status === 429 || answer.status >= 500) {
        this.#report("sending");
        await this.#pauses.pause(about(Math.max(wait, answer.retry)));
        if (signal.aborted) return;
        wait = Math.min(wait * 2, 15e3);
        continue;
      }
      wait = 500;
      if (answer.status === 401) {
        this.#report("gone");
        break;
      }
      this.#report("");
      if (next) shelf.dropText(next.client_id);
      if (answer.ok) this.#stored(chat, next, answer.body);
      else {
        const waiting = next || { client_id: "", text: "", at: "" };
        this.#tell("refused", { waiting, problem: answer.body });
        this.#giveBack(waiting, answer.body);
        if (signal.aborted) return;
      }
    }
    this.#sending = false;
  }

  #post(chat: shelf.Kept, waiting: shelf.Waiting | undefined, signal: AbortSignal) {
    const message = waiting && { client_id: waiting.client_id, text: waiting.text, reply_to: waiting.reply_to };
    if (chat.id) return this.api.call<any>(`conversations/${chat.id}/messages`, { method: "POST", token: chat.token, body: message, signal });
    return this.api.call<any>("conversations", {
      method: "POST", key: chat.key, signal,
      body: { service_area: chat.area, language: languageOf(chat.language), name: chat.name, message, request: chat.request },
    });
  }

  #stored(chat: shelf.Kept, waiting: shelf.Waiting | undefined, body: any): void {
    const receipt = chat.id ? body : body.message;
    if (!chat.id) {
      chat.id = body.id;
      chat.token = body.token;
      this.#messages.known = 0;
      shelf.keepChat(chat);
      this.#pauses.wake();
    }
    // The stream will bring it with its place; until then it shows as stored.
    const m = waiting && this.#messages.find(waiting.client_id);
    if (m && !m.seq) {
      m.state = receipt.state;
      this.watcher.messages([m], true);
    }
  }

  /** giveBack undoes a text that the server refused; a refused first one undoes the conversation. */
  #giveBack(refused: shelf.Waiting, problem: Problem): void {
    const chat = this.chat!;
    this.#messages.remove(refused.client_id);
    const texts = [refused.text];
    if (!chat.id && this.leading) {
      texts.push(...shelf.waiting().map((w) => w.text));
      shelf.forget();
      this.prepare(chat.area, chat.areaName, chat.language);
      this.chat!.name = chat.name;
    }
    this.watcher.refused(texts.join("\n\n"), refused.client_id, problem);
  }
}
