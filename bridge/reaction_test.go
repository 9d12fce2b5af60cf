package bridge_test

import (
	"errors"
	"testing"
	"time"

	"schalter/bridge"
)

// The bot's ✅ stands under a request's notice exactly once, whatever becomes of the call, and
// marks nothing as done: only a clerk's does.
func TestRequestHasItsButton(t *testing.T) {
	t.Parallel()
	for name, fates := range map[string][]fate{
		"answered":                    nil,
		"answer lost":                 {{err: bridge.ErrUnanswered, acts: true}},
		"request lost":                {{err: bridge.ErrUnanswered}},
		"lost, then the answer":       {{err: bridge.ErrUnanswered}, {err: bridge.ErrUnanswered, acts: true}},
		"homeserver away":             {{err: bridge.ErrNotSent}, {err: bridge.ErrNotSent}},
		"not allowed for the time":    {{err: bridge.ErrForbidden}},
		"acts, answers with an error": {{err: errors.New("HTTP 500"), acts: true}},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, url string) {
				w, _ := newPostOffice(t, url, "23.14.00")
				w.hs.forgets = true // so that a repetition would show
				w.hs.script("React", fates...)
				r := w.noticed(must(w.b.LeaveRequest(t.Context(), umbrella)).Request.ID)
				w.passUntil("the button", 250*time.Millisecond, func() bool {
					w.sync()
					pending := must(w.db.Pending(t.Context(), "lobby:"+string(hunde), bridge.PlaceReaction))
					return !pending && len(w.hs.reactions(r.Notice)) > 0
				})
				w.pass(time.Hour)
				w.settled()
				w.sync()
				got := w.hs.reactions(r.Notice)
				if len(got) != 1 || got[0].Key != "✅" || got[0].As != w.hs.BotID() || got[0].Room != w.lobby(hunde) {
					t.Errorf("under the notice: %+v", got)
				}
				if r = w.noticed(r.ID); r.State != bridge.RequestOpen {
					t.Errorf("the bot's own marks it: %s", r.State)
				}
				w.hs.say(bridge.Event{Room: w.lobby(hunde), Sender: keller, Kind: bridge.ClerkReaction, Key: bridge.DoneKey, ReplyTo: r.Notice})
				w.sync()
				if r = w.noticed(r.ID); r.State != bridge.RequestDone {
					t.Errorf("a clerk's does not: %s", r.State)
				}
			})
		})
	}
}
