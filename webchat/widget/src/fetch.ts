// What every request of the widget has in common.

import { bare } from "./dom";

/** ask fetches without cookies, whatever the page did to Object.prototype. */
export const ask = (url: string, options: object = {}): Promise<Response> => fetch(url, bare({ credentials: "omit", ...options } as RequestInit));

/** bearer makes the headers of a request; what is public needs no token. */
export const bearer = (token?: string): { [name: string]: string } => bare<{ [name: string]: string }>(token ? { Authorization: "Bearer " + token } : {});

/** Limit aborts what takes too long, or what somebody else aborts. */
export class Limit {
  #abort = new AbortController();
  #timer?: ReturnType<typeof setTimeout>;
  signal = this.#abort.signal;

  constructor(ms: number, private outer?: AbortSignal) {
    outer?.addEventListener("abort", this.give);
    this.prolong(ms);
  }

  give = (): void => this.#abort.abort();

  /** prolong gives it so much time from now, in milliseconds. */
  prolong(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.give, ms);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.outer?.removeEventListener("abort", this.give);
  }
}
