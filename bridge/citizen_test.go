package bridge_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"schalter/bridge"
)

func TestTextsThatAreTakenOrRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.opened("first")
	long := strings.Repeat("🐕", bridge.MaxText)
	for name, try := range map[string]struct{ text, reason string }{
		"plain":                    {"Grüezi", ""},
		"lines and tabs":           {"a\nb\r\n\tc", ""},
		"other scripts":            {"שלום مرحبا 你好 👨‍👩‍👧", ""},
		"combining characters":     {"Zu\u0308rich", ""},
		"4,000 characters":         {long, ""},
		"4,001 characters":         {long + "x", bridge.ReasonTooLong},
		"64 KB":                    {strings.Repeat("x", 65536), bridge.ReasonTooLong},
		"empty":                    {"", bridge.ReasonRequired},
		"spaces":                   {" \t\r\n\u00a0\u2003", bridge.ReasonRequired},
		"NUL":                      {"a\x00b", bridge.ReasonControl},
		"escape":                   {"a\x1b[31mb", bridge.ReasonControl},
		"delete":                   {"a\x7f", bridge.ReasonControl},
		"C1 control":               {"a\u0085b", bridge.ReasonControl},
		"left-to-right override":   {"a\u202db", bridge.ReasonControl},
		"right-to-left override":   {"a\u202eb", bridge.ReasonControl},
		"right-to-left embedding":  {"a\u202bb", bridge.ReasonControl},
		"pop directional format":   {"a\u202cb", bridge.ReasonControl},
		"invalid UTF-8":            {"a\xffb", bridge.ReasonEncoding},
		"surrogate in UTF-8":       {"a\xed\xa0\x80b", bridge.ReasonEncoding},
		"overlong slash":           {"a\xc0\xafb", bridge.ReasonEncoding},
		"half a character":         {"a\xf0\x9f\x90", bridge.ReasonEncoding},
		"replacement character":    {"a\ufffdb", ""},
		"looks like HTML":          {"<script>alert(1)</script>", ""},
		"looks like a command":     {"/help", ""},
		"looks like SQL":           {"'); DROP TABLE messages; --", ""},
		"paragraph separator":      {"a\u2029b", ""},
		"emoji variation selector": {"❤\ufe0f", ""},
	} {
		m, err := w.b.FromCitizen(context.Background(), c.ID, bridge.CitizenMessage{ClientID: strings.ReplaceAll(strings.ReplaceAll(name, " ", "-"), ",", "."), Text: try.text})
		wantInvalid(t, name, err, "text", try.reason)
		if err == nil && m.Text != try.text {
			t.Errorf("%s: stored as %q", name, m.Text)
		}
	}
	stored := w.history(c.ID)
	if int64(len(stored)) != w.look(c.ID).LastSeq {
		t.Errorf("%d messages, last seq %d: a refused text has left a gap", len(stored), w.look(c.ID).LastSeq)
	}
	c = w.delivered(c.ID)
	var want []string
	for _, m := range stored {
		want = append(want, m.Text)
	}
	w.wantSaid(c.Room, want...)
}

// wantInvalid wants an InvalidError with a field and a reason, or none where the reason is empty.
func wantInvalid(t *testing.T, what string, err error, field, reason string) {
	t.Helper()
	var invalid *bridge.InvalidError
	switch {
	case reason == "" && err != nil:
		t.Errorf("%s: refused: %v", what, err)
	case reason != "" && (!errors.As(err, &invalid) || *invalid != bridge.InvalidError{Field: field, Reason: reason}):
		t.Errorf("%s: error %v, want %s: %s", what, err, field, reason)
	}
}

func TestClientIDs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.opened("first")
	for id, ok := range map[string]bool{
		"a": true, "01ARZ3NDEKTSV4RRFFQ69G5FAV": true, "A-z_0.9": true, strings.Repeat("x", 64): true, ".": true,
		"": false, strings.Repeat("x", 65): false, "a b": false, "a/b": false, "ä": false, "a\n": false, "a\x00": false, "\xff": false,
	} {
		reason := bridge.ReasonMalformed
		if ok {
			reason = ""
		}
		_, err := w.b.FromCitizen(context.Background(), c.ID, bridge.CitizenMessage{ClientID: id, Text: "Text"})
		wantInvalid(t, id, err, "client_id", reason)
	}
}

func TestOpeningsThatAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, try := range map[string]struct {
		change        func(*bridge.Opening)
		field, reason string
	}{
		"nothing wrong":       {func(o *bridge.Opening) {}, "", ""},
		"no name":             {func(o *bridge.Opening) { o.Name = "" }, "", ""},
		"80 characters":       {func(o *bridge.Opening) { o.Name = strings.Repeat("ä", 80) }, "", ""},
		"81 characters":       {func(o *bridge.Opening) { o.Name = strings.Repeat("ä", 81) }, "name", bridge.ReasonTooLong},
		"name on two lines":   {func(o *bridge.Opening) { o.Name = "Anna\nKeller" }, "name", bridge.ReasonControl},
		"line separator":      {func(o *bridge.Opening) { o.Name = "Anna\u2028Keller" }, "name", bridge.ReasonControl},
		"name turned round":   {func(o *bridge.Opening) { o.Name = "\u202ereimaN" }, "name", bridge.ReasonControl},
		"isolated name":       {func(o *bridge.Opening) { o.Name = "Anna\u2067" }, "name", bridge.ReasonControl},
		"name not UTF-8":      {func(o *bridge.Opening) { o.Name = "\xff" }, "name", bridge.ReasonEncoding},
		"unknown language":    {func(o *bridge.Opening) { o.Language = "rm" }, "language", bridge.ReasonNotOffered},
		"no language":         {func(o *bridge.Opening) { o.Language = "" }, "language", bridge.ReasonNotOffered},
		"page URL too long":   {func(o *bridge.Opening) { o.PageURL = strings.Repeat("x", 2001) }, "page_url", bridge.ReasonTooLong},
		"page URL with NUL":   {func(o *bridge.Opening) { o.PageURL = "https://\x00" }, "page_url", bridge.ReasonControl},
		"bad first message":   {func(o *bridge.Opening) { o.Message = &bridge.CitizenMessage{ClientID: "a"} }, "text", bridge.ReasonRequired},
		"message without ID":  {func(o *bridge.Opening) { o.Message = &bridge.CitizenMessage{Text: "a"} }, "client_id", bridge.ReasonMalformed},
		"with a good message": {func(o *bridge.Opening) { o.Message = &bridge.CitizenMessage{ClientID: "a", Text: "a"} }, "", ""},
	} {
		o := bridge.Opening{Area: hunde, Language: "de", Name: "Anna"}
		try.change(&o)
		_, err := w.b.Open(context.Background(), o)
		wantInvalid(t, name, err, try.field, try.reason)
	}
}

func TestRepeatedMessageIsOneMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.opened("1")
	first := w.say(c.ID, "2")
	if again := w.say(c.ID, "2"); again.ID != first.ID || again.Seq != first.Seq {
		t.Errorf("first %+v\nagain %+v", first, again)
	}
	w.delivered(c.ID)
	if again := w.say(c.ID, "2"); again.ID != first.ID || again.Event == "" {
		t.Errorf("after delivery: %+v", again)
	}
	_, err := w.b.FromCitizen(context.Background(), c.ID, bridge.CitizenMessage{ClientID: "2", Text: "anders"})
	if !errors.Is(err, bridge.ErrClientIDReused) {
		t.Errorf("other text: %v", err)
	}
	if _, err := w.b.FromCitizen(context.Background(), "nothing", bridge.CitizenMessage{ClientID: "2", Text: "2"}); !errors.Is(err, bridge.ErrNotFound) {
		t.Errorf("no such conversation: %v", err)
	}
	w.wantSaid(c.Room, "1", "2")
}

func TestRepeatedOpeningIsOneConversation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := bridge.Opening{
		Area: hunde, Language: "de", Name: "Anna", Key: "a random value of the browser",
		Message: &bridge.CitizenMessage{ClientID: "1", Text: "Grüezi"},
	}
	open := func() bridge.Opened {
		t.Helper()
		got, err := w.b.Open(context.Background(), o)
		if err != nil {
			t.Fatal(err)
		}
		if c, err := w.b.Authorize(context.Background(), got.Conversation.ID, got.Token); err != nil || c.ID != got.Conversation.ID {
			t.Errorf("its token does not open it: %v", err)
		}
		return got
	}
	first, again := open(), open()
	if first.Repeated || !again.Repeated || again.Conversation.ID != first.Conversation.ID || again.Token == first.Token ||
		again.Message == nil || again.Message.ID != first.Message.ID {
		t.Errorf("first %+v\nagain %+v", first, again)
	}
	if _, err := w.b.Authorize(context.Background(), first.Conversation.ID, first.Token); err != nil {
		t.Errorf("the first token is dead: %v", err)
	}
	c := w.delivered(first.Conversation.ID)
	w.wantSaid(c.Room, "Grüezi")
	for name, change := range map[string]func(*bridge.Opening){
		"area":    func(o *bridge.Opening) { o.Area = fund },
		"name":    func(o *bridge.Opening) { o.Name = "Berta" },
		"text":    func(o *bridge.Opening) { o.Message = &bridge.CitizenMessage{ClientID: "1", Text: "anders"} },
		"message": func(o *bridge.Opening) { o.Message = nil },
	} {
		other := o
		change(&other)
		if _, err := w.b.Open(context.Background(), other); !errors.Is(err, bridge.ErrKeyReused) {
			t.Errorf("other %s with the same key: %v", name, err)
		}
	}
	w.pass(bridge.IdempotencyFor + time.Second)
	if late := open(); late.Repeated || late.Conversation.ID == first.Conversation.ID {
		t.Errorf("the key has no end: %+v", late)
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, err := w.b.Open(context.Background(), bridge.Opening{Area: hunde, Language: "de"})
	if err != nil {
		t.Fatal(err)
	}
	two, err := w.b.Open(context.Background(), bridge.Opening{Area: hunde, Language: "de"})
	if err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]string{"empty": "", "another's": two.Token, "shorter": one.Token[1:], "longer": one.Token + "a", "binary": "\x00\xff"} {
		if _, err := w.b.Authorize(context.Background(), one.Conversation.ID, token); !errors.Is(err, bridge.ErrUnauthorized) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(one.Token) < 40 || one.Token == two.Token {
		t.Errorf("tokens %q and %q", one.Token, two.Token)
	}
	if _, err := w.b.Authorize(context.Background(), one.Conversation.ID, one.Token); err != nil {
		t.Error(err)
	}
}
