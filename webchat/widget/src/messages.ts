// The messages of one conversation in their order, those that still wait on this device last.

import type { Waiting } from "./shelf";
import type { Message } from "./types";

export class Messages {
  list: Message[] = [];
  /** The newest that the server has told of. */
  lastSeq = 0;
  /** Those up to here were there when this tab came. */
  known = Infinity;

  /** wait adds the texts that are not there yet, and returns them. */
  wait(texts: Waiting[]): Message[] {
    const fresh = texts.filter((w) => !this.list.some((m) => m.client_id === w.client_id))
      .map((w): Message => ({ client_id: w.client_id, text: w.text, direction: "citizen", state: "sending", created_at: w.at }));
    this.list.push(...fresh);
    return fresh;
  }

  /** take adds what the server tells, and returns what was new. */
  take(list: Message[]): Message[] {
    const news = list.filter((m) => m.seq! > this.lastSeq);
    for (const m of news) {
      this.lastSeq = m.seq!;
      if (m.client_id) this.remove(m.client_id);
      const pending = this.list.findIndex((o) => !o.seq);
      this.list.splice(pending < 0 ? this.list.length : pending, 0, m);
    }
    return news;
  }

  /** change takes what has become of messages that are there, and returns those that have changed. */
  change(list: Message[]): Message[] {
    return list.filter((m) => {
      const i = this.list.findIndex((o) => o.seq === m.seq);
      return i >= 0 && JSON.stringify(this.list[i]) !== JSON.stringify(m) && (this.list[i] = m);
    });
  }

  find(clientID: string): Message | undefined {
    return this.list.find((m) => m.client_id === clientID);
  }

  remove(clientID: string): void {
    this.list = this.list.filter((m) => m.client_id !== clientID);
  }
}
