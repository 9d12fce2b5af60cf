// Of several tabs one leads: it holds the stream, sends what waits and tells the others.

import { bare } from "./dom";

/** What the election asks of a tab. */
export interface Tab {
  /** lead works until the term ends. */
  lead(term: AbortSignal): Promise<void>;
  /** rest is called after each term. */
  rest(): void;
  /** Whether to look after the leading tab. */
  watches(): boolean;
  /** Whether the leading tab, which a phone may have suspended, leaves something undone. */
  asleep(): Promise<boolean>;
}

/** elect makes this tab the leading one when no other is, or when the other one sleeps. */
export async function elect(name: string, signal: AbortSignal, tab: Tab): Promise<void> {
  for (let steal = false; !signal.aborted;) {
    let leading = false;
    const term = new AbortController();
    const end = () => term.abort();
    const lead = () => {
      leading = true;
      return tab.lead(term.signal);
    };
    signal.addEventListener("abort", end);
    const check = setInterval(() => {
      if (leading || document.hidden || !tab.watches()) return;
      void tab.asleep().then((yes) => {
        if (!yes || leading) return;
        steal = true;
        end();
      }, () => {});
    }, 1e4);
    await navigator.locks.request(name, bare(steal ? { steal } : { signal: term.signal }), lead).catch(() => {});
    clearInterval(check);
    signal.removeEventListener("abort", end);
    end();
    if (leading) steal = false;
    if (!signal.aborted) tab.rest();
  }
}
