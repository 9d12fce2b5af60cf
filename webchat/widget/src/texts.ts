// The words. One catalogue is loaded at a time; the bundler has made sure that each has every key.

import { tools } from "./dom";
import { ask } from "./fetch";

// Put in by the bundler: the version of the catalogues.
declare const TEXTS: string;

/** What each catalogue calls itself, in the order of the choice. */
export const languages: [string, string][] = [
  ["de-CH", "Deutsch"], ["fr-CH", "Français"], ["it-CH", "Italiano"], ["en", "English"], ["de-CH-simple", "Leichte Sprache"],
];

let words: string[] = [];
let current = "de-CH";

/** speak loads a catalogue and uses it from then on. */
export async function speak(base: string, catalogue: string): Promise<void> {
  if (!languages.some(([name]) => name === catalogue)) catalogue = current; // one that is no more
  const answer = await ask(`${base}widget/${catalogue}-${TEXTS}.txt`);
  if (!answer.ok) throw new Error("no catalogue");
  words = (await answer.text()).split("\n");
  current = catalogue;
}

/** tag is the language of the words, for lang attributes. */
export const tag = (): string => current;

/** languageOf is how the API calls a catalogue's language. */
export const languageOf = (catalogue: string): string => catalogue.replace("-CH", "");

/** apiLanguage is how the API calls the language. */
export const apiLanguage = (): string => languageOf(current);

/** t says a sentence, as in t(say.title); what stands in braces is put in. */
export function t(place: Place, values?: { [name: string]: string | number }): string {
  let text = words[place];
  for (const [name, value] of Object.entries(values || {})) text = text.replace(`{${name}}`, "" + value);
  return text;
}

/** time writes «8.04 Uhr». */
export const time = (at: string): string => tools.clock(t(say.time), tools.moment(at));

/** date writes «Heute» or «Montag, 23. November». */
export function date(at: string): string {
  const m = tools.moment(at);
  return tools.daysAhead(m) ? tools.day(current, m) : t(say.today);
}

/** when writes «14.00 Uhr» for today, «Montag, 23. November, 8.00 Uhr» for later. */
export function when(at: string): string {
  return tools.daysAhead(tools.moment(at)) ? `${date(at)}, ${time(at)}` : time(at);
}
