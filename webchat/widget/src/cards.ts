// What is loaded when a message shows more than its text: a card. Until then, and where this can't be
// loaded, the text says the same.

import { tools, use } from "./dom";
import css from "./cards.css";
import { documentCard } from "./document";
import { page } from "./page";
import type { CardContext } from "./types";

const styled = new WeakSet<ShadowRoot>();

/** show puts a message's card in place of its text. A kind that is not known leaves the text. */
export default function show(context: CardContext): void {
  use(context.tools);
  const root = context.into.getRootNode() as ShadowRoot;
  if (!root.host) return; // taken away meanwhile
  if (!styled.has(root)) tools.sheet(root, css);
  styled.add(root);
  const { kind } = context.message.card!;
  if (kind === "page") page(context, root.host);
  if (kind === "document") documentCard(context);
}
