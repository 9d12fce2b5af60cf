// What is loaded when a message shows more than its text, a card, and when the citizen is asked what they think.
// Until then, and where this can't be loaded, a card's text says the same.

import css from "./cards.css";
import { documentCard } from "./document";
import { fileCard } from "./file";
import { formCard } from "./formcard";
import { more } from "./more";
import { page } from "./page";
import { rating } from "./rating";
import type { CardContext, RatingContext } from "./types";
import { where } from "./where";

const styled = new WeakSet<ShadowRoot>();

/** show puts a message's card in place of its text, or asks for a rating. A kind that is not known leaves the text. */
export default async function show(context: CardContext | RatingContext): Promise<void> {
  const words = await more(context.language);
  const root = context.into.getRootNode() as ShadowRoot;
  if (!root.host) return; // taken away meanwhile
  if (!styled.has(root)) context.tools.sheet(root, css);
  styled.add(root);
  if (!("message" in context)) return rating(context, words);
  const { card, direction, file } = context.message;
  if (file) return direction === "clerk" ? fileCard(context, words) : undefined;
  const { kind } = card!;
  if (kind === "page") page(context, words, root.host);
  if (kind === "document") documentCard(context, words);
  if (kind === "location") where(context, words, root.host);
  if (kind === "form") formCard(context, words);
}
