// A web page that a clerk shows. Nothing is fetched from it, and nothing opens before a click.

import { h } from "./dom";
import { put } from "./place";
import type { CardContext } from "./types";

/** Where the click is remembered that leads the host page to the card's page, for the chat to open there. */
const beside = "schalter.beside";

export function page({ into, message, language }: CardContext, words: string[], host: Element): void {
  const { title, url = "", beside: citys } = message.card!;
  let address: URL;
  try {
    address = new URL(url);
  } catch {
    return;
  }
  if (!/^https?:$/.test(address.protocol)) return;
  const buttons = h("p.row");
  // The chat is kept by the host page's origin, so beside it opens only what is of the same one.
  const here = citys && host.classList.contains("widget") && address.origin === location.origin;
  if (here) {
    buttons.append(h("a.primary", { href: address.href, click: () => remember(address.href) }, words[say.card_open_here]));
  }
  buttons.append(h("a.second", { href: address.href, target: "_blank", rel: "noopener noreferrer" }, words[say.card_open_new]));
  put(into, words[say.card_page] + ": " + title, h("p.strong", null, title), h("p.soft", null, address.host), buttons);
  buttons.lang = language;
  if (here && arrived(address.href)) (window as any).Schalter?.open();
}

function remember(address: string): void {
  try {
    sessionStorage.setItem(beside, address);
  } catch { /* then the chat is opened by hand */ }
}

function arrived(address: string): boolean {
  try {
    if (location.href !== address || sessionStorage.getItem(beside) !== address) return false;
    sessionStorage.removeItem(beside);
    return true;
  } catch {
    return false;
  }
}
