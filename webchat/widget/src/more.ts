// The words of what is loaded when it is used: one file for all such parts, in the language that is read.

import { ask } from "./fetch";

// Put in by the bundler: the version of the catalogues.
declare const TEXTS: string;

const loaded = new Map<string, string[]>();

/** more loads the words in a catalogue's language, once. */
export async function more(catalogue: string): Promise<string[]> {
  let words = loaded.get(catalogue);
  if (words) return words;
  const answer = await ask(new URL(`more-${catalogue}-${TEXTS}.txt`, import.meta.url).href);
  if (!answer.ok) throw new Error("no catalogue");
  words = (await answer.text()).split("\n");
  loaded.set(catalogue, words);
  return words;
}
