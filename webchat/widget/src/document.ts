// A document that a clerk asks for, and what has come: the citizen's receipt.

import { h } from "./dom";
import type { CardContext } from "./types";

// Put in by the bundler: the words of cards by catalogue.
declare const WORDS: { [catalogue: string]: { [key: string]: string } };

export function documentCard({ into, message, language }: CardContext): void {
  const words = WORDS[language];
  const { title, document: asked = {} } = message.card!;
  const come = asked.answers || [];
  into.replaceChildren(h("div", { class: "card", role: "group", "aria-label": words.document + ": " + title },
    h("p", { class: "soft", lang: language }, words.document), h("p", { class: "strong" }, title),
    asked.hint && h("p", null, asked.hint),
    come[0] ? h("ul", null, ...come.map((file) => h("li", null, "✓ " + file.name, h("small", null, "SHA-256 " + file.sha256))))
      : h("p", { class: "soft", lang: language }, words.document_open)));
}
