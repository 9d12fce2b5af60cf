package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"
)

// clerk is a member of staff with a Matrix client, talking to the homeserver directly.
type clerk struct {
	*matrixUser
	t testing.TB

	mu   sync.Mutex
	sent map[string][]string // room → event IDs that the homeserver returned, in order
}

func (s *system) clerk(name string) *clerk {
	s.t.Helper()
	return &clerk{matrixUser: s.login(name), t: s.t, sent: map[string][]string{}}
}

// acceptInvites joins whatever the clerk is invited to: the spaces and lobbies of the areas.
func (c *clerk) acceptInvites(ctx context.Context, want int) error {
	joined := map[string]bool{}
	for ; len(joined) < want; pause(ctx, 200*time.Millisecond) { // clients look now and then
		var r struct {
			Rooms struct {
				Invite map[string]json.RawMessage `json:"invite"`
			} `json:"rooms"`
		}
		if status, err := c.call(ctx, http.MethodGet, "sync?timeout=0&filter="+url.QueryEscape(fmt.Sprintf(`{"room":{"timeline":{"limit":1,%s}}}`, uncached())), nil, &r); err != nil || status != 200 {
			if ctx.Err() != nil {
				return fmt.Errorf("waiting for invitations (%d of %d): %w", len(joined), want, ctx.Err())
			}
			continue
		}
		for room := range r.Rooms.Invite {
			if c.join(ctx, room) == nil {
				joined[room] = true
			}
		}
		if ctx.Err() != nil {
			return fmt.Errorf("waiting for invitations (%d of %d): %w", len(joined), want, ctx.Err())
		}
	}
	return nil
}

func (c *clerk) join(ctx context.Context, roomOrAlias string) error {
	status, err := c.call(ctx, http.MethodPost, "join/"+url.PathEscape(roomOrAlias), map[string]any{}, nil)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("join answered %d", status)
	}
	return err
}

// enter joins a conversation's room as soon as it exists, and returns its ID.
func (c *clerk) enter(ctx context.Context, number int64) (string, error) {
	alias := fmt.Sprintf("#schalter_%d:localhost", number)
	for {
		var r struct {
			RoomID string `json:"room_id"`
		}
		status, err := c.call(ctx, http.MethodPost, "join/"+url.PathEscape(alias), map[string]any{}, &r)
		if err == nil && status == http.StatusOK {
			return r.RoomID, nil
		}
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("room of #%d: %w (last answer %d)", number, ctx.Err(), status)
		case <-time.After(300 * time.Millisecond): // clients look again too
		}
	}
}

// send sends one content; "" when there was no usable answer, so that nobody knows.
func (c *clerk) send(ctx context.Context, room, txn string, content any) string {
	var r struct {
		EventID string `json:"event_id"`
	}
	status, err := c.call(ctx, http.MethodPut, fmt.Sprintf("rooms/%s/send/m.room.message/%s", url.PathEscape(room), txn), content, &r)
	if err != nil || status != http.StatusOK {
		return ""
	}
	return r.EventID
}

// say sends a text until the homeserver has returned an event ID for it. Each attempt says another
// text, for an unanswered one may be in the room as well.
func (c *clerk) say(ctx context.Context, room, text string) error {
	for attempt := 1; ctx.Err() == nil; attempt++ {
		body := fmt.Sprintf("%s/%d", text, attempt)
		txn := fmt.Sprintf("t%d", time.Now().UnixNano())
		if id := c.send(ctx, room, txn, map[string]string{"msgtype": "m.text", "body": body}); id != "" {
			c.mu.Lock()
			c.sent[room] = append(c.sent[room], id)
			c.mu.Unlock()
			return nil
		}
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
	return ctx.Err()
}

// roomEvent is an event of a room as the homeserver tells it.
type roomEvent struct {
	ID       string  `json:"event_id"`
	Type     string  `json:"type"`
	Sender   string  `json:"sender"`
	StateKey *string `json:"state_key"`
	At       int64   `json:"origin_server_ts"`
	Redacts  string  `json:"redacts"`
	Content  struct {
		Body    string `json:"body"`
		MsgType string `json:"msgtype"`
		Marker  string `json:"ch.schalter.message_id"`
		Redacts string `json:"redacts"`
		// Membership is that of an m.room.member.
		Membership string `json:"membership"`
		New        struct {
			Body string `json:"body"`
		} `json:"m.new_content"`
		// Relates is of any type: tests send what clients must not.
		Relates json.RawMessage `json:"m.relates_to"`
	} `json:"content"`
}

// uncached makes a filter that nobody has used: Synapse keeps the answer to a first /sync for two
// minutes and gives it to whoever asks the same again.
func uncached() string {
	return fmt.Sprintf(`"not_types":["uncached.%d"]`, time.Now().UnixNano())
}

// timeline is the whole room, as a client sees it that signs in now. Dendrite gives it in one
// /sync; Synapse caps that, and is paged.
func (m *matrixUser) timeline(ctx context.Context, room string) ([]roomEvent, error) {
	filter := fmt.Sprintf(`{"room":{"rooms":[%q],"timeline":{"limit":10000,%s},"state":{"lazy_load_members":true}}}`, room, uncached())
	var r struct {
		Rooms struct {
			Join map[string]struct {
				Timeline struct {
					Events    []roomEvent `json:"events"`
					Limited   bool        `json:"limited"`
					PrevBatch string      `json:"prev_batch"`
				} `json:"timeline"`
			} `json:"join"`
		} `json:"rooms"`
	}
	if status, err := m.call(ctx, http.MethodGet, "sync?timeout=0&filter="+url.QueryEscape(filter), nil, &r); err != nil || status != 200 {
		return nil, fmt.Errorf("sync answered %d %v", status, err)
	}
	t := r.Rooms.Join[room].Timeline
	events := t.Events
	for from := t.PrevBatch; t.Limited && from != "" && len(t.Events) <= 100; {
		var page struct {
			Chunk []roomEvent `json:"chunk"`
			End   string      `json:"end"`
		}
		path := fmt.Sprintf("rooms/%s/messages?dir=b&limit=500&from=%s", url.PathEscape(room), url.QueryEscape(from))
		if status, err := m.call(ctx, http.MethodGet, path, nil, &page); err != nil || status != 200 {
			return nil, fmt.Errorf("messages answered %d %v", status, err)
		}
		slices.Reverse(page.Chunk)
		events = append(page.Chunk, events...)
		if len(page.Chunk) == 0 {
			break
		}
		from = page.End
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(events, func(e roomEvent) bool {
		known := seen[e.ID]
		seen[e.ID] = true
		return known
	}), nil
}
