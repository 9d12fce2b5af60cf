package webchat_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"schalter/bridge"
)

// amended is what of a message can change.
type amended struct {
	Seq      int64
	Text     string
	State    string
	Emote    bool
	EditedAt string `json:"edited_at"`
	Deleted  bool
	ReplyTo  *struct {
		ID, Direction, Sender, Text string
		Seq                         int64
		Deleted                     bool
	} `json:"reply_to"`
	Reactions []struct {
		Key   string
		Count int
		Mine  bool
	}
}

func (ev event) amended(t *testing.T) (a amended) {
	t.Helper()
	if err := json.Unmarshal([]byte(ev.data), &a); err != nil {
		t.Fatal(err)
	}
	return a
}

func TestStreamTellsChanges(t *testing.T) {
	h := newHouse(t)
	o := h.open(`{"service_area":"fundbuero","message":{"client_id":"a","text":"Grüezi"}}`)
	first := h.core.messages[o.ID][0]
	h.core.mu.Lock()
	h.core.append(h.core.conversations[o.ID], bridge.Message{
		Direction: bridge.FromClerkDirection, Sender: "Nora Keller", Text: "nickt", Emote: true, Event: "$e", ReplyTo: first.ID,
		Quote: bridge.Quote{Seq: 1, Direction: bridge.FromCitizenDirection, Text: "Grüezi"},
	})
	h.core.mu.Unlock()
	e := h.stream(o, "")
	e.next("message")
	if m := e.next("message").amended(t); !m.Emote || m.ReplyTo == nil || m.ReplyTo.ID != string(first.ID) || m.ReplyTo.Text != "Grüezi" || m.ReplyTo.Direction != "citizen" {
		t.Errorf("reply %+v", m)
	}
	edited := at("2026-11-23T09:01:00+01:00")
	h.core.amend(o.ID, 2, func(m *bridge.Message) { m.Text, m.EditedAt = "nickt zweimal", edited })
	ev := e.next("message_changed")
	if m := ev.amended(t); ev.id != "" || m.Seq != 2 || m.Text != "nickt zweimal" || m.EditedAt != "2026-11-23T08:01:00Z" {
		t.Errorf("edit %+v", ev)
	}
	h.core.amend(o.ID, 1, func(m *bridge.Message) { m.Reactions = []bridge.ReactionCount{{Key: "👍", Count: 2, Mine: true}} })
	if m := e.next("message_changed").amended(t); len(m.Reactions) != 1 || m.Reactions[0].Count != 2 || !m.Reactions[0].Mine || m.Reactions[0].Key != "👍" {
		t.Errorf("reaction %+v", m)
	}
	h.core.amend(o.ID, 2, func(m *bridge.Message) { m.Text, m.DeletedAt, m.EditedAt = "", edited, time.Time{} })
	if m := e.next("message_changed").amended(t); !m.Deleted || m.Text != "" || m.EditedAt != "" {
		t.Errorf("deletion %+v", m)
	}
	h.core.amend(o.ID, 1, func(m *bridge.Message) { m.Failed = true })
	if m := e.next("message_changed").amended(t); m.State != "failed" {
		t.Errorf("failure %+v", m)
	}
	// New messages go on as before, and carry the only IDs.
	h.core.fromClerk(o.ID, "Nora Keller", "Guten Tag")
	if ev := e.next("message"); ev.id != "3" {
		t.Errorf("message %+v", ev)
	}
	var all struct{ Messages []amended }
	h.get(o.path()+"/messages", "Authorization", o.bearer()).into(t, 200, &all)
	if len(all.Messages) != 3 || !all.Messages[1].Deleted || len(all.Messages[0].Reactions) != 1 {
		t.Errorf("history %+v", all)
	}
}

// Who comes again learns of every change of what it has, and gets the rest as it is now.
func TestStreamResumesWithChanges(t *testing.T) {
	h := newHouse(t)
	o := h.open(plainOpening)
	const n = 450 // more than two pages
	for i := range n {
		h.core.fromClerk(o.ID, "Nora", strconv.Itoa(i+1))
	}
	for i := range n {
		h.core.amend(o.ID, int64(n-i), func(m *bridge.Message) { m.Text += " neu" })
	}
	e := h.stream(o, "", "Last-Event-ID", "440")
	for want := int64(1); want <= 440; want++ {
		if m := e.next("message_changed").amended(t); m.Seq != want || m.Text != fmt.Sprint(want, " neu") {
			t.Fatalf("change %+v, want %d", m, want)
		}
	}
	for want := int64(441); want <= n; want++ {
		if m := e.next("message").amended(t); m.Seq != want || m.Text != fmt.Sprint(want, " neu") {
			t.Fatalf("message %+v, want %d", m, want)
		}
	}
	h.core.amend(o.ID, 3, func(m *bridge.Message) { m.Text = "drei" })
	if m := e.next("message_changed").amended(t); m.Seq != 3 || m.Text != "drei" {
		t.Errorf("after all that: %+v", m)
	}
	h.core.setFail("Changed", bridge.ErrUnavailable)
	h.core.amend(o.ID, 3, func(m *bridge.Message) { m.Text = "vier" })
	e.untilEnd()
}

// A message that is changed the moment it comes: whatever the stream has read first, the browser
// ends with the text that counts.
func TestStreamNeverKeepsWhatHasChanged(t *testing.T) {
	h := newHouse(t)
	o := h.open(plainOpening)
	e := h.stream(o, "")
	const n = 200
	go func() {
		for i := range n {
			m := h.core.fromClerk(o.ID, "Nora", "alt")
			h.hub.Deliver(m)
			h.hub.Notify(o.ID)
			h.core.amend(o.ID, int64(i+1), func(m *bridge.Message) { m.Text = "neu" })
		}
	}()
	texts := map[int64]string{}
	for done := false; !done; {
		ev, ok := e.read()
		if !ok {
			t.Fatal("the stream ended")
		}
		if !strings.HasPrefix(ev.name, "message") {
			continue
		}
		m := ev.amended(t)
		texts[m.Seq] = m.Text
		done = len(texts) == n
		for _, text := range texts {
			done = done && text == "neu"
		}
	}
}

// Without a script, the page shows what counts now.
func TestPlainShowsChanges(t *testing.T) {
	h := newHouse(t)
	o := h.open(`{"service_area":"fundbuero","message":{"client_id":"a","text":"Grüezi"}}`)
	h.core.fromClerk(o.ID, "Nora Keller", "geheim")
	h.core.fromClerk(o.ID, "Nora Keller", "nickt")
	h.core.amend(o.ID, 2, func(m *bridge.Message) { m.Text, m.DeletedAt = "", time.Now() })
	h.core.amend(o.ID, 3, func(m *bridge.Message) {
		m.Emote, m.Quote = true, bridge.Quote{Seq: 1, Direction: bridge.FromCitizenDirection, Text: "Grüezi <b>"}
	})
	page := string(h.get("/plain/log", "Cookie", "schalter="+string(o.ID)+"."+o.Token).body)
	if strings.Count(page, `<div class="message`) != 2 || !strings.Contains(page, "* nickt") || !strings.Contains(page, "<blockquote>Grüezi &lt;b&gt;</blockquote>") {
		t.Errorf("page %s", page)
	}
}
