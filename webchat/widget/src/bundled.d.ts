// What the bundler brings in.

// Style sheets are imported as text.
declare module "*.css" {
  const text: string;
  export default text;
}

/** Where a sentence stands in every catalogue. */
type Place = number;

/** The place of each sentence by its key: a catalogue travels as a list, and no key with it. */
declare const say: { [key in keyof typeof import("../text/de-CH.json")]: Place };
