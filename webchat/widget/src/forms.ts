// What is loaded when a citizen fills a form: it stands in place of the log until it is sent, left or dropped.
// What is typed is kept on this device only; the server hears nothing before it is sent.

import { answersOf, fill, filled, makeField, type Spots } from "./fields";
import { bare, button, h, set } from "./dom";
import { ask, bearer } from "./fetch";
import { dropForm, keepForm, newID, readForm } from "./shelf";
import { style } from "./style";
import type { Form, FormContext, FormProblem } from "./types";
import { send as sendFile } from "./uploads";

/** How long to wait after a break, at first and at most, in milliseconds. */
const first = 2e3, most = 3e4;

let current: { id: string; show(context: FormContext): void } | undefined;

/** open shows a message's form: the one that is there already, with all that has been typed, or another one. */
export default function open(context: FormContext): void {
  const root = context.into.getRootNode() as ShadowRoot;
  if (!root.host) return; // taken away meanwhile
  style(root, context.tools);
  const id = context.message.id!;
  if (current?.id !== id) current = { id, show: make(id) };
  current.show(context);
}

function make(id: string): (context: FormContext) => void {
  let context: FormContext, words: string[], form: Form | undefined;
  let busy = false, wake = () => {};
  let spots: Spots = new Map();
  const uploaded = new Map<File, string>();
  const title = h("h2", { tabindex: "-1" });
  const back = button("link", "", () => leave());
  const body = h("div", null);
  const status = h("p.status", { role: "status" });
  const summary = h("div.alert", { role: "alert", tabindex: "-1" });
  const node = h("form.view fill", { novalidate: true, submit: (event: Event) => void submit(event), input: (event: Event) => typed(event.target as HTMLInputElement),
    keydown: (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      event.preventDefault(); // it leaves the form, and not the chat
      leave();
    } }, back, title, summary, body);

  const root = () => context.into.getRootNode() as ShadowRoot;
  const call = async (path: string, body?: unknown): Promise<[number, any]> => {
    const { url, kept } = context;
    try {
      const answer = await ask(url.replace("conversations/", `conversations/${kept.id}/forms/${id}${path}`), {
        method: body ? "POST" : "GET", headers: bare({ ...bearer(kept.token), "Content-Type": "application/json" }), body: body && JSON.stringify(body), signal: AbortSignal.timeout(3e4),
      });
      return [answer.status, await answer.json()];
    } catch {
      return [0, {}];
    }
  };

  /** load fetches what is asked for in the words' language. */
  const load = async () => {
    const { language } = context;
    const [code, answer] = await call("");
    if (language !== context.language) return; // another one was chosen meanwhile
    if (code === 200) render(answer);
    else if (!form) body.replaceChildren(h("p", null, answer.detail || words[say.form_broken]), button("second", words[say.upload_retry], load));
  };

  const render = (asked: Form) => {
    const before = spots;
    const values = form ? filled(node) : readForm(id)?.values || [];
    form = asked;
    spots = new Map();
    node.lang = asked.language;
    set(title, asked.title);
    summary.replaceChildren();
    const drop = button("second", words[say.form_drop], () => {
      if (drop.textContent === words[say.form_drop_sure]) end();
      set(drop, words[say.form_drop_sure]);
    });
    body.replaceChildren(h("div", null, asked.intro && h("p", null, asked.intro), ...asked.fields.map((f) => makeField(f, words, spots, context)), h("p.row", null, h("button.primary", { type: "submit" }, words[say.form_send]), drop)));
    fill(node, values);
    for (const [name, { e }] of before) if (e.files?.length) spots.get(name)!.e.files = e.files;
  };

  const typed = (e: HTMLInputElement) => {
    const { name } = e;
    mark(name, "");
    keepForm(id, { values: filled(node) }); // other answers are another sending
    wake();
  };

  const mark = (name: string, text: string) => {
    const spot = spots.get(name);
    if (!spot) return;
    set(spot.error, text);
    for (const e of spot.marks) text ? e.setAttribute("aria-invalid", "true") : e.removeAttribute("aria-invalid");
  };

  /** complain names what is wrong at its field, and all of it at the top. */
  const complain = (wrong: { field: string; detail: string }[]) => {
    for (const name of spots.keys()) mark(name, wrong.find((w) => w.field === name)?.detail || "");
    set(status, "");
    summary.replaceChildren(...(wrong[0] ? [h("p.strong", null, words[say.form_wrong]), h("ul", null, ...wrong.map(({ field, detail }) => {
      const spot = spots.get(field);
      return h("li", null, spot ? h("a", { href: "#" + spot.e.id, click: (event: Event) => {
        event.preventDefault();
        spot.e.focus();
      } }, spot.title + " – " + detail) : detail);
    }))] : []));
    if (wrong[0]) summary.focus();
  };

  /** check is what the browser finds wrong, in our words. */
  const check = () => [...spots].flatMap(([field, { e, group }]) => {
    if (/text|search|tel|email/.test(e.type) && e.value !== e.value.trim()) e.value = e.value.trim();
    const { validity: v } = e;
    const filledIn = (text: string, n: unknown) => text.replace("{n}", e.type === "date" ? new Date(n + "T12:00Z").toLocaleDateString(context.language) : "" + n);
    const detail = v.valueMissing || (group && !group.some((one) => one.checked)) ? words[say.form_missing]
      : v.tooShort ? filledIn(words[say.form_short], e.minLength)
      : v.rangeUnderflow ? filledIn(words[say.form_least], e.min) : v.rangeOverflow ? filledIn(words[say.form_most], e.max)
      : v.valid ? "" : words[say.form_format];
    return detail ? [{ field, detail }] : [];
  });

  /** submit sends what was filled in until it is answered for, given up, or something else. */
  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy) return wake();
    if (!form) return;
    const wrong = check();
    complain(wrong);
    if (wrong[0]) return;
    // The same answers are the same sending, also after a reload.
    const client_id = readForm(id)?.client_id || newID();
    const data = new FormData(node);
    const mine = () => readForm(id)?.client_id === client_id;
    keepForm(id, { values: filled(node), client_id });
    busy = true;
    set(status, words[say.form_busy]);
    for (let wait = first; await send(form, data, client_id, mine).catch(() => 1); wait = Math.min(2 * wait, most)) {
      set(status, words[say.form_later]);
      await new Promise<void>((done) => {
        wake = done;
        setTimeout(done, wait);
        addEventListener("online", () => done(), bare({ once: true }));
      });
      if (!mine()) {
        set(status, "");
        break;
      }
    }
    busy = false;
  };

  /** send reports whether it must be tried again, as when nothing answers. */
  const send = async (form: Form, data: FormData, client_id: string, mine: () => boolean): Promise<unknown> => {
    const files: { [name: string]: string } = {};
    for (const { name, kind } of form.fields) {
      const file = kind === "file" && (data.get(name) as File);
      if (!file || !file.name) continue;
      let said = "";
      const sent = uploaded.get(file) || (await sendFile({ ...context, files: [] }, file, spots.get(name)!.error, (text: string) => (said = text)));
      if (!mine()) return set(status, "");
      if (!sent) return complain([{ field: name, detail: said }]);
      uploaded.set(file, files[name] = sent);
      mark(name, "");
    }
    const [code, answer] = await call("/answers", { client_id, answers: answersOf(form, data, files) });
    if (code === 202 || answer.type?.endsWith("/form-answered")) return end(true);
    if (!mine()) return set(status, ""); // dropped, changed, or forgotten meanwhile
    if (!code || code > 499 || code === 429) return true;
    const { errors, detail } = answer as FormProblem;
    complain(errors || [{ field: "", detail: detail || words[say.form_broken] }]);
  };

  /** leave goes back to the chat; what was typed is there the next time. */
  const leave = () => {
    close();
    root().querySelector<HTMLElement>(`[data-form="${id}"]`)?.focus();
  };

  const close = (sent?: boolean) => {
    node.remove();
    set(status, "");
    context.closed(sent);
  };

  /** end leaves nothing of what was typed. */
  const end = (sent?: boolean) => {
    dropForm(id);
    if (current?.id === id) current = undefined;
    const visible = node.isConnected;
    close(sent);
    wake();
    if (!visible) return;
    if (sent) {
      status.className = "unseen";
      set(status, words[say.card_form_done]);
    }
    (root().querySelector<HTMLElement>(`[data-form="${id}"]`) || root().querySelector<HTMLElement>(".log")!).focus();
  };

  return (now) => {
    const again = context?.language === now.language;
    context = now;
    words = now.words;
    if (now.message.card!.form?.answer) return end(true);
    const place = now.into.closest(".conversation")!;
    const aside = place.contains(root().activeElement);
    set(back, "← " + words[say.form_back]);
    if (!form) set(title, now.message.card!.title);
    if (node.parentElement !== place) place.append(node, status);
    if (!again || !form) void load();
    if (now.asked || (aside && !node.contains(root().activeElement))) title.focus();
  };
}
