// What the citizen thinks of it, asked once, when the conversation has ended.

import { h } from "./dom";
import type { RatingContext } from "./types";

/** rating fills the form; done is called with what was chosen. */
export function rating({ into, done }: RatingContext, words: string[]): void {
  const comment = h("input", { id: "comment", maxlength: "1000", autocomplete: "off" });
  const choices = [1, 2, 3, 4, 5].map((n) => h("label", null, h("input", { type: "radio", name: "score", value: "" + n, required: true }), "" + n));
  into.addEventListener("submit", (event) => {
    event.preventDefault();
    done({ score: choices.findIndex((c) => (c.firstChild as HTMLInputElement).checked) + 1, comment: comment.value });
  });
  into.append(h("fieldset", null, h("legend", null, words[say.rating_title]), ...choices), h("label", { for: "comment" }, words[say.rating_comment]), comment,
    h("button.second", { type: "submit" }, words[say.rating_send]));
}
