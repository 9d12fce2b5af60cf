// A clerk's formatted text, built as elements from an allow-list. The server has sanitised it; this
// trusts nobody again. What it does not know loses its tags and keeps its text.

import { h } from "./dom";

const known = /^(blockquote|[uo]l|li|pre|table|t(head|body|r|h|d)|caption|details|summary|strong|em|[us]|del|code|su[pb]|span)$/;
const silent = /^(script|style|template|title|textarea|iframe|noscript|svg|math|mx-reply)$/;
const pieces = /<!--[^]*?-->|<(\/?)([a-z][a-z0-9-]*)((?:"[^"]*"|'[^']*'|[^"'<>])*)>|[^<]+|</gi;
const entities: { [name: string]: string } = { amp: "&", lt: "<", gt: ">" };
/** How deep elements may stand in each other. */
const deepest = 30;

/** formatted returns the nodes of a formatted text. */
export function formatted(html: string): DocumentFragment {
  const top = document.createDocumentFragment();
  const open: { name: string; node: HTMLElement }[] = [];
  let muted = "";
  for (const [piece, end, tag, attributes] of html.matchAll(pieces)) {
    const name = (tag || "").toLowerCase();
    const into = open.length ? open[open.length - 1].node : top;
    if (muted) {
      if (end && name === muted) muted = "";
    } else if (!name) {
      if (!piece.startsWith("<!--")) into.append(decode(piece));
    } else if (end) {
      const i = open.map((o) => o.name).lastIndexOf(name);
      if (i >= 0) open.length = i;
    } else if (silent.test(name)) muted = name;
    else if (name === "br" || name === "hr") into.append(h(name));
    else {
      const node = make(name, attributes);
      if (node && open.length < deepest) {
        into.append(node);
        open.push({ name, node });
      }
    }
  }
  return top;
}

function make(name: string, attributes: string): HTMLElement | null {
  // As the server writes them: what is written otherwise is not there.
  const attribute = (wanted: string): string => decode(new RegExp(` ${wanted}="([^"]*)"`).exec(attributes)?.[1] || "");
  if (name === "a") return link(attribute("href"), "");
  // Headings would disturb those of the page.
  const as = /^(h[1-6]|div|p)$/.test(name) ? "p" : name === "b" ? "strong" : name === "i" ? "em" : name;
  if (as !== "p" && !known.test(as)) return null;
  const e = h(as as "p");
  if (/^h\d/.test(name)) e.className = "strong";
  const start = attribute("start");
  if (name === "ol" && /^\d{1,6}$/.test(start)) (e as HTMLElement as HTMLOListElement).start = +start;
  return e;
}

/** link makes a link out of an address that is safe to open, or nothing. */
function link(address: string, text: string): HTMLElement | null {
  try {
    const { protocol, href } = new URL(address);
    return /^(https?|mailto):$/.test(protocol) ? h("a", { href, target: "_blank", rel: "noopener noreferrer nofollow" }, text) : null;
  } catch {
    return null;
  }
}

/** decode knows what the server writes: three names, and other characters by their number. */
function decode(text: string): string {
  return text.replace(/&(?:#(\d{1,6})|(amp|lt|gt));/g, (_, code, name) => (name ? entities[name] : String.fromCodePoint(code)));
}

/** plain returns the nodes of a plain text, its addresses made links. */
export function plain(text: string): DocumentFragment {
  const top = document.createDocumentFragment();
  let done = 0;
  for (const found of text.matchAll(/https?:\/\/[^\s<>"]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g)) {
    // A full stop or bracket behind an address belongs to the sentence.
    const address = found[0].replace(/[.,;:!?)\]}'»]+$/, "");
    const node = link(address.includes("://") ? address : "mailto:" + address, address);
    if (!node) continue;
    top.append(text.slice(done, found.index), node);
    done = found.index! + address.length;
  }
  top.append(text.slice(done));
  return top;
}
