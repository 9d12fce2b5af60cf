// What the loader loads: the whole journey from choosing an area to the end of a conversation.

import { API } from "./api";
import { areaList, closedArea, load } from "./areas";
import { type Around, ConversationView } from "./conversation";
import { allow, ring } from "./call";
import css from "./chat.css";
import { button, h, question, tools, use } from "./dom";
import { face } from "./face";
import { Panel } from "./panel";
import { type Draft, RequestForm, leftRequest } from "./request";
import { follow } from "./stream";
import { Session, type Trouble, type Watcher } from "./session";
import { readChat } from "./shelf";
import { speak, t, tag, when } from "./texts";
import type { Area, Chat, Counter, Message, Problem, Shell } from "./types";

/** start is called once, by the loader. */
export default async function start(shell: Shell): Promise<Chat> {
  use(shell.tools);
  tools.sheet(shell.root, css);
  // A kept conversation goes on in the language that was chosen last.
  await speak(shell.base, readChat()?.language || shell.language);
  const app = new App(shell);
  // To build the panel and to show it are a task each, so that a slow device stays at the page's service.
  await new Promise((done) => setTimeout(done));
  return { open: (area) => app.open(area), close: () => app.close() };
}

class App implements Watcher, Around {
  readonly #api: API;
  readonly #panel: Panel;
  readonly #session: Session;
  #counter: Counter = { city: "", notice: "", privacy_url: "" };
  #areas: Area[] = [];
  #view: ConversationView | null = null;
  #form: RequestForm | null = null;
  #draft: Draft = { text: "", name: "" };
  /** The token of a request that is to go on, from a link in a mail. */
  #request = "";
  #area: string;
  /** Ends following the areas, which is done only while they are looked at. */
  #watching = new AbortController();
  /** The clerk's picture, and its path. */
  #face?: HTMLElement;
  #faceOf?: string | null;
  #unread = 0;
  #heading = document.title;

  constructor(private shell: Shell) {
    this.#api = new API(shell.base);
    this.#area = shell.area;
    const link = new URLSearchParams(location.hash.slice(1));
    if (shell.mode === "page" && link.get("request")) {
      this.#request = link.get("request")!;
      this.#area = link.get("service_area") || this.#area;
    }
    this.#panel = new Panel(shell, (language) => void this.#speak(language), () => this.#watching.abort());
    this.#session = new Session(this.#api, this);
    document.addEventListener("visibilitychange", () => this.looked());
    this.switched();
  }

  open(area?: string): void {
    if (area && area !== this.#area && !this.#session.begun) {
      this.#area = area;
      this.switched();
    }
    if (!this.#session.chat && this.#watching.signal.aborted) void this.#showAreas();
    this.#panel.open();
    this.looked();
    // A page that has just been loaded leaves the focus where the browser put it.
    if (this.shell.mode !== "page") this.#focus();
  }

  close(): void {
    this.#panel.close();
  }

  #focus(): void {
    if (!this.#panel.isOpen) return;
    const target = this.#session.begun && this.#view ? this.#view.focus() : this.shell.root.getElementById("question");
    target?.focus();
  }

  /** switched shows where the citizen is, anew; what has been typed is kept. */
  switched(): void {
    if (!this.#session) return; // a kept conversation reports while it is being made
    this.#keepDraft();
    if (this.#session.chat) this.#showConversation();
    else void this.#showAreas();
  }

  #keepDraft(): void {
    if (this.#view) this.#draft = this.#view.draft;
    if (this.#form) this.#draft = this.#form.draft;
    this.#form = null;
  }

  // Choosing

  async #showAreas(): Promise<void> {
    this.#view = null;
    this.#frame(h("div.view", null, question(t(say.loading))));
    await this.#askCounter();
    await this.#askAreas();
    if (this.#session.chat) return;
    this.#place();
    void this.#watch();
  }

  #load<T>(path: string): Promise<T> {
    return load<T>(this.#api, path, (yes) => this.complain(yes ? t(say.trouble_areas) : ""));
  }

  async #askCounter(): Promise<void> {
    this.#counter = await this.#load("counter");
  }

  async #askAreas(): Promise<void> {
    this.#areas = (await this.#load<{ service_areas: Area[] }>("service-areas")).service_areas;
  }

  /** place shows the areas, or the one that was asked for. */
  #place(): void {
    const wanted = this.#areas.find((a) => a.id === this.#area);
    if (wanted) this.#choose(wanted);
    else this.#frame(areaList(this.#areas, (area) => this.#choose(area)));
  }

  /** watch keeps the areas' states true while they are looked at. */
  async #watch(): Promise<void> {
    this.#watching.abort();
    const { signal } = (this.#watching = new AbortController());
    while (!signal.aborted && !this.#session.chat) {
      await follow(this.#api.url("service-areas/stream"), "", signal, (name, data) => {
        const areas = (data as { service_areas: Area[] }).service_areas;
        if (name !== "areas" || signal.aborted || this.#session.chat || JSON.stringify(areas) === JSON.stringify(this.#areas)) return;
        const focused = (this.shell.root.activeElement as HTMLElement | null)?.dataset.area;
        this.#areas = areas;
        if (this.#form?.touched) return; // what somebody writes is not taken away
        this.#place();
        if (focused) (this.shell.root.querySelector(`[data-area="${focused}"]`) as HTMLElement | null)?.focus();
      }).catch(() => {});
      await new Promise((done) => setTimeout(done, 5e3));
    }
  }

  #choose(area: Area): void {
    this.#area = area.id;
    this.#keepDraft();
    if (area.state === "open" && this.#request) {
      this.#session.pickUp(area.id, area.name, tag(), this.#request);
      this.#request = "";
      history.replaceState(null, "", location.pathname + location.search);
      this.#showConversation();
    } else if (area.state === "open") {
      this.#session.prepare(area.id, area.name, tag());
      this.#showConversation();
    } else this.#showClosed(area);
  }

  #showClosed(area: Area): void {
    if (this.#counter.requests) this.#askRequest(area.id);
    this.#frame(closedArea(area, this.#form && this.#form.node), () => this.#back());
  }

  #askRequest(area: string): RequestForm {
    return this.#form = new RequestForm(this.#api, area, this.#counter, this.#draft, (left) => {
      this.#form = null;
      this.#draft = { text: "", name: "" };
      this.#watching.abort();
      this.#session.forget(); // what it was left instead of
      this.#frame(leftRequest(left, `${this.shell.base}#request=${left.token}&service_area=${area}`), () => this.#back());
    }, this);
  }

  /** offer lets who has waited for long leave a request instead, with what has been written so far. */
  async offer(): Promise<void> {
    const { chat, messages } = this.#session;
    await this.#askCounter();
    if (!this.#view || !this.#counter.requests) return;
    const kept = this.#view.draft;
    this.#view = null;
    this.#draft = { name: chat!.name, text: [...messages.filter((m) => m.direction === "citizen").map((m) => m.text), kept.text].filter(Boolean).join("\n\n") };
    const { node } = this.#askRequest(chat!.area);
    this.#frame(h("div.view", null, node), () => {
      this.#form = null;
      this.#draft = kept;
      this.complain("");
      this.switched();
      this.#focus();
    });
    node.querySelector("textarea")!.focus();
  }

  async save(): Promise<void> {
    const page = await this.#session.transcript();
    if (!page) return this.complain(t(say.failed));
    const href = URL.createObjectURL(page);
    h("a", { href, download: `chat-${this.#session.now?.number}.html` }).click();
    setTimeout(() => URL.revokeObjectURL(href), 6e4);
  }

  #back(): void {
    this.#keepDraft();
    this.#area = this.#request = "";
    this.complain("");
    this.#session.forget();
    void this.#showAreas();
  }

  // The conversation

  #showConversation(): void {
    this.#watching.abort();
    this.#view = new ConversationView(this.#session, this.#counter, this.#draft, this);
    this.#frame(this.#view.node, this.#session.begun ? undefined : () => this.#back());
    this.changed();
  }

  #frame(body: HTMLElement, back?: () => void): void {
    const { begun, chat } = this.#session;
    const [title, subtitle, sign] = this.#words();
    const { root } = this.shell;
    const focused = root.activeElement;
    this.#panel.show({
      title, subtitle, sign, body, back, end: begun ? () => this.#confirmEnd() : undefined, call: begun ? { on: !!chat!.call, change: () => this.#toggleCall() } : undefined,
      links: begun ? [] : [[t(say.accessibility), this.shell.base + "accessibility?language=" + tag()]],
    });
    // Where the focused element has gone, the focus goes to what came instead; else it stays.
    if (focused && !root.activeElement) this.#focus();
  }

  /** words are the header's: the person as soon as there is one. */
  #words(): [string, string, string | HTMLElement] {
    const { chat, now } = this.#session;
    const clerk = now?.clerk;
    const name = clerk || (chat ? chat.areaName : t(say.title));
    const sign = (name.match(/(?<!\S)\p{L}/gu) || []).slice(0, clerk ? 2 : 1).join("").toUpperCase();
    const closed = this.#areas.find((a) => a.id === this.#area);
    if (!chat && closed) return [closed.name, t(closed.state === "unstaffed" ? say.area_unstaffed : say.sub_closed), closed.name[0]];
    if (!chat) return [name, [this.#counter.city, this.#openUntil()].filter(Boolean).join(" · "), sign];
    const area = now ? now.service_area.name : chat.areaName;
    if (clerk) return [clerk, `${area} · ${t(now.state === "closed" ? say.sub_ended : say.sub_active)}`, now.clerk_avatar === this.#faceOf && this.#face || sign];
    return [area, now ? t(say.sub_number, { n: now.number }) : this.#counter.city, sign];
  }

  #openUntil(): string {
    const open = this.#areas.filter((a) => a.state === "open");
    if (!this.#areas.length) return "";
    if (!open.length) return t(say.sub_closed);
    const ends = open.map((a) => a.closes_at || "").sort();
    const until = ends[0] && ends.pop();
    return until ? t(say.sub_open_until, { when: when(until) }) : t(say.sub_open);
  }

  messages(list: Message[], fresh: boolean): void {
    this.#view?.log.put(list, fresh);
    const clerks = list.filter((m) => m.direction === "clerk").length;
    if (fresh && clerks) {
      if (!this.#sees()) {
        if (this.#session.chat?.call && this.#session.leading) ring();
        this.#showUnread(this.#unread + clerks);
      }
      this.shell.emit("message", { unread: this.#unread });
    }
    this.changed();
  }

  changed(): void {
    if (!this.#view) return;
    const ended = this.#session.now?.state === "closed";
    this.#view.update();
    if (this.#session.begun && this.#panel.element.querySelector("header .sign") === null) this.#frame(this.#view.node);
    this.#panel.describe(...this.#words());
    if (ended) this.shell.emit("ended");
    this.looked();
  }

  complain(text: string): void {
    this.#panel.complain(text);
  }

  late(yes: boolean): void {
    this.#panel.late(yes ? t(say.end_later) : "");
  }

  trouble(what: Trouble): void {
    this.complain(what && t({ sending: say.trouble_sending, connection: say.trouble_connection, gone: say.trouble_gone }[what]));
  }

  refused(text: string, clientID: string, problem: Problem): void {
    this.#view?.log.remove(clientID);
    this.#view?.composer.giveBack(text);
    const area = this.#areas.find((a) => a.id === this.#session.chat?.area);
    const [, kind] = /^\/problems\/(closed|unstaffed)$/.exec(problem.type) || [];
    if (kind && area && !this.#session.now) {
      this.#draft = this.#view ? this.#view.draft : this.#draft;
      this.#view = null;
      this.#session.forget();
      this.#choose({ ...area, state: kind as Area["state"], status: problem.detail, opens_at: problem.opens_at || undefined });
      void this.#watch();
      return;
    }
    this.changed();
    this.complain(t(say.refused, { detail: problem.detail || "" }));
  }

  async reopen(): Promise<void> {
    const against = await this.#session.go("reopen");
    this.complain(against);
    if (!against) this.#focus();
  }

  again(): void {
    this.#session.forget();
    this.#area = this.shell.area;
    this.complain("");
    void this.#showAreas();
  }

  /** confirmEnd asks in the panel: a frame of a foreign page may open no dialog. */
  #confirmEnd(): void {
    const node = this.#view?.node;
    const stay = () => {
      this.switched();
      this.#focus();
    };
    const finish = async () => {
      this.complain(await this.#session.go("close"));
      stay();
    };
    const end = () => {
      this.#draft = { text: "", name: "" };
      this.again();
    };
    if (!node) return;
    const body = h("div.view confirm", null,
      question(t(say.end_title)), h("p", null, t(say.end_text)),
      h("div.row", null, button("primary", t(say.end_yes), end), button("second", t(say.finish), finish), button("second", t(say.transcript), () => void this.save()), button("second", t(say.end_no), stay)));
    this.#frame(body);
    this.shell.root.getElementById("question")?.focus();
  }

  #toggleCall(): void {
    const call = !this.#session.chat!.call;
    this.#session.keep({ call });
    if (call) allow();
    this.#frame(this.#view!.node);
    (this.shell.root.querySelector(".bell") as HTMLElement).focus();
  }

  // Around it

  async #speak(language: string): Promise<void> {
    await speak(this.shell.base, language).catch(() => this.complain(t(say.trouble_areas)));
    this.#session.speaks(tag());
    const { begun, chat } = this.#session;
    if (!begun) {
      await this.#askCounter();
      await this.#askAreas();
      if (chat) chat.areaName = this.#areas.find((a) => a.id === chat.area)?.name || chat.areaName;
    }
    this.switched();
    this.shell.root.getElementById("language")?.focus();
  }

  looked(): void {
    if (!this.#sees()) return;
    if (this.#view?.log.atEnd) this.#session.reads();
    this.#look();
    if (this.#unread) this.#showUnread(0);
  }

  /** sees reports whether what comes is in front of the citizen. */
  #sees(): unknown {
    return this.#panel.isOpen && !document.hidden && this.#view?.log.list.clientHeight;
  }

  /** look fetches the picture of who serves the citizen now; until it is there, the initials stand for it. */
  #look(): void {
    const { chat, now } = this.#session;
    const path = now?.clerk_avatar;
    if (path === this.#faceOf) return;
    this.#faceOf = path;
    this.#face = undefined;
    if (path) face(this.#api, path, chat!.token).then((canvas) => {
      if (path === this.#faceOf) this.#face = canvas;
      this.changed();
    }, () => {});
  }

  #showUnread(n: number): void {
    this.#unread = n;
    const text = n ? t(say.unread, { n }) : "";
    this.shell.unread(n, text);
    this.#panel.late(text); // seen where a form or a question stands in the log's place
    if (n && !document.title.startsWith("(")) this.#heading = document.title;
    document.title = n ? `(${n}) ${this.#heading}` : this.#heading;
  }
}
