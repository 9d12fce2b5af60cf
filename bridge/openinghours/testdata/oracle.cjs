// Asks opening_hours.js, the reference implementation, and prints its answers.
// Used by oracle_test.go only; the library itself is installed by npm, never kept here.
//
// stdin:  {"module": path, "specs": [text], "from": ms, "to": ms, "points": [ms]}
// stdout: [{"error": text} or {"intervals": [[from, to, unknown, comment]], "points": "oc?…"}]
// Times are Unix milliseconds in, minutes after "from" out. The zone is TZ's.
const q = JSON.parse(require('fs').readFileSync(0, 'utf8'))
const { module: path, specs, from, to, points } = q
const loaded = require(path)
const OpeningHours = loaded.default || loaded

const minutes = date => (date.getTime() - from) / 60000

console.log(JSON.stringify(specs.map(spec => {
  try {
    const oh = new OpeningHours(spec, null, { locale: 'en' })
    const intervals = oh.getOpenIntervals(new Date(from), new Date(to))
      .map(([a, b, unknown, comment]) => [minutes(a), minutes(b), unknown, comment || ''])
    const letter = ms => {
      const date = new Date(ms)
      return oh.getState(date) ? 'o' : oh.getUnknown(date) ? '?' : 'c'
    }
    return { intervals, points: points.map(letter).join('') }
  } catch (e) {
    return { error: String(e) }
  }
})))
