// Calls of the web API. Every answer is returned as it is; that there was none has status 0.

import { bare } from "./dom";
import { Limit, ask, bearer } from "./fetch";
import type { Problem } from "./types";
import { apiLanguage } from "./texts";

export interface Call {
  method?: string;
  token?: string;
  /** Makes an opening safe to repeat. */
  key?: string;
  body?: unknown;
  /** The answer is a page and no JSON. */
  page?: boolean;
  signal?: AbortSignal;
}

export interface Answer<T> {
  ok: boolean;
  status: number;
  body: T & Problem;
  /** How long the server asks to wait, in milliseconds. */
  retry: number;
}

/** How long a call may take on a slow network. */
const patience = 3e4;

export class API {
  constructor(readonly base: string) {}

  url(path: string): string {
    return `${this.base}api/v1/${path}${path.includes("?") ? "&" : "?"}lang=${apiLanguage()}`;
  }

  async call<T>(path: string, options?: Call): Promise<Answer<T>> {
    const { method, token, key, body, signal, page } = bare(options || {}) as Call;
    const limit = new Limit(patience, signal);
    const headers = bearer(token);
    if (key) headers["Idempotency-Key"] = `"${key}"`;
    if (body) headers["Content-Type"] = "application/json";
    try {
      const answer = await ask(this.url(path), { method, headers, signal: limit.signal, body: body && JSON.stringify(body) });
      // A proxy that answers for the server does not write JSON; that is no answer of ours.
      const text = await answer.text();
      return { ok: answer.ok, status: answer.status, body: page && answer.ok ? text : text ? JSON.parse(text) : {}, retry: 1000 * +answer.headers.get("Retry-After")! };
    } catch {
      return { ok: false, status: 0, body: {} as T & Problem, retry: 0 };
    } finally {
      limit.end();
    }
  }
}
