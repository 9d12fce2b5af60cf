// Package openinghours reads the OpenStreetMap opening_hours notation and answers
// from it when a counter is open, since when, until when, and which rule says so.
//
// The notation is the specification's version 0.7.2
// (https://wiki.openstreetmap.org/wiki/Key:opening_hours/specification). A value is
// a list of rules; a rule has selectors for days, time spans, and a state:
//
//	Mo-Fr 08:00-11:30,14:00-17:00; Sa[1,3] 09:30-11:30; PH off
//
// The order counts: the last rule to speak decides, so holidays stand at the end.
// With the Saturdays after them, 1 August would be open in the years in which it is a
// first Saturday.
//
// How the rules of a value make up one day:
//
//   - `;` starts a rule that replaces the whole day where its day selectors match,
//     if it opens (open or unknown). A rule that closes replaces nothing: it closes
//     its own times, or the whole day where it has none.
//   - `,` before a rule adds to the rules before it.
//   - `||` starts a rule that speaks only where the rules before it leave it closed.
//   - A rule without day selectors speaks for every day. After a rule with day
//     selectors it adds; after one without, it replaces. (The specification is
//     silent here; this is how its reference implementation, opening_hours.js,
//     reads it.)
//   - A span past midnight belongs to the day on which it starts. Its part after
//     midnight is hidden where a later rule replaces or closes the following day.
//
// All edges are wall-clock times: whether it is open at an instant depends only on
// the local date and the local hour and minute. On the day the clocks go forward a
// span that starts in the missing hour starts when that hour has passed; on the day
// they go back an edge within the repeated hour is met twice. Every interval is
// half-open: open at 08:00:00, closed at 11:30:00.
//
// The package uses the standard library only, and embeds the time zone database.
package openinghours
