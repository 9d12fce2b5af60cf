package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"schalter/bridge/store/postgrestest"
)

// TestTypingAndReceipts: what each side sees of the other's writing and reading, on both
// homeservers, while the service is killed in between.
func TestTypingAndReceipts(t *testing.T) {
	homes(t, func(t *testing.T, kind string) {
		ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
		defer cancel()
		hs, reg := home(t, kind)
		database := "sqlite"
		if kind == "synapse" {
			database = postgrestest.Database(t)
		}
		s := newSystem(t, hs, reg, database, 10)
		s.mustStart()
		nora := s.clerk("nora")
		if err := nora.acceptInvites(ctx, 4); err != nil {
			t.Fatal(err)
		}
		var seen sights
		anna := &citizen{t: t, base: s.base, onEvent: seen.see}
		if err := anna.open(ctx, areaA, "eins"); err != nil {
			t.Fatal(err)
		}
		listening, stop := context.WithCancel(ctx)
		defer stop()
		go anna.listen(listening)
		room, err := nora.enter(ctx, anna.number)
		if err != nil {
			t.Fatal(err)
		}
		ghost := "@citizen_" + strings.ToLower(anna.id) + ":localhost"
		until := func(what string, yes func() bool) {
			t.Helper()
			eventually(t, 30*time.Second, func() string {
				if yes() {
					return ""
				}
				return "not so: " + what + "; the citizen saw " + seen.String()
			})
		}
		types := func(yes bool) {
			t.Helper()
			content := map[string]any{"typing": yes, "timeout": 30000}
			if status, err := nora.call(ctx, http.MethodPut, fmt.Sprintf("rooms/%s/typing/%s", url.PathEscape(room), url.PathEscape(nora.id)), content, nil); err != nil || status != http.StatusOK {
				t.Fatalf("typing answered %d %v", status, err)
			}
		}
		read := func(event string) {
			t.Helper()
			if status, err := nora.call(ctx, http.MethodPost, fmt.Sprintf("rooms/%s/receipt/m.read/%s", url.PathEscape(room), url.PathEscape(event)), map[string]any{}, nil); err != nil || status != http.StatusOK {
				t.Fatalf("receipt answered %d %v", status, err)
			}
		}
		tell := func(call string, body any) {
			t.Helper()
			if status, answer, err := anna.post(ctx, "conversations/"+anna.id+"/"+call, "", body); err != nil || status != http.StatusNoContent {
				t.Fatalf("%s answered %d %s %v", call, status, answer, err)
			}
		}
		say := func(text string) {
			t.Helper()
			if err := anna.say(ctx, text); err != nil {
				t.Fatal(err)
			}
		}
		answer := func(text string) string {
			t.Helper()
			if err := nora.say(ctx, room, text); err != nil {
				t.Fatal(err)
			}
			nora.mu.Lock()
			defer nora.mu.Unlock()
			return nora.sent[room][len(nora.sent[room])-1]
		}
		// eventOf is the event of a citizen's text, as soon as it stands in the room.
		eventOf := func(text string) (id string) {
			t.Helper()
			until(text+" in the room", func() bool {
				events, err := nora.timeline(ctx, room)
				if err != nil {
					return false
				}
				i := slices.IndexFunc(events, func(e roomEvent) bool { return e.Content.Body == text })
				if i >= 0 {
					id = events[i].ID
				}
				return i >= 0
			})
			return id
		}
		readUpTo := func(want int64) {
			t.Helper()
			until(fmt.Sprintf("read up to %d", want), func() bool { return seen.read() == want })
		}
		receiptAt := func(event string) {
			t.Helper()
			until("the ghost's receipt at "+event, func() bool {
				_, read, err := nora.signals(ctx, room)
				return err == nil && read[ghost] == event
			})
		}

		// The clerk writes. She may be in the room before the citizen's first text is.
		eventOf("eins")
		types(true)
		until("Nora types", func() bool { return seen.typing() == "Nora Muster" })
		types(false)
		until("Nora has stopped", func() bool { return seen.typing() == "" })
		types(true)
		until("Nora types again", func() bool { return seen.typing() == "Nora Muster" })
		first := answer("zwei") // what she sends ends it
		until("nobody types", func() bool { return seen.typing() == "" })
		types(false) // as her client says when it sends; Synapse does not conclude it
		readUpTo(1)  // who answers has read

		// The citizen writes, and reads.
		tell("typing", map[string]any{"typing": true})
		until("the ghost types", func() bool {
			typing, _, err := nora.signals(ctx, room)
			return err == nil && slices.Contains(typing, ghost)
		})
		tell("typing", map[string]any{"typing": false})
		until("the ghost has stopped", func() bool {
			typing, _, err := nora.signals(ctx, room)
			return err == nil && !slices.Contains(typing, ghost)
		})
		tell("read", map[string]any{"seq": 2})
		receiptAt(first)

		// The clerk reads, also while the service is away; what was read before stays read.
		say("drei")
		read(eventOf("drei"))
		readUpTo(3)
		say("vier")
		fourth := eventOf("vier")
		second := answer("fünf/1")
		until("the answer is stored", func() bool { h, err := anna.history(); return err == nil && len(h) == 5 })
		say("sechs")
		sixth := eventOf("sechs")
		readUpTo(4)
		tell("read", map[string]any{"seq": 6})
		s.kill()
		read(sixth)
		types(true)
		types(false)
		s.mustStart()
		readUpTo(6)
		receiptAt(second)
		read(fourth) // older
		types(true)
		until("Nora types after the restart", func() bool { return seen.typing() == "Nora Muster" })
		types(false)
		until("Nora has stopped after the restart", func() bool { return seen.typing() == "" })
		if got := seen.read(); got != 6 {
			t.Errorf("read up to %d, want 6", got)
		}
		if _, bad := anna.streamed(); len(bad) > 0 {
			t.Errorf("stream: %v", bad)
		}
	})
}

// sights is what a citizen's stream told beside the messages.
type sights struct {
	mu    sync.Mutex
	clerk string
	seq   int64
	all   []string
}

func (s *sights) see(name, data string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var v struct {
		Clerk *string
		Read  int64 `json:"read_seq"`
	}
	_ = json.Unmarshal([]byte(data), &v) // zero values are then what was seen
	switch name {
	case "typing":
		s.clerk = ""
		if v.Clerk != nil {
			s.clerk = *v.Clerk
		}
		s.all = append(s.all, "typing "+s.clerk)
	case "conversation":
		s.seq = v.Read
		s.all = append(s.all, fmt.Sprintf("read %d", v.Read))
	}
}

func (s *sights) typing() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clerk
}

func (s *sights) read() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seq
}

func (s *sights) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.all, ", ")
}

// signals is who types in a room and where each one's receipt stands, as a client sees it that signs
// in now.
func (m *matrixUser) signals(ctx context.Context, room string) (typing []string, read map[string]string, err error) {
	filter := fmt.Sprintf(`{"room":{"rooms":[%q],"timeline":{"limit":1,%s}}}`, room, uncached())
	var r struct {
		Rooms struct {
			Join map[string]struct {
				Ephemeral struct {
					Events []struct {
						Type    string
						Content map[string]json.RawMessage
					}
				}
			}
		}
	}
	if status, err := m.call(ctx, http.MethodGet, "sync?timeout=0&filter="+url.QueryEscape(filter), nil, &r); err != nil || status != http.StatusOK {
		return nil, nil, fmt.Errorf("sync answered %d %v", status, err)
	}
	read = map[string]string{}
	for _, e := range r.Rooms.Join[room].Ephemeral.Events {
		if e.Type == "m.typing" {
			if err := json.Unmarshal(e.Content["user_ids"], &typing); err != nil {
				return nil, nil, err
			}
			continue
		}
		for event, raw := range e.Content {
			var by map[string]map[string]json.RawMessage
			if err := json.Unmarshal(raw, &by); err != nil {
				return nil, nil, err
			}
			for user := range by["m.read"] {
				read[user] = event
			}
		}
	}
	return typing, read, nil
}
