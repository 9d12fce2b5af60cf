// What this device keeps, and only once a first message has been written: the conversation's token
// and the texts that the server has not answered for. Each text has an entry of its own, so that
// tabs never overwrite each other's.

export interface Kept {
  area: string;
  areaName: string;
  /** Makes the opening safe to repeat and names the conversation among the tabs. */
  key: string;
  name: string;
  /** The catalogue that was chosen last. */
  language: string;
  rated?: boolean;
  /** Whether the citizen wants to be called by sound and notification. */
  call?: boolean;
  /** The token of a request that this goes on with. */
  request?: string;
  id?: string;
  token?: string;
}

export interface Waiting { client_id: string; text: string; at: string; reply_to?: string }

export interface Gone { id: string; token?: string }

const goneKey = "schalter.gone";
const chatKey = "schalter.chat";
const textKey = "schalter.text.";
/** Stands in where the browser gives no storage: then a reload forgets. */
const memory = new Map<string, string>();

function store(): Storage | null {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}

function put(key: string, value: unknown): void {
  const text = JSON.stringify(value);
  try {
    window.localStorage.setItem(key, text);
  } catch {
    memory.set(key, text);
  }
}

function get<T>(key: string): T | null {
  try {
    return JSON.parse(store()?.getItem(key) || memory.get(key) || "null");
  } catch {
    return null;
  }
}

function remove(key: string): void {
  store()?.removeItem(key);
  memory.delete(key);
}

function keys(): string[] {
  return [...Object.keys(store() || {}), ...memory.keys()].filter((k) => k.startsWith(textKey));
}

export const readChat = (): Kept | null => get<Kept>(chatKey);
export const keepChat = (chat: Kept): void => put(chatKey, chat);

/** waiting lists the unanswered texts in the order in which they were written. */
export function waiting(): Waiting[] {
  return keys().map((k) => get<Waiting>(k)).filter((w): w is Waiting => !!w?.text).sort((a, b) => (a.at < b.at ? -1 : 1));
}

export const keepText = (w: Waiting): void => put(textKey + w.client_id, w);
export const dropText = (clientID: string): void => remove(textKey + clientID);

/** What stands in a form that is not sent; client_id from the first try on. */
export interface FormDraft { values: [string, string][]; client_id?: string }

// It lies with the texts, though it is none, so that forget leaves nothing of it.
const formKey = textKey + "form.";
/** readForm is what was filled into a message's form and not sent. */
export const readForm = (message: string): FormDraft | null => get<FormDraft>(formKey + message);
export const keepForm = (message: string, draft: FormDraft): void => put(formKey + message, draft);
export const dropForm = (message: string): void => remove(formKey + message);

/** gone are the conversations that were ended for good here, and not yet at the counter. */
export const gone = (): Gone[] => get<Gone[]>(goneKey) || [];
export const keepGone = (list: Gone[]): void => (list.length ? put(goneKey, list) : remove(goneKey));

/** forget leaves nothing else. */
export function forget(): void {
  keys().forEach(remove);
  remove(chatKey);
}

/** onChange tells when another tab has changed something. */
export function onChange(listener: () => void): void {
  window.addEventListener("storage", (event) => {
    if (!event.key || event.key.startsWith("schalter.")) listener();
  });
}

/** newID also works on a plain-HTTP page of a local network, where crypto.randomUUID does not. */
export function newID(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => (b + 256).toString(16).slice(1)).join("");
}
