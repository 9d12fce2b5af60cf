// Swiss times and dates. The server writes openings with the city's offset: their wall clock is
// what counts, wherever the reader is. Times of messages are in UTC and shown in the reader's zone.

export type Moment = { date: Date; zone?: "UTC" };

export function moment(text: string): Moment {
  const offset = /^(.{19}).*[+-]\d\d:\d\d$/.exec(text);
  return offset ? { date: new Date(offset[1] + "Z"), zone: "UTC" } : { date: new Date(text) };
}

/** clock fills a pattern with hour and minutes: "{h}.{m} Uhr" gives "8.04 Uhr". */
export function clock(pattern: string, { date, zone }: Moment): string {
  const [h, m] = zone ? [date.getUTCHours(), date.getUTCMinutes()] : [date.getHours(), date.getMinutes()];
  return pattern.replace("{h}", "" + h).replace("{m}", ("0" + m).slice(-2));
}

/** day writes «Montag, 23. November». */
export function day(tag: string, { date, zone }: Moment): string {
  return date.toLocaleDateString(tag, Object.assign(Object.create(null), { weekday: "long", day: "numeric", month: "long", timeZone: zone }));
}

/** daysAhead counts the midnights between now and a moment. */
export function daysAhead({ date, zone }: Moment): number {
  const now = new Date();
  const today = Date.UTC(now.getFullYear(), now.getMonth(), now.getDate());
  const then = zone ? Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()) : Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
  return Math.round((then - today) / 864e5);
}
