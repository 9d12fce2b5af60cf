package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// readMarks watches, in a citizen's stream, how far the clerks have read: that never falls.
type readMarks struct {
	mu   sync.Mutex
	seq  int64
	fell string
}

func (r *readMarks) see(name, data string) {
	if name != "conversation" {
		return
	}
	var look apiConversation
	_ = json.Unmarshal([]byte(data), &look) // the stream's own check is elsewhere
	r.mu.Lock()
	defer r.mu.Unlock()
	if look.ReadSeq < r.seq {
		r.fell = fmt.Sprintf("what was read fell from %d to %d", r.seq, look.ReadSeq)
	}
	r.seq = look.ReadSeq
}

func (r *readMarks) bad() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.fell
}

// reads has a citizen have read everything that the stream has told.
func (c *citizen) reads(ctx context.Context) error {
	seen, _ := c.streamed()
	if len(seen) == 0 {
		return nil
	}
	status, answer, err := c.post(ctx, "conversations/"+c.id+"/read", "", map[string]int64{"seq": seen[len(seen)-1].Seq})
	if err == nil && status != http.StatusNoContent {
		err = fmt.Errorf("reading answered %d: %s", status, answer)
	}
	return err
}

// reads has a clerk have read up to an event.
func (c *clerk) reads(ctx context.Context, room, event string) (int, error) {
	path := fmt.Sprintf("rooms/%s/receipt/m.read/%s", url.PathEscape(room), url.PathEscape(event))
	return c.call(ctx, http.MethodPost, path, map[string]any{}, nil)
}

// allRead has both sides read the last that the other has said, and waits until each knows it of the
// other.
func (tr *traffic) allRead(ctx context.Context, i int) {
	tr.s.t.Helper()
	c, staff, room := tr.citizens[i], tr.clerks[i%len(tr.clerks)], tr.rooms[i]
	events, err := tr.truth(ctx, i)
	if err != nil {
		tr.s.t.Fatal(err)
	}
	var ofCitizen, ofClerk string
	for _, e := range events {
		switch {
		case e.Type != "m.room.message" || e.isEdit() || e.isEmptied():
		case e.isClerks():
			ofClerk = e.ID
		case isGhost(e.Sender):
			ofCitizen = e.ID
		}
	}
	if err := c.reads(ctx); err != nil {
		tr.s.t.Fatal(err)
	}
	ghost := "@citizen_" + strings.ToLower(c.id) + ":localhost"
	eventually(tr.s.t, time.Minute, func() string {
		if status, err := staff.reads(ctx, room, ofCitizen); err != nil || status != http.StatusOK {
			return fmt.Sprintf("conversation %d: receipt answered %d %v", i, status, err)
		}
		var look apiConversation
		if err := c.get("", &look); err != nil {
			return err.Error()
		}
		if look.ReadSeq != look.DeliveredSeq {
			return fmt.Sprintf("conversation %d: the clerk has read up to %d of %d", i, look.ReadSeq, look.DeliveredSeq)
		}
		_, read, err := staff.signals(ctx, room)
		if err != nil {
			return err.Error()
		}
		if read[ghost] != ofClerk {
			return fmt.Sprintf("conversation %d: the citizen's receipt is at %q, want %q", i, read[ghost], ofClerk)
		}
		return ""
	})
	if bad := tr.marks[i].bad(); bad != "" {
		tr.s.t.Errorf("conversation %d: %s", i, bad)
	}
}
