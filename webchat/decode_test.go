package webchat_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"schalter/webchat"
)

func TestHasLoneSurrogate(t *testing.T) {
	for text, want := range map[string]bool{
		`"a"`:                   false,
		`"\ud83d\udfe1"`:        false,
		`"\uD83D\uDFE1"`:        false,
		`"\\ud800"`:             false,
		`"\\\ud800"`:            true,
		`"\ud800"`:              true,
		`"\udfff"`:              true,
		`"\ud800x"`:             true,
		`"\ud800\n"`:            true,
		`"\ud800\ud800\udc00"`:  true,
		`"\ud800\udc00\udc00"`:  true,
		`"\ud800\udc00\u00e4"`:  false,
		`"\ud800\`:              true,
		`"\`:                    false,
		`"\ud7ff\ue000"`:        false,
		`"\ud83d\udfe1\ud83d"`:  true,
		`"\ud83d\\udfe1 text"`:  true,
		`{"\ud800":"as a key"}`: true,
	} {
		if got := webchat.HasLoneSurrogate([]byte(text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

// FuzzLoneSurrogate holds the scanner against the decoder, which puts U+FFFD where it cannot read.
func FuzzLoneSurrogate(f *testing.F) {
	for _, seed := range []string{`"\ud83d\udfe1"`, `"\\ud800"`, `"\ud800\n"`, `{"a\udc00":["\ud800\udc00"]}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		lone := webchat.HasLoneSurrogate(raw)
		if !utf8.Valid(raw) || !json.Valid(raw) || strings.Contains(string(raw), "\ufffd") || strings.Contains(strings.ToLower(string(raw)), `\ufffd`) {
			return
		}
		var v any
		if err := json.Unmarshal(raw, &v); err != nil {
			return
		}
		clean, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		replaced := strings.Contains(string(clean), "\ufffd") || strings.Contains(string(clean), `\ufffd`)
		if replaced && !lone {
			t.Errorf("%q has a lone surrogate that was not seen", raw)
		}
		if lone && !replaced && !strings.Contains(string(raw), ":") { // equal keys may swallow it
			t.Errorf("%q was refused without need", raw)
		}
	})
}
