package webchat

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"
)

// bodyTimeout is how long a browser may take to send a request's body.
const bodyTimeout = 15 * time.Second

// readJSON returns the request's body after it has been found to be JSON in clean UTF-8. The
// decoder alone would put U+FFFD in the place of what it cannot read, and a citizen's text would
// silently be another one.
func (s *Server) readJSON(c *gin.Context) ([]byte, error) {
	kind, _, err := mime.ParseMediaType(c.GetHeader("Content-Type"))
	if err != nil || kind != "application/json" {
		// A page of a foreign origin can send other types without asking first.
		return nil, errNotJSON
	}
	// Recorders in tests have no deadlines; a server's connections do.
	control := http.NewResponseController(c.Writer)
	_ = control.SetReadDeadline(time.Now().Add(bodyTimeout))
	defer func() { _ = control.SetReadDeadline(time.Time{}) }()
	raw, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, s.limits.MaxBodyBytes))
	if err != nil {
		return nil, err
	}
	switch {
	case !utf8.Valid(raw), hasLoneSurrogate(raw):
		return nil, &badRequestError{reason: reasonEncoding}
	case !json.Valid(raw):
		return nil, &badRequestError{reason: reasonMalformed}
	}
	return raw, nil
}

// hasLoneSurrogate looks for \ud800…\udfff escapes that are no pair (RFC 8259, section 8.2). It
// may be given malformed JSON and then may answer either way.
func hasLoneSurrogate(raw []byte) bool {
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			continue
		}
		i++
		if i >= len(raw) || raw[i] != 'u' {
			continue
		}
		switch high := escaped(raw[i:]); {
		case high >= 0xdc00 && high <= 0xdfff:
			return true
		case high >= 0xd800 && high <= 0xdbff:
			i += 5
			if i >= len(raw) || raw[i] != '\\' {
				return true
			}
			if low := escaped(raw[i+1:]); low < 0xdc00 || low > 0xdfff {
				return true
			}
			i++
		}
	}
	return false
}

// escaped reads the number of "uXXXX"; 0 when it is none.
func escaped(b []byte) uint64 {
	if len(b) < 5 || b[0] != 'u' {
		return 0
	}
	n, _ := strconv.ParseUint(string(b[1:5]), 16, 16)
	return n
}

// fields says what becomes of each key of an object.
type fields map[string]func(json.RawMessage) error

// decodeObject reads a JSON object strictly: keys as they are written, each once, none unknown,
// no value of another type. encoding/json would let most of that pass. path is what errors put
// before a key's name.
func decodeObject(raw []byte, path string, known fields) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return &badRequestError{field: path, reason: reasonWrongType}
	}
	if path != "" {
		path += "."
	}
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		key, ok := token.(string)
		var value json.RawMessage
		if err == nil && ok {
			err = d.Decode(&value)
		}
		if err != nil || !ok {
			return &badRequestError{reason: reasonMalformed}
		}
		take, ok := known[key]
		switch {
		case !ok:
			return &badRequestError{field: path + shortened(key), reason: reasonUnknownField}
		case seen[key]:
			return &badRequestError{field: path + key, reason: reasonDuplicate}
		}
		seen[key] = true
		if err := take(value); err != nil {
			return err
		}
	}
	return nil
}

// shortened keeps an answer from repeating a book that a caller used as a key.
func shortened(key string) string {
	const most = 60
	runes := []rune(key)
	if len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return key
}

// text takes a JSON string.
func text(field string, into *string) func(json.RawMessage) error {
	return func(raw json.RawMessage) error {
		if len(raw) == 0 || raw[0] != '"' || json.Unmarshal(raw, into) != nil {
			return &badRequestError{field: field, reason: reasonWrongType}
		}
		return nil
	}
}

// optional takes null for a field that was left out.
func optional(take func(json.RawMessage) error) func(json.RawMessage) error {
	return func(raw json.RawMessage) error {
		if string(raw) == "null" {
			return nil
		}
		return take(raw)
	}
}

// flag takes true or false.
func flag(field string, into *bool) func(json.RawMessage) error {
	return func(raw json.RawMessage) error {
		if s := string(raw); s != "true" && s != "false" {
			return &badRequestError{field: field, reason: reasonWrongType}
		}
		*into = raw[0] == 't'
		return nil
	}
}

// whole takes a whole number from 1 to maxSeq.
func whole(field string, into *int64) func(json.RawMessage) error {
	return func(raw json.RawMessage) error {
		n, err := strconv.ParseInt(string(raw), 10, 64)
		if err != nil || n < 1 || n > maxSeq {
			return &badRequestError{field: field, reason: reasonWrongType}
		}
		*into = n
		return nil
	}
}
