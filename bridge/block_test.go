package bridge_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"schalter/bridge"
)

const (
	abuser    = "203.0.113.7"
	bystander = "203.0.113.8"
)

// from opens a chat from an address, and waits for its room if it is opened.
func (w *office) from(address string) (bridge.Conversation, error) {
	w.t.Helper()
	o, err := w.b.Open(context.Background(), bridge.Opening{
		Area: hunde, Language: "de", Name: "Anna", Address: address, Message: &bridge.CitizenMessage{ClientID: "1", Text: "Grüezi"},
	})
	if err != nil {
		return bridge.Conversation{}, err
	}
	return w.delivered(o.Conversation.ID), nil
}

// marks is all that the database keeps of an area's addresses and blocks, as text.
func (w *office) marks() string {
	w.t.Helper()
	var out strings.Builder
	must(0, w.db.Update(context.Background(), func(tx bridge.Tx) error {
		out.Reset()
		keys, err := tx.BlockingKeys(w.clock())
		if err != nil {
			return err
		}
		blocks, err := tx.Blocks("", w.clock())
		fmt.Fprintf(&out, "%d keys, %d blocks %+v", len(keys), len(blocks), blocks)
		return err
	}))
	return out.String()
}

func TestBlock(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w := newManned(t, url)
		c := must(w.from(abuser))
		for line, want := range map[string]string{
			"!sperren 5min": "Bitte so: !sperren", "!sperren 31d": "Bitte so: !sperren", "!sperren 2x": "Bitte so: !sperren",
			"!sperren " + strings.Repeat("x", 201): "höchstens 200 Zeichen", "!sperren aus": "#1 ist nicht gesperrt",
		} {
			if got := w.order(c, keller, line); !strings.Contains(got, want) {
				t.Errorf("%s: %s", line, got)
			}
		}
		if got := w.order(c, keller, "!sperren 2h Beschimpfungen"); !strings.Contains(got, "🚫 Frau Keller hat den Chat beendet und gesperrt bis 11.00 Uhr: Beschimpfungen\nWer denselben") {
			t.Error(got)
		}
		if got := w.look(c.ID); got.State != bridge.Closed || got.Life.ClosedBy != bridge.ByClerk {
			t.Errorf("conversation %+v", got)
		}
		// The token of the chat, another chat from there, and a request: all the same.
		_, again := w.b.FromCitizen(context.Background(), c.ID, bridge.CitizenMessage{ClientID: "2", Text: "Nochmals"})
		_, reopened := w.b.Reopen(context.Background(), c.ID)
		_, another := w.from(abuser)
		_, asked := w.b.LeaveRequest(context.Background(), bridge.NewRequest{Area: hunde, Language: "de", Text: "Nochmals", Address: abuser})
		for what, err := range map[string]error{"message": again, "reopen": reopened, "chat": another, "request": asked} {
			if !errors.Is(err, bridge.ErrBlocked) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if _, err := w.from(bystander); err != nil {
			t.Errorf("somebody else: %v", err)
		}
		if got := w.order(c, keller, "!auf"); !strings.Contains(got, "Der Chat ist gesperrt") {
			t.Error(got)
		}
		if got := w.marks(); !strings.HasPrefix(got, "1 keys, 1 blocks") || strings.Contains(got, abuser) {
			t.Errorf("kept: %s", got)
		}
		w.restart()
		w.awaitState(bridge.AreaOpen)
		if _, err := w.from(abuser); !errors.Is(err, bridge.ErrBlocked) {
			t.Errorf("after a restart: %v", err)
		}
		if got := w.inLobby(hunde, huber, "!sperren"); got != "🚫 #1 · bis 11.00 Uhr · Frau Keller: Beschimpfungen" {
			t.Error(got)
		}
		if got := w.inLobby(fund, meier, "!sperren"); got != "Niemand ist gesperrt." {
			t.Error(got)
		}
		if got := w.inLobby(fund, meier, "!sperren aus 1"); got != "#1 ist nicht gesperrt." {
			t.Error(got)
		}
		if got := w.command(chief, "!block off 1"); got != "The block of #1 is lifted." {
			t.Error(got)
		}
		if _, err := w.from(abuser); err != nil {
			t.Errorf("after it was lifted: %v", err)
		}
		if _, err := w.b.Reopen(context.Background(), c.ID); err != nil {
			t.Errorf("after it was lifted: %v", err)
		}
	})
}

// A block ends by itself, and nothing is left of the address; keys change every day.
func TestBlockEnds(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w := newManned(t, url)
		c := must(w.from(abuser))
		w.order(c, keller, "!sperren 3d")
		w.jump("2026-07-07 09.00.00") // another key
		w.awaitState(bridge.AreaOpen)
		second := must(w.from(bystander))
		w.order(second, keller, "!sperren 1h")
		for _, address := range []string{abuser, bystander} {
			if _, err := w.from(address); !errors.Is(err, bridge.ErrBlocked) {
				t.Errorf("%s: %v", address, err)
			}
		}
		if got := w.marks(); !strings.HasPrefix(got, "2 keys, 2 blocks") {
			t.Errorf("kept: %s", got)
		}
		w.jump("2026-07-07 10.00.00")
		if _, err := w.from(bystander); err != nil {
			t.Errorf("after an hour: %v", err)
		}
		w.jump("2026-07-09 09.00.00")
		w.awaitState(bridge.AreaOpen)
		if _, err := w.from(abuser); err != nil {
			t.Errorf("after three days: %v", err)
		}
		var left error
		w.await("nothing is known of where the first came from", func() bool {
			must(0, w.db.Update(context.Background(), func(tx bridge.Tx) error { _, left = tx.Address(c.ID); return nil }))
			return errors.Is(left, bridge.ErrNotFound)
		})
	})
}

func TestBlockWithoutAnAddress(t *testing.T) {
	t.Parallel()
	w := newManned(t, "sqlite:"+filepath.Join(t.TempDir(), "x.db"))
	c := w.opened("Grüezi")
	if got := w.order(c, keller, "!block"); !strings.Contains(got, "Only this chat is blocked") || !strings.Contains(got, "until 7.7.2026, 9.00") {
		t.Error(got)
	}
	if _, err := w.b.Reopen(context.Background(), c.ID); !errors.Is(err, bridge.ErrBlocked) {
		t.Errorf("error %v", err)
	}
	if _, err := w.from(""); err != nil {
		t.Errorf("somebody else: %v", err)
	}
	w.pass(24 * time.Hour)
	if got := w.order(c, keller, "!sperren aus"); strings.Contains(got, "aufgehoben") {
		t.Error(got)
	}
}
