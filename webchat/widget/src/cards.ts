// What is loaded when a message shows more than its text, a card, and when the citizen is asked what they think.
// Until then, and where this can't be loaded, a card's text says the same.

import { tools, use } from "./dom";
import css from "./cards.css";
import { documentCard } from "./document";
import { page } from "./page";
import { rating } from "./rating";
import type { CardContext, RatingContext } from "./types";
import { where } from "./where";

// Put in by the bundler: the words of cards by catalogue.
declare const WORDS: { [catalogue: string]: { [key: string]: string } };

const styled = new WeakSet<ShadowRoot>();

/** show puts a message's card in place of its text, or asks for a rating. A kind that is not known leaves the text. */
export default function show(context: CardContext | RatingContext): void {
  use(context.tools);
  const root = context.into.getRootNode() as ShadowRoot;
  if (!root.host) return; // taken away meanwhile
  if (!styled.has(root)) tools.sheet(root, css);
  styled.add(root);
  const words = WORDS[context.language];
  if (!("message" in context)) return rating(context, words);
  const { kind } = context.message.card!;
  if (kind === "page") page(context, words, root.host);
  if (kind === "document") documentCard(context);
  if (kind === "location") where(context, words, root.host);
}
