package main

import (
	"context"
	"testing"
	"time"
)

// TestLostJoin: a Dendrite that was killed takes a clerk for joined in a room that they are not in, so that
// they can neither come in nor write there. They are put out, asked in again, and serve.
func TestLostJoin(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	hs, reg := home(t, "dendrite")
	s := newSystem(t, hs, reg, "sqlite", 10)
	s.mustStart()
	nora, c := s.clerk("nora"), &citizen{t: t, base: s.base}
	if err := nora.acceptInvites(ctx, 4); err != nil {
		t.Fatal(err)
	}
	if err := c.open(ctx, areaA, "Grüezi"); err != nil {
		t.Fatal(err)
	}
	listening, stop := context.WithCancel(ctx)
	defer stop()
	go c.listen(listening)
	reto := s.clerk("reto") // who knows when the room is there
	if err := reto.acceptInvites(ctx, 4); err != nil {
		t.Fatal(err)
	}
	room, err := reto.enter(ctx, c.number)
	if err != nil {
		t.Fatal(err)
	}
	if err := hs.LoseJoin(nora.id, room); err != nil {
		t.Fatal(err)
	}
	if _, err := nora.enter(ctx, c.number); err != nil {
		t.Fatal(err)
	}
	if id := nora.send(ctx, room, "lost", map[string]string{"msgtype": "m.text", "body": "lost"}); id != "" {
		t.Fatal("the clerk can write: the homeserver has lost nothing")
	}
	if err := nora.acceptInvites(ctx, 1); err != nil {
		t.Fatal(err)
	}
	if err := nora.say(ctx, room, "Guten Tag"); err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Minute, func() string {
		for _, m := range c.shown() {
			if m.Text == "Guten Tag/1" {
				return ""
			}
		}
		return "the citizen has no answer"
	})
}
