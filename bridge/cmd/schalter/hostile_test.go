package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// chat is a running system with one conversation, which the clerk nora has entered.
type chat struct {
	*system
	citizen *citizen
	nora    *clerk
	room    string
}

func newChat(ctx context.Context, t *testing.T, kind, database string) *chat {
	t.Helper()
	hs, reg := home(t, kind)
	s := newSystem(t, hs, reg, database, 10)
	s.mustStart()
	ch := &chat{system: s, nora: s.clerk("nora"), citizen: &citizen{t: t, base: s.base}}
	if err := ch.nora.acceptInvites(ctx, 4); err != nil {
		t.Fatal(err)
	}
	if err := ch.citizen.open(ctx, areaA, "Guten Tag"); err != nil {
		t.Fatal(err)
	}
	var err error
	if ch.room, err = ch.nora.enter(ctx, ch.citizen.number); err != nil {
		t.Fatal(err)
	}
	return ch
}

// awaitText waits until the citizen has got a text, and returns the whole history.
func (ch *chat) awaitText(text string) []apiMessage {
	ch.t.Helper()
	var all []apiMessage
	eventually(ch.t, time.Minute, func() string {
		var err error
		if all, err = ch.citizen.history(); err != nil {
			return err.Error()
		}
		for _, m := range all {
			if m.Text == text {
				return ""
			}
		}
		return fmt.Sprintf("%q has not come", text)
	})
	return all
}

// TestHostileEventsBlockNothing: what no citizen can be shown is cleaned or set aside, and the
// next message flows on.
func TestHostileEventsBlockNothing(t *testing.T) {
	big := strings.Repeat("64 KB of text. ", 4000) // 60,000 bytes, near an event's limit of 65,536
	cases := []struct {
		name, content string
		text          string // what the citizen gets; "" means nothing
	}{
		{"NUL", `{"msgtype":"m.text","body":"a\u0000b"}`, "ab"},
		{"lone surrogate", `{"msgtype":"m.text","body":"a\ud800b"}`, "a\uFFFDb"},
		{"control characters", `{"msgtype":"m.text","body":"a\u0007\u001bb\nc"}`, "ab\nc"},
		{"empty body", `{"msgtype":"m.text","body":""}`, ""},
		{"only blanks", `{"msgtype":"m.text","body":" \n "}`, ""},
		{"body is a number", `{"msgtype":"m.text","body":5}`, ""},
		{"body is missing", `{"msgtype":"m.text"}`, ""},
		{"msgtype is a list", `{"msgtype":["m.text"],"body":"x"}`, ""},
		{"no content", `{}`, ""},
		{"formatted body is a number", `{"msgtype":"m.text","body":"plain","format":"org.matrix.custom.html","formatted_body":7}`, "plain"},
		{"relation is a text", `{"msgtype":"m.text","body":"related","m.relates_to":"x"}`, "related"},
		{"64 KB", `{"msgtype":"m.text","body":"` + big + `"}`, big},
	}
	homes(t, func(t *testing.T, kind string) {
		databases(t, func(t *testing.T, database string) {
			ctx, cancel := context.WithTimeout(context.Background(), 8*time.Minute)
			defer cancel()
			ch := newChat(ctx, t, kind, database)
			want := []string{"Guten Tag"}
			for i, c := range cases {
				path := fmt.Sprintf("rooms/%s/send/m.room.message/h%d", url.PathEscape(ch.room), i)
				status, err := ch.nora.call(ctx, http.MethodPut, path, []byte(c.content), nil)
				if err != nil {
					t.Fatal(err)
				}
				if status != http.StatusOK {
					t.Logf("%s: the homeserver itself refuses it (%d)", c.name, status)
				} else if c.text != "" {
					want = append(want, c.text)
				}
				after := fmt.Sprintf("after %s/1", c.name)
				if err := ch.nora.say(ctx, ch.room, "after "+c.name); err != nil {
					t.Fatal(err)
				}
				want = append(want, after)
				ch.awaitText(after)
			}
			var have []string
			for _, m := range ch.awaitText(want[len(want)-1]) {
				have = append(have, m.Text)
			}
			same(t, "texts", have, want)
		})
	})
}

// TestFormattedTextIsSanitised: the allow-list holds, end to end.
func TestFormattedTextIsSanitised(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	ch := newChat(ctx, t, "dendrite", "sqlite")
	ch.nora.send(ctx, ch.room, "f1", map[string]string{
		"msgtype": "m.text", "body": "fett", "format": "org.matrix.custom.html",
		"formatted_body": `<b onclick="x()">fett</b><script>alert(1)</script><img src="https://x.invalid/p.png"><a href="javascript:x()">a</a> <a href="https://www.aarau.ch/">b</a>`,
	})
	for _, m := range ch.awaitText("fett") {
		if m.Text == "fett" && m.HTML != `<b>fett</b>a <a href="https://www.aarau.ch/" rel="noreferrer noopener" target="_blank">b</a>` {
			t.Errorf("html: %s", m.HTML)
		}
		if m.Text == "fett" && m.Sender != "Nora Muster" {
			t.Errorf("sender: %s", m.Sender)
		}
	}
}
