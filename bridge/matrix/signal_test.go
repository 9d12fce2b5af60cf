package matrix

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"schalter/bridge"
)

func TestReadSignals(t *testing.T) {
	typing := func(users ...bridge.UserID) bridge.Batch {
		return bridge.Batch{Typing: map[bridge.RoomID][]bridge.UserID{testRoom: users}}
	}
	read := func(event bridge.EventID, user bridge.UserID) bridge.Receipt {
		return bridge.Receipt{Room: testRoom, Event: event, User: user}
	}
	receipts := func(r ...bridge.Receipt) bridge.Batch { return bridge.Batch{Receipts: r} }
	for name, try := range map[string]struct {
		raw  string
		want bridge.Batch
	}{
		"typing":           {`{"type":"m.typing","content":{"user_ids":["` + testClerk + `","@b:c"]}}`, typing(testClerk, "@b:c")},
		"nobody":           {`{"type":"m.typing","content":{"user_ids":[]}}`, typing()},
		"only our own":     {`{"type":"m.typing","content":{"user_ids":["` + testGhost + `","` + testBot + `"]}}`, typing()},
		"typing mistyped":  {`{"type":"m.typing","content":{"user_ids":"` + testClerk + `"}}`, bridge.Batch{}},
		"no content":       {`{"type":"m.typing"}`, bridge.Batch{}},
		"not an object":    {`["m.typing"]`, bridge.Batch{}},
		"another type":     {`{"type":"m.presence","content":{"user_ids":["` + testClerk + `"]}}`, bridge.Batch{}},
		"receipt":          {`{"type":"m.receipt","content":{"$1":{"m.read":{"` + testClerk + `":{"ts":1}}}}}`, receipts(read("$1", testClerk))},
		"several":          {`{"type":"m.receipt","content":{"$2":{"m.read":{"@b:c":{},"@a:c":{"ts":1}}},"$1":{"m.read":{"` + testClerk + `":{}}}}}`, receipts(read("$1", testClerk), read("$2", "@a:c"), read("$2", "@b:c"))},
		"main timeline":    {`{"type":"m.receipt","content":{"$1":{"m.read":{"` + testClerk + `":{"thread_id":"main"}}}}}`, receipts(read("$1", testClerk))},
		"a thread":         {`{"type":"m.receipt","content":{"$1":{"m.read":{"` + testClerk + `":{"thread_id":"$0"}}}}}`, bridge.Batch{}},
		"private":          {`{"type":"m.receipt","content":{"$1":{"m.read.private":{"` + testClerk + `":{}}}}}`, bridge.Batch{}},
		"the ghost's own":  {`{"type":"m.receipt","content":{"$1":{"m.read":{"` + testGhost + `":{},"` + testBot + `":{}}}}}`, bridge.Batch{}},
		"receipt mistyped": {`{"type":"m.receipt","content":{"$1":{"m.read":["` + testClerk + `"]},"$2":7,"$3":{"m.read":{"` + testClerk + `":7}}}}`, bridge.Batch{}},
	} {
		t.Run(name, func(t *testing.T) {
			got := bridge.Batch{Typing: map[bridge.RoomID][]bridge.UserID{}}
			testAdapter(t).readSignal(&got, testRoom, json.RawMessage(try.raw))
			if len(got.Typing) == 0 {
				got.Typing = nil
			}
			if !reflect.DeepEqual(got, try.want) {
				t.Errorf("read %+v\nwant %+v", got, try.want)
			}
		})
	}
}

// aLog is a homeserver whose /sync has one entry for each response: an event, or «typing».
type aLog []string

func (l aLog) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasSuffix(r.URL.Path, "/sync") {
		fmt.Fprint(w, `{"joined_rooms":[]}`)
		return
	}
	since, _ := strconv.Atoi(r.URL.Query().Get("since")) // "" is the beginning
	if since == len(l) {
		<-r.Context().Done()
		return
	}
	room := fmt.Sprintf(`{"timeline":{"events":[{"event_id":%q,"type":"m.room.message","sender":%q,"content":{"msgtype":"m.text","body":"x"}}]}}`, l[since], testClerk)
	if l[since] == "typing" {
		room = `{"ephemeral":{"events":[{"type":"m.typing","content":{"user_ids":["` + testClerk + `"]}}]}}`
	}
	fmt.Fprintf(w, `{"next_batch":"%d","rooms":{"join":{%q:%s}}}`, since+1, testRoom, room)
}

// record is a core that keeps what is committed, fenced by the token as the store is. It crashes in
// one of its calls, before or after the commit.
type record struct {
	t       *testing.T
	token   string
	events  []string
	commits int
	shown   int
	calls   int
	crashIn int
	late    bool
	crash   func()
	whole   int
}

var errCrash = errors.New("crashed")

func (r *record) call(commit func()) error {
	if r.calls++; r.calls != r.crashIn {
		commit()
		return nil
	}
	if r.late {
		commit()
	}
	r.crash()
	return errCrash
}

func (r *record) TakeSync(context.Context) (bridge.SyncLease, bool, error) {
	return bridge.SyncLease{Owner: "me", Generation: 1, Since: r.token}, true, nil
}

func (r *record) FromMatrix(_ context.Context, batch bridge.Batch) error {
	if batch.Lease.Since != r.token {
		r.t.Errorf("commit from %s while the token is %s", batch.Lease.Since, r.token)
		return bridge.ErrLost
	}
	return r.call(func() {
		r.token = batch.Next
		r.commits++
		for _, ev := range batch.Events {
			r.events = append(r.events, string(ev.ID))
		}
		if len(r.events) == r.whole {
			r.crash()
		}
	})
}

func (r *record) ShowTyping(context.Context, map[bridge.RoomID][]bridge.UserID) {
	_ = r.call(func() { r.shown++ })
}

func (r *record) KnownEvents(context.Context, []bridge.EventID) (map[bridge.EventID]bool, error) {
	return nil, nil
}
func (r *record) HomeserverAnswers(bool)                                           {}
func (r *record) KnownRooms(context.Context) (map[bridge.RoomID]bool, error)       { return nil, nil }
func (r *record) FoundRoom(context.Context, bridge.RoomOwner, bridge.RoomID) error { return nil }

// Responses that say only who is typing cost no commit, and wherever the process dies, every event
// is taken once, in order.
func TestTokenThatIsOnlyRememberedLosesNothing(t *testing.T) {
	log := aLog{"$0", "typing", "typing", "$1", "typing", "$2", "$3", "typing", "typing", "typing", "$4"}
	want := slices.DeleteFunc(slices.Clone(log), func(s string) bool { return s == "typing" })
	hs := httptest.NewServer(log)
	defer hs.Close()
	for crashIn := range len(log) + 1 { // 0: it doesn't
		for _, late := range []bool{false, true} {
			r := &record{t: t, crashIn: crashIn, late: late, whole: len(want)}
			for len(r.events) < len(want) && !t.Failed() {
				a, err := New(Options{URL: hs.URL, ServerName: "example.org", Token: "token", Log: zerolog.Nop()})
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithCancel(t.Context())
				r.crash = cancel
				a.Run(ctx, r)
			}
			if !slices.Equal(r.events, want) {
				t.Errorf("crash in call %d, late %v: took %v, want %v", crashIn, late, r.events, want)
			}
			if crashIn == 0 && (r.commits != len(want) || r.shown != len(log)-len(want)) {
				t.Errorf("%d commits and %d showings, want %d and %d", r.commits, r.shown, len(want), len(log)-len(want))
			}
		}
	}
}

// A token is not remembered for ever: its commit tells whether the lease is still ours.
func TestTokenIsCommittedAfterAWhile(t *testing.T) {
	log := aLog{"typing", "typing", "$0"}
	hs := httptest.NewServer(log)
	defer hs.Close()
	a, err := New(Options{URL: hs.URL, ServerName: "example.org", Token: "token", Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	a.keep = 0
	ctx, cancel := context.WithCancel(t.Context())
	r := &record{t: t, whole: 1, crash: cancel}
	a.Run(ctx, r)
	if r.commits != len(log) || r.shown != 0 {
		t.Errorf("%d commits and %d showings, want %d and none", r.commits, r.shown, len(log))
	}
}
