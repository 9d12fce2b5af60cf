// What the citizen thinks of it, asked once, when the conversation has ended.

import { h } from "./dom";
import { t } from "./texts";

/** rating makes the form; done is called with what was chosen. */
export function rating(done: (mark: { score: number; comment: string }) => void): HTMLElement {
  const comment = h("input", { id: "comment", maxlength: "1000", autocomplete: "off" });
  const choices = [1, 2, 3, 4, 5].map((n) => h("label", null, h("input", { type: "radio", name: "score", value: "" + n, required: true }), "" + n));
  return h("form.rating", { submit: (event: Event) => {
    event.preventDefault();
    done({ score: choices.findIndex((c) => (c.firstChild as HTMLInputElement).checked) + 1, comment: comment.value });
  } },
    h("fieldset", null, h("legend", null, t(say.rating_title)), ...choices), h("label", { for: "comment" }, t(say.rating_comment)), comment,
    h("button.second", { type: "submit" }, t(say.rating_send)));
}
