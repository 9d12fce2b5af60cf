// A form that a clerk asks to be filled in. What fills it is loaded when it is opened.

import { button, h } from "./dom";
import { put } from "./place";
import type { CardContext, FormContext } from "./types";

// Put in by the bundler: the part that fills forms.
declare const EXCHANGE: string;

/** The message whose form is open: its card is made anew when it changes, and when the words do. */
let shown: string | undefined;

export function formCard(context: CardContext, words: string[]): void {
  const { into, message, language } = context;
  const { id } = message;
  const card = message.card!;
  const open = (asked: unknown) => {
    shown = id;
    const closed = (sent?: boolean) => {
      shown = "";
      if (!sent) return;
      card.form = { answer: "sent" };
      formCard(context, words);
    };
    import(new URL(EXCHANGE, import.meta.url).href).then((it) => it.form({ ...context, words, asked: !!asked, closed } satisfies FormContext), () => (shown = ""));
  };
  put(into, words[say.card_form] + ": " + card.title,
    h("p.soft", { lang: language }, words[say.card_form]), h("p.strong", null, card.title),
    h("p.row", { lang: language }, card.form?.answer ? "✓ " + words[say.card_form_done]
      : button("second", words[say.card_form_fill], open, { "data-form": id, "aria-label": words[say.card_form_fill] + ": " + card.title })));
  if (shown === id) open(0);
}
