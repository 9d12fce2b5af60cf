// What comes into the log later than its message.

import { h } from "./dom";

/** How near to the end of the log one reads its end, in pixels. */
const near = 80;

/** place has something take its place in the log; who reads the end goes on reading the end. */
export function place(into: HTMLElement, change: () => void): void {
  const log = into.closest(".log");
  const atEnd = log && log.scrollHeight - log.scrollTop - log.clientHeight < near;
  change();
  if (atEnd) log.scrollTop = log.scrollHeight;
}

/** put shows a card in place of a message's text. */
export function put(into: HTMLElement, label: string, ...children: Parameters<typeof h>[2][]): void {
  place(into, () => into.replaceChildren(h("div.card", { role: "group", "aria-label": label }, ...children)));
}
