// The fields of a form: what they look like, what stands in them, and what they answer. The browser
// checks them by its own rules, whose attributes come with the form.

import { h } from "./dom";
import type { Field, Form, FormContext } from "./types";

type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

/** Where a field's errors go, and the focus. */
export interface Spot {
  title: string;
  e: HTMLInputElement;
  error: HTMLElement;
  /** Those that are told to be wrong. */
  marks: Element[];
  /** Of several, one at least must be chosen. */
  group?: HTMLInputElement[];
}

/** By the field's name; a part of an address has a name of its own. */
export type Spots = Map<string, Spot>;

/** What is typed, as a form lists it. */
export type Values = [string, string][];

const types: { [kind: string]: string } = { email: "email", phone: "tel", number: "number", date: "date", file: "file", checkbox: "checkbox" };
/** The parts of an address, their words, and what browsers call them. */
const parts: [string, Place, string?][] = [["street", say.form_street, "address-line1"], ["number", say.form_number], ["postcode", say.form_postcode, "postal-code"], ["town", say.form_town, "address-level2"]];

/** makeField makes a field, and notes where it is; of stands before its title in what is told of it. */
export function makeField(f: Field, words: string[], spots: Spots, { now }: FormContext, of = ""): HTMLElement {
  const { name, kind, title, help, required, options = [] } = f;
  const id = "form-" + name;
  const must = required && h("span.soft", null, ` (${words[say.form_must]})`);
  const about = [help, kind === "file" && words[say.form_file]].filter(Boolean).join(" ");
  const hint = about && h("p.soft", { id: id + "-help" }, about);
  const error = h("p.warn", { id: id + "-error" });
  const described = (hint ? hint.id + " " : "") + error.id;
  const note = (e: Element, marks: Element[], group?: HTMLInputElement[]) => void spots.set(name, { title: of + title, e: e as HTMLInputElement, error, marks, group });
  const text = (value: unknown) => (value === undefined ? null : "" + value);

  if (kind === "address") {
    return h("fieldset", { "aria-describedby": hint && hint.id }, h("legend", null, title, must), hint,
      ...parts.map(([part, place, autocomplete]) => makeField({ name: name + "/" + part, kind: "text", title: words[place], required: required && part !== "number", autocomplete, max_length: 200 }, words, spots, { now } as FormContext, title + ", ")));
  }
  if (kind === "choices" || (kind === "choice" && options.length < 7)) {
    const type = kind === "choice" ? "radio" : "checkbox";
    const inputs = options.map((o) => h("input", { type, name, value: o.value, required: required && type === "radio" }));
    inputs[0].id = id;
    const set = h("fieldset", { role: type === "radio" && "radiogroup", "aria-describedby": described }, h("legend", null, title, must), hint, error,
      ...options.map((o, i) => h("label", null, inputs[i], o.title)));
    note(inputs[0], type === "radio" ? [set] : inputs, (required && type !== "radio" && inputs) || undefined);
    return set;
  }
  const type = types[kind] || "text";
  const attributes = {
    id, name, required, pattern: f.pattern, "aria-describedby": described, autocomplete: f.autocomplete || (/tel|email/.test(type) ? type : "off"),
    minlength: text(f.min_length), maxlength: text(f.max_length), min: text(f.earliest ?? f.minimum), max: text(f.latest ?? f.maximum), step: kind === "number" && (text(f.step) || "any"),
  };
  let e: Control;
  if (kind === "choice") e = h("select", attributes, h("option", { value: "" }, words[say.form_pick]), ...options.map((o) => h("option", { value: o.value }, o.title)));
  else if (kind === "multiline") e = h("textarea", { ...attributes, rows: "4" });
  else e = h("input", { ...attributes, type, accept: kind === "file" && now.files?.types.join(",") });
  note(e, [e]);
  const label = h("label", { for: id }, title, must);
  if (kind !== "checkbox") return h("div", null, label, hint, error, e);
  label.prepend(e);
  return h("div", null, label, hint, error);
}

/** filled lists what stands in a form, but its files. */
export const filled = (form: HTMLFormElement): Values => [...new FormData(form)].filter((entry): entry is [string, string] => typeof entry[1] === "string");

/** fill puts it back. */
export function fill(form: HTMLFormElement, values: Values): void {
  for (const e of form.querySelectorAll<HTMLInputElement>("[name]")) {
    const mine = values.filter(([name]) => name === e.name).map(([, value]) => value);
    if (/checkbox|radio/.test(e.type)) e.checked = mine.includes(e.value);
    else if (e.type !== "file" && mine[0]) e.value = mine[0];
  }
}

/** answersOf are what the API takes; what was left empty is not in it. */
export function answersOf({ fields }: Form, data: FormData, files: { [name: string]: string }): object {
  const text = (name: string) => ("" + (data.get(name) ?? "")).trim();
  return Object.fromEntries(fields.map(({ name, kind }) => {
    if (kind === "file") return [name, files[name]];
    if (kind === "checkbox") return [name, data.has(name)];
    if (kind === "choices") return [name, data.has(name) ? data.getAll(name) : undefined];
    if (kind === "address") {
      const said = parts.map(([part]) => [part, text(name + "/" + part)]);
      return [name, said.some(([, value]) => value) ? Object.fromEntries(said) : undefined];
    }
    const value = text(name);
    return [name, value ? (kind === "number" ? +value : value) : undefined];
  }));
}
