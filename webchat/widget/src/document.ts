// A document that a clerk asks for, and what has come: the citizen's receipt.

import { button, h } from "./dom";
import type { CardContext } from "./types";

// Put in by the bundler: the words of cards by catalogue.
declare const WORDS: { [catalogue: string]: { [key: string]: string } };

export function documentCard(context: CardContext): void {
  const { into, message, language } = context;
  const words = WORDS[language];
  const { title, document: asked = {} } = message.card!;
  const come = asked.answers || [];
  into.replaceChildren(h("div", { class: "card", role: "group", "aria-label": words.document + ": " + title },
    h("p", { class: "soft", lang: language }, words.document), h("p", { class: "strong" }, title),
    asked.hint && h("p", null, asked.hint),
    come[0] ? h("ul", null, ...come.map((file) => h("li", null, "✓ " + file.name, h("small", null, "SHA-256 " + file.sha256))))
      : h("p", { class: "soft", lang: language }, words.document_open),
    !come[0] && answer(context, words)));
}

/** answer is the button that opens the tray for this document; it shows while files can be sent, as the one beside the line. */
function answer({ into, message, language }: CardContext, words: { [key: string]: string }): HTMLElement | null {
  const clip = (into.getRootNode() as ShadowRoot).querySelector<HTMLElement>(".clip");
  if (!clip) return null;
  const { id, card } = message;
  const send = button("second", words.document_send, () => {
    Object.assign(clip.dataset, { request: id, title: card!.title });
    clip.click();
  }, { lang: language, "aria-label": words.document_send + ": " + card!.title });
  const look = () => (send.hidden = clip.hidden);
  new MutationObserver(look).observe(clip, { attributes: true, attributeFilter: ["hidden"] });
  look();
  return send;
}
