package main

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// said is a message that a citizen has not deleted: as it was sent, and as it reads now.
type said struct{ text, id, now string }

// kept are the acknowledged messages that were not deleted, in order.
func (c *citizen) kept() []said {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []said
	for i, text := range c.sent {
		if !c.deletions[i] {
			out = append(out, said{text, c.ids[i], cmp.Or(c.edits[i], text)})
		}
	}
	return out
}

// thinkAgain has a citizen who has said n things edit, delete or react to one, or read what there is, now
// and then.
func (c *citizen) thinkAgain(ctx context.Context, n int) error {
	_, ids := c.acknowledged()
	do := func(method, path string, body any) error {
		status, err := c.amend(ctx, method, path, body)
		if err == nil && status != http.StatusAccepted {
			err = fmt.Errorf("%s of a message answered %d", method, status)
		}
		return err
	}
	if place := n - 3; n%7 == 0 && !c.deletions[place] {
		text := fmt.Sprintf("citizen %d, edited", place+1)
		if err := do(http.MethodPatch, ids[place], edited(text)); err != nil {
			return err
		}
		c.mu.Lock()
		if c.edits == nil {
			c.edits = map[int]string{}
		}
		c.edits[place] = text
		c.mu.Unlock()
	}
	if place := n - 4; n%11 == 0 {
		if err := do(http.MethodDelete, ids[place], nil); err != nil {
			return err
		}
		c.mu.Lock()
		if c.deletions == nil {
			c.deletions = map[int]bool{}
		}
		c.deletions[place] = true
		c.mu.Unlock()
	}
	if n%4 == 0 {
		if err := c.reads(ctx); err != nil {
			return err
		}
	}
	if n%5 == 0 {
		return do(http.MethodPut, ids[n-1]+"/reactions/x", nil)
	}
	return nil
}

// thinkAgain has a clerk edit, delete, react to or read what was said last, now and then, until the
// homeserver has answered. An unanswered edit may be in the room as well: the next is a later one.
func (c *clerk) thinkAgain(ctx context.Context, room string, n int) error {
	sent := c.returned(room)
	last := sent[len(sent)-1]
	until := func(try func(attempt int) (int, error)) error {
		for attempt := 1; ctx.Err() == nil; attempt++ {
			if status, err := try(attempt); err == nil && status == http.StatusOK {
				return nil
			}
			pause(ctx, 100*time.Millisecond)
		}
		return ctx.Err()
	}
	put := func(kind string, content any) (int, error) {
		path := fmt.Sprintf("rooms/%s/send/%s/t%d", url.PathEscape(room), kind, time.Now().UnixNano())
		return c.call(ctx, http.MethodPut, path, content, nil)
	}
	switch {
	case n%6 == 0:
		return until(func(attempt int) (int, error) {
			body := fmt.Sprintf("clerk %d, edited/%d", n, attempt)
			return put("m.room.message", map[string]any{
				"msgtype": "m.text", "body": "* " + body, "m.new_content": map[string]string{"msgtype": "m.text", "body": body},
				"m.relates_to": map[string]string{"rel_type": "m.replace", "event_id": last},
			})
		})
	case n%10 == 1 && len(sent) > 1:
		txn := fmt.Sprint("r", time.Now().UnixNano())
		return until(func(int) (int, error) {
			return c.call(ctx, http.MethodPut, fmt.Sprintf("rooms/%s/redact/%s/%s", url.PathEscape(room), url.PathEscape(sent[len(sent)-2]), txn), map[string]any{}, nil)
		})
	case n%9 == 0:
		return until(func(attempt int) (int, error) {
			return put("m.reaction", map[string]any{"m.relates_to": map[string]string{"rel_type": "m.annotation", "event_id": last, "key": fmt.Sprint("x", attempt)}})
		})
	case n%4 == 0:
		return until(func(int) (int, error) { return c.reads(ctx, room, last) })
	}
	return nil
}
