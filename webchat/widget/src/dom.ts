// Building elements. Nothing here ever parses HTML, so Trusted Types have nothing to forbid.

import type { Tools } from "./types";

type Value = string | boolean | null | undefined | ((event: any) => void);
type Child = Node | string | null | undefined | false;

/**
 * h makes an element, of classes if they stand behind its name as in "p.soft": functions become
 * listeners, true an empty attribute, nothing no attribute.
 */
export function h<K extends keyof HTMLElementTagNameMap>(kind: K | `${K}.${string}`, attributes?: { [name: string]: Value } | null, ...children: Child[]): HTMLElementTagNameMap[K] {
  const [tag, classes] = kind.split(".");
  const e = document.createElement(tag as K);
  if (classes) e.className = classes;
  for (const [name, value] of Object.entries(attributes || {})) {
    if (typeof value === "function") e.addEventListener(name, value);
    else if (value || value === "") e.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children) if (child) e.append(child);
  return e;
}

/** button makes one that sends no form. */
export function button(kind: string, text: string, click: (event: Event) => void, more?: { [name: string]: Value }): HTMLButtonElement {
  return h(`button.${kind}`, { type: "button", click, ...more }, text);
}

/** iconButton makes one with a sign instead of words, which it says all the same. */
export function iconButton(kind: string, label: string, path: string, click: (event: Event) => void, more?: { [name: string]: Value }): HTMLButtonElement {
  const b = button(kind, "", click, { "aria-label": label, title: label, ...more });
  b.append(tools.icon(path));
  return b;
}

/** question is the heading of a view, where the focus enters it. */
export const question = (text: string): HTMLElement => h("h2", { id: "question", tabindex: "-1" }, text);

/** bare makes an options object that inherits nothing, whatever the page did to Object.prototype. */
export function bare<T extends object>(o: T): T {
  return Object.assign(Object.create(null), o);
}

/** What the loader has already, and hands on instead of loading it twice. */
export let tools: Tools;
export const use = (those: Tools): void => void (tools = those);

/** set changes a text only where it says something else: what is set anew could be read out anew. */
export function set(e: Element, text: string): void {
  if (e.textContent !== text) e.textContent = text;
}
