// Swiss times and dates. The server writes openings with the city's offset: their wall clock is
// what counts, wherever the reader is. Times of messages are in UTC and shown in the reader's zone.

import { bare } from "./dom";

/** A wall clock: what it shows are the date's UTC fields. */
export type Moment = Date;

export function moment(text: string): Moment {
  const offset = /^(.{19}).*[+-]\d\d:\d\d$/.exec(text);
  return offset ? new Date(offset[1] + "Z") : here(new Date(text));
}

/** here is the reader's wall clock at a time. */
export const here = (at: Date): Moment => new Date(+at - at.getTimezoneOffset() * 6e4);

/** clock fills a pattern with hour and minutes: "{h}.{m} Uhr" gives "8.04 Uhr". */
export function clock(pattern: string, m: Moment): string {
  return pattern.replace("{h}", "" + m.getUTCHours()).replace("{m}", ("0" + m.getUTCMinutes()).slice(-2));
}

/** day writes «Montag, 23. November». */
export function day(tag: string, m: Moment): string {
  return m.toLocaleDateString(tag, bare({ weekday: "long", day: "numeric", month: "long", timeZone: "UTC" } as const));
}

/** daysAhead counts the midnights between now and a moment. */
export function daysAhead(m: Moment): number {
  const days = (m: Moment) => Math.floor(+m / 864e5);
  return days(m) - days(here(new Date()));
}
