package openinghours

import (
	"strings"
	"unicode/utf8"
)

// MaxLength is the longest value that Parse reads, in bytes.
const MaxLength = 4096

// Parse reads an opening_hours value. It is total: every string gives a Schedule or
// a *SyntaxError, in time linear in its length.
//
// Refused, with a hint, is what the specification knows and a counter does not need
// (variable times such as sunset, open ends, points in time, steps of dates, ranges
// of counted weekdays) and whatever is not in the specification; only the case of
// words, single-digit hours and blanks are read leniently.
func Parse(spec string) (*Schedule, error) {
	if len(spec) > MaxLength {
		return nil, &SyntaxError{MaxLength, "the value is longer than 4096 bytes", "split it, or write dated changes as exceptions"}
	}
	for i := 0; i < len(spec); {
		r, size := utf8.DecodeRuneInString(spec[i:])
		if r == utf8.RuneError && size == 1 {
			return nil, &SyntaxError{i, "this byte is not UTF-8", "remove it"}
		}
		i += size
	}
	tokens, err := tokenize(spec)
	if err != nil {
		return nil, err
	}
	p := parser{spec: spec, tokens: tokens, schedule: &Schedule{publicAt: -1, schoolAt: -1}}
	if err := p.value(); err != nil {
		return nil, err
	}
	return p.schedule, nil
}

// parser reads one value by recursive descent. Each method leaves pos at the first
// token that is not its own; the first error ends the reading.
type parser struct {
	spec     string
	tokens   []token
	pos      int
	schedule *Schedule
}

// peek gives the token n places ahead; beyond the last one, the end token.
func (p *parser) peek(n int) token { return p.tokens[min(p.pos+n, len(p.tokens)-1)] }

func (p *parser) take() token {
	t := p.peek(0)
	p.pos++
	return t
}

// taking moves over the mark if it is next.
func (p *parser) taking(text string) bool {
	if p.peek(0).is(text) {
		p.pos++
		return true
	}
	return false
}

func (p *parser) fail(t token, message, hint string) *SyntaxError {
	return &SyntaxError{t.at, message, hint}
}

// value reads <time_domain>.
func (p *parser) value() *SyntaxError {
	if p.peek(0).kind == end {
		return p.fail(p.peek(0), "there are no hours here", "write for example Mo-Fr 08:00-11:30, or 24/7, or off")
	}
	join := Replace
	for {
		from := p.peek(0).at
		rule, closed, err := p.rule()
		if err != nil {
			return err
		}
		rule.Join = join
		p.schedule.Rules = append(p.schedule.Rules, rule)
		p.schedule.texts = append(p.schedule.texts, p.spec[from:p.tokens[p.pos-1].until])

		separator := p.take()
		switch {
		case separator.kind == end:
			return nil
		case separator.is(";"):
			join = Replace
		case separator.is("||"):
			join = Fallback
		case separator.is(","):
			if !closed {
				return p.fail(separator, "an additional rule cannot follow a rule without times", "write times before the comma, or ; instead of it")
			}
			join = Add
		default:
			return p.unexpected(separator)
		}
		if t := p.peek(0); t.kind == end {
			return p.fail(separator, "no rule follows this separator", "remove it")
		}
	}
}

// rule reads <rule_sequence>. closed tells whether it ended with times, a state or a
// comment, so that a comma after it can only start an additional rule.
func (p *parser) rule() (rule Rule, closed bool, err *SyntaxError) {
	rule.State = Open
	start := p.pos
	if p.isAlways(0) {
		p.pos += 3
		rule.Always = true
	} else if err = p.selectors(&rule); err != nil {
		return rule, false, err
	}
	state, stated := stateWords[p.peek(0).text]
	if stated = stated && p.peek(0).kind == word; stated {
		p.pos++
		rule.State = state
	}
	commented := p.peek(0).kind == comment
	if commented {
		rule.Comment = p.take().text
		if !stated {
			rule.State = Unknown // rule_modifier: a comment alone means unknown
		}
	}
	if p.pos == start {
		return rule, false, p.unexpected(p.peek(0))
	}
	return rule, rule.Always || len(rule.Times) > 0 || stated || commented, nil
}

// isAlways reports whether 24/7 stands n tokens ahead.
func (p *parser) isAlways(n int) bool {
	return p.peek(n).kind == number && p.peek(n).text == "24" && p.peek(n+1).is("/") && p.peek(n+2).text == "7"
}

var stateWords = map[string]State{"open": Open, "off": Closed, "closed": Closed, "unknown": Unknown}

// unexpected explains a token that cannot stand where it stands.
func (p *parser) unexpected(t token) *SyntaxError {
	switch {
	case t.kind == end:
		return p.fail(t, "the value ends too early", "finish the rule")
	case t.is(";") || t.is(",") || t.is("||"):
		return p.fail(t, "there is no rule before this separator", "remove it")
	case t.is("+"):
		return p.fail(t, "this + cannot stand here; open ends and moved dates are not supported", hintOpenEnd)
	case t.is("/"):
		return p.fail(t, "this / cannot stand here", "steps follow a range of years or weeks, as in week 1-53/2")
	case t.is("."):
		return p.fail(t, "a full stop means nothing in opening hours", "write 08:00 with a colon, weekdays and months without a full stop")
	case t.is("(") || isEvent(t):
		return p.fail(t, "variable times are not supported", hintVariableTime)
	case t.is("[") || t.is("]"):
		return p.fail(t, "this bracket cannot stand here", "counted weekdays are single ones, as in Sa[1,3]")
	case t.is("-"):
		return p.fail(t, "this - cannot stand here", "write both ends of the range in the same form, as in Mo-Fr or 2026 Dec 24-2027 Jan 02")
	case t.kind == comment:
		return p.fail(t, "this comment cannot stand here", hintComment)
	case t.is(":"):
		return p.fail(t, "this colon cannot stand here", "a colon stands in times, and after dates before weekdays")
	case t.kind == number && t.text == "24" && strings.HasPrefix(p.spec[t.at:], "24/7"):
		return p.fail(t, "24/7 stands alone in its rule", "write 00:00-24:00 after days")
	case t.kind == number:
		if len(t.text) == 4 && t.value > 2000 || t.value > 48 {
			return p.fail(t, "this number cannot stand here", hintOrder)
		}
		return p.fail(t, "this number is neither a date nor a time", hintTime)
	case isToken(t):
		return p.fail(t, "this word cannot stand here", hintOrder)
	}
	return p.fail(t, "this word means nothing in opening hours", wordHint(t.text))
}
