// The loader: all that runs on the host page before the first click. It shows the launcher with
// the counter's state and loads the rest when it is asked for, or when a conversation is to go on.

import { clock, day, daysAhead, moment } from "./format";
import type { Area, Chat, Shell } from "./types";
import { chat as bubble, icon } from "./icon";
import css from "./loader.css";
import { sheet } from "./sheet";

// Put in by the bundler: file names, their SRI hashes, and the launcher's words by catalogue.
declare const CHAT: string, CHAT_HASH: string, FRAME: string, FRAME_HASH: string;
declare const WORDS: { [catalogue: string]: { [key: string]: string } };

const script = document.currentScript as HTMLScriptElement | null;

function begin(script: HTMLScriptElement): void {
  const data = script.dataset;
  const base = new URL(/\/widget\/[^/]*$/.test(new URL(script.src).pathname) ? "../" : "./", script.src).href;
  const mode = data.mode || "widget";
  const framed = mode === "frame" && !data.inside;
  const language = choose(data.language || document.documentElement.lang || navigator.language);
  const words = WORDS[language];
  const listeners: [string, (detail: unknown) => void][] = [];
  const areas = (path: string): string => `${base}api/v1/service-areas${path}?lang=${language.slice(0, 2)}`;
  let loading: Promise<Chat> | undefined, source: EventSource | undefined, timer: ReturnType<typeof setTimeout>;

  const host = document.createElement("schalter-chat");
  host.className = [mode, data.inside && "inside", data.position, data.theme].join(" ");
  const root = host.attachShadow(Object.assign(Object.create(null), { mode: "open" }));
  // Styles and storage are slow at first: each is a task of its own, and until then nothing shows.
  setTimeout(() => sheet(root, css));

  const make = (parent: Node, tag: string, name: string, text?: string): HTMLElement => {
    const e = document.createElement(tag);
    e.className = name;
    e.textContent = text!; // undefined is no text (DOM standard, "textContent": nullable)
    return parent.appendChild(e);
  };
  const launcher = make(root, "button", "launcher") as HTMLButtonElement;
  launcher.hidden = true;
  launcher.lang = language;
  launcher.ariaExpanded = "false";
  launcher.append(icon(bubble));
  const lines = make(launcher, "span", "lines");
  make(lines, "span", "name", words.title);
  const state = make(lines, "span", "state");
  const badge = make(launcher, "span", "badge");
  badge.hidden = true;

  const shell: Shell = {
    base, root, language, launcher, tools: { clock, day, daysAhead, icon, moment, sheet }, mode: mode as Shell["mode"], area: data.serviceArea || "",
    emit: (name, detail) => listeners.forEach(([wanted, listener]) => wanted === name && listener(detail)),
    unread: (count, text) => {
      badge.hidden = !count;
      badge.textContent = count as unknown as string;
      launcher.ariaDescription = text;
    },
  };

  /** load brings in the rest, once. The preload makes the browser hold it against its hash. */
  function load(): Promise<Chat> {
    if (!loading) {
      const url = base + "widget/" + (framed ? FRAME : CHAT);
      const link = document.createElement("link");
      link.rel = "modulepreload";
      link.crossOrigin = "";
      link.integrity = framed ? FRAME_HASH : CHAT_HASH;
      link.href = url;
      document.head.append(link);
      loading = import(url).then((module) => module.default(shell));
      loading.catch(() => (loading = undefined)).then(() => link.remove());
    }
    return loading;
  }

  function open(area?: string): Promise<void> {
    return load().then((chat) => chat.open(area), () => {
      // An older loader than the server, or no network: the page does the same.
      if (mode === "widget") window.open(base + "?area=" + encodeURIComponent(area || shell.area), "_blank", "noopener");
    });
  }

  /** watch shows the state and each change of it, while the launcher can be seen: browsers have few
   *  connections for a host, and servers for a city. */
  function watch(): void {
    source?.close();
    clearTimeout(timer);
    if (document.hidden || host.className.includes("opened")) return;
    source = new EventSource(areas("/stream"));
    source.addEventListener("areas", ({ data }) => show(JSON.parse(data)));
    // Where a proxy holds events back, or the server has no room, the state is asked for.
    timer = setTimeout(() => fetch(areas("")).then((answer) => answer.json()).then(show).catch(shown), 4e3);
  }

  function show({ service_areas: all }: { service_areas: Area[] }): void {
    const mine = all.filter((a) => !data.serviceArea || a.id === data.serviceArea);
    const isOpen = mine.some((a) => a.state === "open");
    const opens = mine.map((a) => a.opens_at).sort()[0]; // all in the city's zone; what is absent comes last
    launcher.classList.toggle("open", isOpen);
    state.textContent = isOpen ? words.open : opens ? words.opens.replace("{when}", when(opens)) : words.closed;
    shown();
  }

  /** shown looks again after a while: a connection can die unseen. */
  function shown(): void {
    launcher.hidden = false;
    clearTimeout(timer);
    timer = setTimeout(watch, 12e4);
  }

  function when(text: string): string {
    const m = moment(text);
    const time = clock(words.time, m);
    return daysAhead(m) ? day(language, m) + ", " + time : time;
  }

  launcher.onclick = () => void open();
  (window as any).Schalter = Object.freeze({
    open: (area?: string) => void open(area),
    close: () => void loading?.then((chat) => chat.close()),
    on: (name: string, listener: (detail: unknown) => void) => void listeners.push([name, listener]),
  });
  if (mode === "page" || data.inside) {
    launcher.remove();
    (document.getElementById("schalter") || document.body).append(host);
    void open();
    return;
  }
  document.body.append(host);
  listeners.push(["open", watch], ["close", watch]);
  document.addEventListener("visibilitychange", watch);
  setTimeout(() => {
    watch();
    try {
      if ("schalter.chat" in localStorage || "schalter.gone" in localStorage) void load();
    } catch { /* no storage, nothing to go on with */ }
  });
}

/** choose finds the catalogue for a language tag; the first one is the default. */
function choose(tag: string): string {
  const names = Object.keys(WORDS);
  const wanted = tag.toLowerCase();
  return names.find((n) => n.toLowerCase() === wanted) || names.find((n) => n.slice(0, 2) === wanted.slice(0, 2)) || names[0];
}

if (script && !("Schalter" in window)) {
  if (document.body) begin(script);
  else document.addEventListener("DOMContentLoaded", () => begin(script));
}
