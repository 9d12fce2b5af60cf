// What is loaded when a citizen wants to send files: a tray above the line in which they write.

import { button, h, set } from "./dom";
import { more } from "./more";
import { style } from "./style";
import { Upload } from "./upload";
import type { UploadContext } from "./types";

const trays = new WeakMap<HTMLElement, (files: File[]) => void>();

/** attach opens the tray, and takes files that were pasted already. */
export default async function attach(context: UploadContext): Promise<void> {
  const { into } = context;
  const words = await more(context.language);
  let take = trays.get(into);
  if (!take) trays.set(into, (take = tray(context, words)));
  take(context.files);
}

function tray(context: UploadContext, words: string[]): (files: File[]) => void {
  const { into, language } = context;
  const rules = context.now.files!;
  style(into.getRootNode(), context.tools);
  const list = h("ul", null);
  const status = h("p.unseen", { role: "status" });
  const input = h("input", {
    type: "file", multiple: true, accept: rules.types.join(","), hidden: true,
    change: () => {
      add([...input.files!]);
      input.value = "";
    },
  });
  const choose = button("second", words[say.upload_choose], () => input.click());
  let request = ""; // the document that was asked for, and that what is sent now answers
  const asked = h("p.strong", { hidden: true });
  const box = h("div.tray", { role: "group", "aria-label": words[say.upload_tray], lang: language, hidden: true },
    asked, h("p.soft", { id: "limits" }, words[say.upload_limits].replace("{mb}", "" + Math.max(1, Math.floor(rules.max_bytes / 1048576))).replace("{n}", "" + rules.max_count)
      .replace("{types}", rules.types.map(kind).join(", "))),
    list, h("p.row", null, choose, button("link", words[say.upload_close], () => close())), input, status);
  choose.setAttribute("aria-describedby", "limits");
  into.prepend(box);

  let running: Upload | undefined;
  const waiting: Upload[] = [];
  const next = () => {
    running = waiting.shift();
    void running?.run().then(next);
  };
  const clip = () => into.querySelector<HTMLElement>(".clip")!;
  const add = (files: File[]) => {
    for (const file of files) {
      const one = new Upload(context, words, file, request, (text) => set(status, text), (again) => {
        waiting.push(again);
        if (!running) next();
      });
      list.append(one.node);
      if (one.fits(rules.max_bytes)) waiting.push(one);
    }
    if (!running) next();
  };
  const close = () => {
    box.hidden = true;
    clip().focus();
  };
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault(); // it closes this, and not the chat
    close();
  });
  // What is dragged over the chat is for the tray.
  const around = into.parentElement!;
  around.addEventListener("dragover", (event) => event.dataTransfer?.types.includes("Files") && event.preventDefault());
  around.addEventListener("drop", (event) => {
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    open([...event.dataTransfer.files]);
  });
  const open = (files: File[]) => {
    const { request: id, title } = clip().dataset;
    if (box.hidden || id) request = id || "";
    asked.hidden = !request;
    if (id) set(asked, words[say.card_document] + ": " + title);
    delete clip().dataset.request;
    box.hidden = false;
    if (files.length) add(files);
    else choose.focus();
  };
  return open;
}

/** send sends one file, which shows where at is until it has ended; it returns the ID of its message, or nothing where announce was told why. */
export async function send(context: UploadContext, file: File, at: HTMLElement, announce: (text: string) => void): Promise<string | void> {
  const one = new Upload(context, await more(context.language), file, "", announce, () => {});
  const list = h("ul", null, one.node);
  at.replaceChildren(list);
  const id = one.fits(context.now.files?.max_bytes ?? Infinity) && (await one.run());
  list.remove();
  return id || undefined;
}

/** kind is what people call a type. */
function kind(type: string): string {
  const last = type.split(/[/.]/).pop()!;
  return ({ plain: "TXT", jpeg: "JPG", document: "DOCX", sheet: "XLSX", text: "ODT", spreadsheet: "ODS" } as { [k: string]: string })[last] || last.toUpperCase();
}
