package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// line is a message as somebody sees it: a citizen in the browser, a clerk in a Matrix client.
type line struct {
	Text      string
	Edited    bool
	Answers   bool
	Reactions string
}

// relation is what an event says about another one.
type relation struct {
	Kind    string `json:"rel_type"`
	EventID string `json:"event_id"`
	Key     string `json:"key"`
	Reply   struct {
		EventID string `json:"event_id"`
	} `json:"m.in_reply_to"`
}

func (e roomEvent) relation() (r relation) {
	_ = json.Unmarshal(e.Content.Relates, &r) // tests send what clients must not
	return r
}

// isEdit reports whether a message is another one's new text.
func (e roomEvent) isEdit() bool { return e.relation().Kind == "m.replace" }

// isEmptied reports whether a redaction has left the shell of a message.
func (e roomEvent) isEmptied() bool { return e.Type == "m.room.message" && e.Content.MsgType == "" }

func isGhost(user string) bool { return strings.HasPrefix(user, "@citizen_") }

// transcript is what a room shows of one side, worked out as Matrix clients do (specification,
// "Event replacements", "Event annotations and reactions", "Redactions").
func transcript(events []roomEvent, mine func(roomEvent) bool) []line {
	gone := map[string]bool{}
	for _, e := range events {
		if e.Type == "m.room.redaction" {
			gone[cmp.Or(e.Redacts, e.Content.Redacts)] = true
		}
	}
	events = slices.DeleteFunc(slices.Clone(events), func(e roomEvent) bool { return gone[e.ID] || e.isEmptied() })
	relations := make([]relation, len(events))
	for i, e := range events {
		relations[i] = e.relation()
	}
	var out []line
	for at, m := range events {
		if m.Type != "m.room.message" || m.isEdit() || !mine(m) {
			continue
		}
		l := line{Text: m.Content.Body}
		var last roomEvent
		by := map[string]map[string]bool{}
		for i, e := range events {
			r := relations[i]
			if e.ID == relations[at].Reply.EventID {
				l.Answers = true
			}
			if r.EventID != m.ID {
				continue
			}
			if r.Kind == "m.replace" && e.Sender == m.Sender && cmp.Or(cmp.Compare(e.At, last.At), cmp.Compare(e.ID, last.ID)) > 0 {
				l.Text, l.Edited, last = e.Content.New.Body, true, e
			}
			if r.Kind == "m.annotation" {
				if by[r.Key] == nil {
					by[r.Key] = map[string]bool{}
				}
				by[r.Key][e.Sender] = true
			}
		}
		l.Reactions = counted(func(yield func(string, int)) {
			for key, who := range by {
				yield(key, len(who))
			}
		})
		out = append(out, l)
	}
	return out
}

// counted is the same for the same reactions in any order.
func counted(each func(yield func(string, int))) string {
	var all []string
	each(func(key string, n int) { all = append(all, fmt.Sprint(key, n)) })
	slices.Sort(all)
	return strings.Join(all, " ")
}

// lines are a citizen's messages of one side.
func lines(messages []apiMessage, direction string) []line {
	var out []line
	for _, m := range messages {
		if m.Direction != direction || m.Deleted {
			continue
		}
		l := line{Text: m.Text, Edited: m.EditedAt != "", Answers: m.ReplyTo != nil && !m.ReplyTo.Deleted}
		l.Reactions = counted(func(yield func(string, int)) {
			for _, r := range m.Reactions {
				yield(r.Key, r.Count)
			}
		})
		out = append(out, l)
	}
	return out
}

// differs holds what a citizen sees, in the history and on the stream, against the room; "" when it
// is the same.
func (c *citizen) differs(events []roomEvent) string {
	stored, err := c.history()
	if err != nil {
		return err.Error()
	}
	for direction, mine := range map[string]func(roomEvent) bool{
		"citizen": func(e roomEvent) bool { return isGhost(e.Sender) },
		"clerk":   roomEvent.isClerks,
	} {
		room := transcript(events, mine)
		for where, messages := range map[string][]apiMessage{"history": stored, "stream": c.shown()} {
			if where == "stream" && len(messages) == 0 {
				continue // nobody listens
			}
			if have := lines(messages, direction); !slices.Equal(have, room) {
				return fmt.Sprintf("what the %s wrote, in the %s:\n%+v\nin the room:\n%+v", direction, where, have, room)
			}
		}
	}
	return ""
}

// shown is what stands on the citizen's screen.
func (c *citizen) shown() []apiMessage {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := slices.Clone(c.seen)
	for i, m := range out {
		if now, changed := c.changed[m.Seq]; changed {
			out[i] = now
		}
	}
	return out
}

// amend does something to a message: PATCH, PUT or DELETE. It repeats what goes unanswered, and
// returns the status.
func (c *citizen) amend(ctx context.Context, method, path string, body any) (int, error) {
	status, _, err := c.request(ctx, method, "conversations/"+c.id+"/messages/"+path, "", body)
	return status, err
}

// must is amend for what must succeed.
func (c *citizen) must(ctx context.Context, method, path string, body any) {
	c.t.Helper()
	if status, err := c.amend(ctx, method, path, body); err != nil || status != http.StatusAccepted {
		c.t.Fatalf("%s %s: %d %v", method, path, status, err)
	}
}

// edited is the body of an edit.
func edited(text string) map[string]string {
	return map[string]string{"client_id": fmt.Sprint("e", time.Now().UnixNano()), "text": text}
}
