// A file that a clerk sends: its name, kind and size, a small picture where there is one, and a button to have it.
// It is fetched as data, so that nothing that goes wrong leads the page away, and no page's policy stands in the way.

import { button, h, set } from "./dom";
import { ask, bearer } from "./fetch";
import { place, put } from "./place";
import type { CardContext } from "./types";

export function fileCard({ into, kept, message, url, language }: CardContext, words: string[]): void {
  const { name, size, type, preview } = message.file!;
  /** load fetches it by a ticket, which is good for a minute. */
  const load = async (what: "url" | "preview_url"): Promise<Blob> => {
    const ticket = await ask(url.replace("conversations/", `conversations/${kept.id}/files/${message.id}/ticket`), { method: "POST", headers: bearer(kept.token) });
    const answer = await ask(url.split("api/")[0] + (await ticket.json())[what].slice(1));
    if (!answer.ok) throw new Error("no file");
    return answer.blob();
  };
  const status = h("p.soft", { role: "status", lang: language });
  const busy = words[say.card_file_busy];
  const get = async () => {
    if (status.textContent === busy) return;
    set(status, busy);
    try {
      const href = URL.createObjectURL(await load("url"));
      h("a", { href, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(href), 6e4);
      set(status, "");
    } catch {
      set(status, words[say.card_file_failed]);
    }
  };
  const box = h("div", null);
  // A text beside the file stays.
  put(into, words[say.card_file] + ": " + name, ...(message.text === name ? [] : into.childNodes), box, h("p.strong", null, name), h("p.soft", null, [kind(name, type), size && weight(size, language)].filter(Boolean).join(" · ")),
    h("p.row", null, button("second", words[say.card_file_get], get, { lang: language, "aria-label": words[say.card_file_get] + ": " + name })), status);
  if (preview) load("preview_url").then(createImageBitmap).then((picture) => {
    const { width, height } = picture;
    const canvas = h("canvas", { role: "img", "aria-label": name, width: "" + width, height: "" + height });
    canvas.getContext("bitmaprenderer")!.transferFromImageBitmap(picture);
    place(into, () => box.append(canvas));
  }, () => {});
}

/** kind is what people call it: by the name's ending, for the type says no more to them. */
function kind(name: string, type: string): string {
  return (/\.(\w{1,5})$/.exec(name)?.[1] || type.split("/")[0]).toUpperCase();
}

/** weight is a size in the language's digits. */
function weight(size: number, language: string): string {
  const large = size >= 1e6;
  return (large ? size / 1e6 : Math.ceil(size / 1e3)).toLocaleString(language, { maximumFractionDigits: 1 }) + (large ? " MB" : " KB");
}
