// The question on which page of the site the citizen is. Nothing is told before a click, and then title and
// path, never what stands behind them.

import { bare, button, h } from "./dom";
import { ask, bearer } from "./fetch";
import { put } from "./place";
import type { CardContext } from "./types";

let told = false;
/** Whether a button of the card was pressed: the one that comes in its place has the focus then. */
let pressed = false;
let latest: CardContext | undefined;

export function where(context: CardContext, words: string[], host: Element): void {
  const { into, message, language } = context;
  const { title, location: at = {} } = message.card!;
  // The chat's own page is none of the city's.
  const here = host.classList.contains("widget");
  if (!latest) document.addEventListener("visibilitychange", follow);
  latest = context;
  const press = (method: string) => () => {
    pressed = true;
    tell(method);
  };
  const act = at.shared ? button("second", words[say.card_where_hide], press("DELETE"), { lang: language })
    : here && button("primary", words[say.card_where_show], press("PUT"), { lang: language });
  put(into, title, h("p.strong", null, title),
    h("p", null, at.shared ? "✓ " + (at.title || at.url) : message.text),
    !here && h("p.soft", { lang: language }, words[say.card_where_not]),
    act && h("p.row", null, act));
  if (act && pressed && !(into.getRootNode() as ShadowRoot).activeElement) act.focus();
  pressed = false;
  // Each page tells once that it was come to, and when it is looked at again; never because another one has told.
  if (here && !told) follow();
}

function follow(): void {
  const at = latest!.message.card?.location;
  if (document.hidden || !at?.shared) return;
  told = true;
  if (at.title !== name() || new URL(at.url!, location.href).href !== location.origin + location.pathname) tell("PUT");
}

/** name is the page's title, without the number of unread messages that the chat puts before it. */
const name = (): string => document.title.replace(/^\(\d+\) /, "").slice(0, 200);

function tell(method: string): void {
  const { url, kept, message } = latest!;
  const headers = bearer(kept.token);
  const body = method === "PUT" ? JSON.stringify(bare({ title: name(), path: location.pathname })) : undefined;
  if (body) headers["Content-Type"] = "application/json";
  told = true;
  // What can't be told now is told on the next page, or by the next click.
  ask(url.replace("conversations/", `conversations/${kept.id}/messages/${message.id}/location`), { method, headers, body }).catch(() => {});
}
