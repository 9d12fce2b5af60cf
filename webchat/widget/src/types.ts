// The shapes of the API's answers, as far as the widget reads them (openapi.yaml). Fields that it
// does not know are ignored, so that a newer server can say more.

export interface Hours { text: string; spec: string }

export interface Area {
  id: string;
  name: string;
  description: string;
  state: "open" | "closed" | "unstaffed";
  /** The state as a sentence. */
  status: string;
  opens_at?: string;
  closes_at?: string;
  expected_wait_seconds?: number | null;
  /** Why it is as it is, for instance «Maienzug». */
  comment?: string;
  hours: Hours;
  counter_hours?: Hours & { open: boolean };
}

export interface Message {
  id?: string;
  /** Absent while the message waits on this device. */
  seq?: number;
  direction: "citizen" | "clerk";
  client_id?: string;
  state?: "sending" | "stored" | "delivered" | "failed";
  sender?: string;
  text: string;
  html?: string;
  created_at: string;
  /** In which it was written, where the server knows. */
  language?: string;
  emote?: boolean;
  /** The message that this one answers, as it is now. */
  reply_to?: { direction: Message["direction"]; sender?: string; text: string; deleted?: boolean };
  edited_at?: string;
  /** Nothing of what it said is left. */
  deleted?: boolean;
  reactions?: { key: string; count: number; mine: boolean }[];
  /** What it shows beside its text, which says the same in words. */
  card?: Card;
  /** What it brings along; its text is then the name, or what was written beside it. */
  file?: { name: string; type: string; size?: number; preview: boolean };
}

/** What a message shows. Kinds that are not known are left to the text. */
export interface Card {
  kind: string;
  title: string;
  url?: string;
  /** The page is on a host of the city's, and may be opened beside the chat. */
  beside?: boolean;
  /** Of a document that is asked for: what has come. */
  document?: { hint?: string; answers?: { name: string; sha256: string }[] };
  /** Of the question on which page the citizen is: what they show. */
  location?: { shared?: boolean; title?: string; url?: string };
  /** Of a form: the message that answers it. */
  form?: { answer?: string };
}

/** What the part that shows cards is handed. */
export interface CardContext extends Around {
  message: Message;
  /** Holds the text until the card stands in its place. */
  into: HTMLElement;
}

/** What every part that is loaded when it is used is handed. */
export interface Around {
  /** What the device keeps of the conversation. */
  kept: { id?: string; token?: string };
  now: Conversation;
  /** Of all conversations, with a query. */
  url: string;
  /** A catalogue's name. */
  language: string;
  tools: Tools;
}

/** What the part that fills forms is handed. */
export interface FormContext extends CardContext {
  words: string[];
  /** The citizen has asked for it just now. */
  asked: boolean;
  /** Hears that the form is gone, and whether because it was sent. */
  closed(sent?: boolean): void;
}

export interface Field {
  name: string;
  kind: string;
  title: string;
  help?: string;
  required?: boolean;
  options?: { value: string; title: string }[];
  minimum?: number;
  maximum?: number;
  step?: number;
  /** Of dates, as in 2026-01-31. */
  earliest?: string;
  latest?: string;
  min_length?: number;
  max_length?: number;
  pattern?: string;
  autocomplete?: string;
}

/** A form that was asked for, in one language. */
export interface Form { title: string; intro?: string; language: string; fields: Field[] }

export interface FormProblem { detail?: string; errors?: { field: string; detail: string }[] }

/** What it is handed to ask for a rating. */
export interface RatingContext {
  /** The form, empty. */
  into: HTMLElement;
  done(mark: { score: number; comment: string }): void;
  language: string;
  tools: Tools;
}

/** What an area takes of its citizens. */
export interface FileRules { max_bytes: number; max_count: number; types: string[] }

/** What the part that sends files is handed. */
export interface UploadContext extends Around {
  /** What files are sent from; the tray comes first in it. */
  into: HTMLElement;
  /** Those that were pasted; may be none. */
  files: File[];
}

export interface Conversation {
  number: number;
  state: "waiting" | "active" | "closed";
  service_area: { id: string; name: string };
  clerk: string | null;
  /** The path of the clerk's picture, which may be none. */
  clerk_avatar?: string | null;
  queue_position: number | null;
  expected_wait_seconds?: number | null;
  /** It has waited for long; a request may serve better. */
  offer_request?: boolean;
  last_seq: number;
  delivered_seq: number;
  /** What the clerks have read; servers that do not know it leave it out. */
  read_seq?: number;
  delayed: boolean;
  /** What is told about the end of the opening. */
  closing?: { text: string } | null;
  /** The warning that silence ends the conversation. */
  idle?: { text: string } | null;
  /** The files that can be sent; null for none. */
  files?: FileRules | null;
}

export interface Problem {
  type: string;
  detail: string;
  opens_at?: string | null;
}

/** What GET /api/v1/counter tells about the city. */
export interface Counter {
  city: string;
  notice: string;
  /** Who is responsible for the data, as a sentence. */
  controller?: string;
  privacy_url: string;
  /** What can be left when nobody answers; absent where the server takes no requests. */
  requests?: { answered_by: string[]; notice: string };
}

/** Functions of the loader's that the rest uses too. */
export type Tools = Pick<typeof import("./format"), "clock" | "day" | "daysAhead" | "moment">
  & Pick<typeof import("./icon"), "icon"> & Pick<typeof import("./sheet"), "sheet">;

/** What the loader hands to the part that is loaded later. */
export interface Shell {
  /** Where the service lives, with a slash at its end. */
  base: string;
  root: ShadowRoot;
  tools: Tools;
  mode: "widget" | "page" | "frame";
  /** The area that the embedding page asks for, or "". */
  area: string;
  /** A catalogue's name. */
  language: string;
  launcher: HTMLButtonElement;
  /** Tells the host page's listeners; never with a text of the conversation. */
  emit(name: string, detail?: unknown): void;
  /** Shows how many messages are unread. */
  unread(count: number, text: string): void;
}

/** What the loader gets back. */
export interface Chat {
  open(area?: string): void;
  close(): void;
}
