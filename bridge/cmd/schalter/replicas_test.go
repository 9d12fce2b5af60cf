package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"schalter/bridge/store/postgrestest"
)

// TestReplicasShareTheWork: two processes on one PostgreSQL. What one takes or reads, the other's
// browsers see; when the one that reads /sync dies, the other goes on.
func TestReplicasShareTheWork(t *testing.T) {
	homes(t, func(t *testing.T, kind string) {
		ctx, cancel := context.WithTimeout(context.Background(), 6*time.Minute)
		defer cancel()
		hs, reg := home(t, kind)
		database := postgrestest.Database(t)
		s := newSystem(t, hs, reg, database, 10)
		s.mustStart()
		second := s.writeConfig("second.yaml", database, 10)
		ended, process, err := s.launch("second.yaml")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = process.Process.Kill(); <-ended })
		if err := s.awaitHealth(second, ended); err != nil {
			t.Fatal(err)
		}
		nora := s.clerk("nora")
		if err := nora.acceptInvites(ctx, 4); err != nil {
			t.Fatal(err)
		}
		// The citizen writes to the first and listens at the second.
		writer := &citizen{t: t, base: s.base}
		if err := writer.open(ctx, areaA, "1"); err != nil {
			t.Fatal(err)
		}
		listener := &citizen{t: t, base: second, id: writer.id, token: writer.token, number: writer.number}
		listening, stop := context.WithCancel(ctx)
		defer stop()
		go listener.listen(listening)
		room, err := nora.enter(ctx, writer.number)
		if err != nil {
			t.Fatal(err)
		}
		heard := func(want ...string) {
			t.Helper()
			eventually(t, time.Minute, func() string {
				seen, bad := listener.streamed()
				var texts []string
				for _, m := range seen {
					texts = append(texts, m.Text)
				}
				if len(bad) > 0 || strings.Join(texts, "|") != strings.Join(want, "|") {
					return fmt.Sprintf("the second replica's stream has %q, want %q %v", texts, want, bad)
				}
				return ""
			})
		}
		if err := nora.say(ctx, room, "2"); err != nil {
			t.Fatal(err)
		}
		heard("1", "2/1")
		if err := writer.say(ctx, "3"); err != nil {
			t.Fatal(err)
		}
		heard("1", "2/1", "3")
		s.kill() // it was first, so it held the lease
		if err := nora.say(ctx, room, "4"); err != nil {
			t.Fatal(err)
		}
		writer.base = second
		heard("1", "2/1", "3", "4/1")
		if err := writer.say(ctx, "5"); err != nil {
			t.Fatal(err)
		}
		heard("1", "2/1", "3", "4/1", "5")
		eventually(t, time.Minute, func() string {
			var look apiConversation
			if err := listener.get("", &look); err != nil || look.DeliveredSeq != 5 {
				return fmt.Sprintf("not delivered by the second replica: %+v %v", look, err)
			}
			return ""
		})
	})
}
