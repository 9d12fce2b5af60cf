package openinghours

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

type kind uint8

const (
	end     kind = iota // after the last token
	number              // digits
	word                // letters
	comment             // "…", the text without the quotes
	mark                // one of ; , - + / : [ ] ( ) . or ||
)

type token struct {
	kind  kind
	text  string // of a word in lower case
	at    int    // byte offset
	until int    // byte offset after the token
	value int    // of a number; too large ones are capped
}

func (t token) is(text string) bool { return t.kind == mark && t.text == text }

// tokenize cuts the value into tokens, with an end token last. One pass.
func tokenize(value string) ([]token, *SyntaxError) {
	tokens := make([]token, 0, len(value)/2+2)
	for i := 0; i < len(value); {
		c := value[i]
		at := i
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
			continue
		case c >= '0' && c <= '9':
			n := 0
			for ; i < len(value) && value[i] >= '0' && value[i] <= '9'; i++ {
				n = min(n*10+int(value[i]-'0'), 1_000_000)
			}
			tokens = append(tokens, token{number, value[at:i], at, i, n})
		case c == '"':
			text, err := quoted(value, at)
			if err != nil {
				return nil, err
			}
			i = at + len(text) + 2
			tokens = append(tokens, token{kind: comment, text: text, at: at, until: i})
		case strings.HasPrefix(value[i:], "||"):
			i += 2
			tokens = append(tokens, token{kind: mark, text: "||", at: at, until: i})
		case strings.IndexByte(";,-+/:[]().", c) >= 0:
			i++
			tokens = append(tokens, token{kind: mark, text: value[at:i], at: at, until: i})
		default:
			for i < len(value) {
				r, size := utf8.DecodeRuneInString(value[i:])
				if !unicode.IsLetter(r) {
					break
				}
				i += size
			}
			if i == at {
				return nil, strangeCharacter(value, at)
			}
			tokens = append(tokens, token{kind: word, text: strings.ToLower(value[at:i]), at: at, until: i})
		}
	}
	return append(tokens, token{kind: end, at: len(value), until: len(value)}), nil
}

func quoted(value string, at int) (string, *SyntaxError) {
	n := strings.IndexByte(value[at+1:], '"')
	if n < 0 {
		return "", &SyntaxError{at, "the comment has no end", `close it with a second "`}
	}
	if n == 0 {
		return "", &SyntaxError{at, "the comment is empty", `write the comment between the quotes, or leave it out`}
	}
	text := value[at+1 : at+1+n]
	for i, r := range text {
		if unicode.IsControl(r) {
			return "", &SyntaxError{at + 1 + i, "the comment has a control character", "write the comment on one line"}
		}
	}
	return text, nil
}

func strangeCharacter(value string, at int) *SyntaxError {
	r, _ := utf8.DecodeRuneInString(value[at:])
	switch r {
	case '–', '—', '‑', '−':
		return &SyntaxError{at, "this dash is not the one on the keyboard", "write - between days or times"}
	case '„', '“', '”', '«', '»', '\'', '‘', '’', '‚':
		return &SyntaxError{at, "this quotation mark cannot stand here", hintComment}
	case '|':
		return &SyntaxError{at, "a single | means nothing", "write || before a fallback rule"}
	case '&':
		return &SyntaxError{at, "& means nothing", "write a comma between days, as in Mo,We"}
	case '\u00a0', '\u202f':
		return &SyntaxError{at, "this is a no-break space", "write a plain space"}
	}
	return &SyntaxError{at, "this character means nothing in opening hours", "remove it"}
}
