// Server-sent events (HTML standard, section 9.2) through fetch, because EventSource carries no
// Authorization header.

import { bare } from "./dom";
import { Limit, ask, bearer } from "./fetch";

export type OnEvent = (name: string, data: unknown) => void;

/** Buffered says that a proxy holds the stream back; Gone that the token opens nothing any more. */
export class Buffered extends Error {}
export class Gone extends Error {}

/** The server speaks first and at least every 15 seconds. */
const firstWord = 8e3;
const silence = 4e4;

/** When a stream was last heard, in milliseconds since 1970. */
export let heardAt = 0;

/** follow reads one connection until it ends; it throws when it was lost. What is public needs no token. */
export async function follow(url: string, token: string, signal: AbortSignal, onEvent: OnEvent): Promise<void> {
  const limit = new Limit(firstWord, signal);
  let heard = false;
  try {
    const answer = await ask(url, { headers: bearer(token), cache: "no-store", signal: limit.signal });
    if (answer.status === 401) throw new Gone();
    if (!answer.ok || !answer.body) throw new Error("no stream");
    const reader = answer.body.getReader();
    const decoder = new TextDecoder();
    for (let rest = ""; ;) {
      const { value, done } = await reader.read();
      if (done) return;
      heard = true;
      heardAt = Date.now();
      limit.prolong(silence);
      const blocks = (rest + decoder.decode(value, bare({ stream: true }))).split("\n\n");
      rest = blocks.pop()!;
      blocks.forEach((block) => read(block, onEvent));
    }
  } catch (error) {
    if (!heard && limit.signal.aborted && !signal.aborted) throw new Buffered();
    throw error;
  } finally {
    limit.end();
    limit.give();
  }
}

function read(block: string, onEvent: OnEvent): void {
  let name = "", data = "";
  for (const line of block.split("\n")) {
    if (line.startsWith("event: ")) name = line.slice(7);
    if (line.startsWith("data: ")) data += line.slice(6);
  }
  if (name && data) onEvent(name, JSON.parse(data));
}
