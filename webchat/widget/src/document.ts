// A document that a clerk asks for, and what has come: the citizen's receipt.

import { button, h } from "./dom";
import { put } from "./place";
import type { CardContext } from "./types";

export function documentCard(context: CardContext, words: string[]): void {
  const { into, message, language } = context;
  const { title, document: asked = {} } = message.card!;
  const come = asked.answers || [];
  put(into, words[say.card_document] + ": " + title,
    h("p.soft", { lang: language }, words[say.card_document]), h("p.strong", null, title),
    asked.hint && h("p", null, asked.hint),
    come[0] ? h("ul", null, ...come.map((file) => h("li", null, "✓ " + file.name, h("small", null, "SHA-256 " + file.sha256))))
      : h("p.soft", { lang: language }, words[say.card_document_open]),
    !come[0] && answer(context, words));
}

/** answer is the button that opens the tray for this document; it shows while files can be sent, as the one beside the line. */
function answer({ into, message, language }: CardContext, words: string[]): HTMLElement | null {
  const clip = (into.getRootNode() as ShadowRoot).querySelector<HTMLElement>(".clip");
  if (!clip) return null;
  const { id, card } = message;
  const send = button("second", words[say.card_document_send], () => {
    Object.assign(clip.dataset, { request: id, title: card!.title });
    clip.click();
  }, { lang: language, "aria-label": words[say.card_document_send] + ": " + card!.title });
  const look = () => (send.hidden = clip.hidden);
  new MutationObserver(look).observe(clip, { attributes: true, attributeFilter: ["hidden"] });
  look();
  return send;
}
