package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestGapIsFilled: while the bridge is down, two clerks and the ghosts send 600 messages at once
// into shared rooms. Afterwards all of the clerks' are there, once, each writer's in order.
func TestGapIsFilled(t *testing.T) {
	homes(t, func(t *testing.T, kind string) {
		databases(t, func(t *testing.T, database string) { fillGap(t, kind, database) })
	})
}

func fillGap(t *testing.T, kind, database string) {
	ctx, cancel := context.WithTimeout(context.Background(), 8*time.Minute)
	defer cancel()
	hs, reg := home(t, kind)
	s := newSystem(t, hs, reg, database, 10)
	s.mustStart()
	staff := []*clerk{s.clerk("nora"), s.clerk("reto")}
	for _, c := range staff {
		if err := c.acceptInvites(ctx, 4); err != nil {
			t.Fatal(err)
		}
	}
	const rooms, each = 2, 100 // 2 rooms × 3 writers × 100 messages
	var citizens []*citizen
	var ids []string
	for i := range rooms {
		c := &citizen{t: t, base: s.base, index: i}
		if err := c.open(ctx, areaA, "before"); err != nil {
			t.Fatal(err)
		}
		citizens = append(citizens, c)
		for _, k := range staff {
			room, err := k.enter(ctx, c.number)
			if err != nil {
				t.Fatal(err)
			}
			if k == staff[0] {
				ids = append(ids, room)
			}
		}
	}
	for i, c := range citizens { // both clerks are heard before the outage
		for _, k := range staff {
			if err := k.say(ctx, ids[i], "before "+k.id); err != nil {
				t.Fatal(err)
			}
		}
		eventually(t, time.Minute, func() string {
			if all, err := c.history(); err != nil || len(all) != 3 {
				return fmt.Sprintf("%d of 3 messages, %v", len(all), err)
			}
			return ""
		})
	}
	s.stop()

	var writers sync.WaitGroup
	for i, c := range citizens {
		for _, k := range staff {
			writers.Go(func() {
				for n := range each {
					if err := k.say(ctx, ids[i], fmt.Sprintf("%s %d", k.id, n)); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		ghost := s.own("@citizen_" + strings.ToLower(c.id) + ":localhost")
		writers.Go(func() {
			for n := range each {
				path := fmt.Sprintf("rooms/%s/send/m.room.message/g%d-%d", url.PathEscape(ids[i]), i, n)
				status, err := ghost.call(ctx, http.MethodPut, path, map[string]string{"msgtype": "m.text", "body": fmt.Sprintf("ghost %d", n)}, nil)
				if err != nil || status != http.StatusOK {
					t.Errorf("ghost: %d %v", status, err)
					return
				}
			}
		})
	}
	writers.Wait()
	if t.Failed() {
		t.FailNow()
	}
	s.mustStart()
	for i, c := range citizens {
		var all []apiMessage
		eventually(t, 2*time.Minute, func() string {
			var err error
			if all, err = c.history(); err != nil || len(all) < 3+2*each {
				return fmt.Sprintf("room %d: %d of %d messages, %v", i, len(all), 3+2*each, err)
			}
			return ""
		})
		events, err := staff[0].timeline(ctx, ids[i])
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range staff {
			var inRoom, stored []string
			for _, e := range events {
				if e.Type == "m.room.message" && e.Sender == k.id {
					inRoom = append(inRoom, e.Content.Body)
				}
			}
			for _, m := range all {
				if strings.HasPrefix(m.Text, k.id) || strings.HasPrefix(m.Text, "before "+k.id) {
					stored = append(stored, m.Text)
				}
			}
			same(t, fmt.Sprintf("room %d, %s", i, k.id), stored, inRoom)
			if len(inRoom) != each+1 {
				t.Errorf("room %d shows %d messages of %s instead of %d", i, len(inRoom), k.id, each+1)
			}
		}
		if len(all) != 3+2*each || slices.ContainsFunc(all, func(m apiMessage) bool { return strings.HasPrefix(m.Text, "ghost") }) {
			t.Errorf("room %d: %d messages stored instead of %d, or a ghost's among them", i, len(all), 3+2*each)
		}
	}
}
