package bridge_test

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"schalter/bridge"
)

// homeserver is a bridge.Rooms whose faults are chosen: it acts on a call or not, and answers or
// not. Whatever it acts on stands in its timeline, as the bot's /sync would show it.
type homeserver struct {
	mu       sync.Mutex
	timeline []bridge.Event
	calls    []call
	scripts  map[string][]fate
	// fate, if set, decides on calls for which there is no script.
	fate func(call) fate
	// forgets: a transaction ID that comes again makes a second event, as on a homeserver that
	// was restarted. Otherwise it gives the first one's event ID.
	forgets bool
	events  map[string]bridge.EventID // by sender, room and transaction ID
	late    []func()
	rooms   int
	aliases map[string]bridge.RoomID
	texts   map[bridge.EventID]string
	// facts are all messages, edits and reactions as they were sent; redacted those that were
	// deleted since. ticks: each event has a time of its own.
	facts    []fact
	redacted map[bridge.EventID]bool
	ticks    bool
	// plans are how conversations' rooms were last brought in step.
	plans map[bridge.RoomID]bridge.RoomPlan
	// inspections counts the looks at each room; drift is what is found there. unlisted are rooms that
	// spaces do not list, out those that the bot is not in.
	inspections   map[bridge.RoomID]int
	drift         map[bridge.RoomID][]bridge.What
	unlisted, out map[bridge.RoomID]bool
	placed        []bridge.Reaction
	edits         []edit
	// mentions are those of a message.
	mentions map[bridge.EventID][]bridge.UserID
	// html is that of a message.
	html map[bridge.EventID]string
	// media are the files that were uploaded, sent those of citizens whose message is in a room.
	media map[bridge.MediaURI][]byte
	sent  []bridge.File
	// posted are those that the bot has put into a room.
	posted []bridge.File
}

// edit is a message in place of an earlier one.
type edit struct {
	room   bridge.RoomID
	target bridge.EventID
	text   string
}

// call is one call of a method of bridge.Rooms.
type call struct {
	method string
	room   bridge.RoomID
	as     bridge.UserID
	entry  string
	nonce  string
	number int64
	retry  bool
	// alias of a clerk's room with the bot.
	alias string
	// members are those who may be in the room.
	members []bridge.UserID
	// event of a receipt, lasts of typing.
	event bridge.EventID
	lasts time.Duration
	// done: it was answered.
	done bool
}

// fate is what a call comes to. The zero value is success.
type fate struct {
	// err is the answer. Without acts the homeserver has then done nothing.
	err  error
	acts bool
	// later: it acts when the test says so (actLate).
	later bool
	// hold: it acts, if it does, and answers when the channel is closed.
	hold chan struct{}
}

var _ bridge.Rooms = (*homeserver)(nil)

func newHomeserver() *homeserver {
	return &homeserver{
		scripts: map[string][]fate{}, events: map[string]bridge.EventID{}, aliases: map[string]bridge.RoomID{},
		texts: map[bridge.EventID]string{}, redacted: map[bridge.EventID]bool{}, media: map[bridge.MediaURI][]byte{}, mentions: map[bridge.EventID][]bridge.UserID{}, html: map[bridge.EventID]string{},
		plans: map[bridge.RoomID]bridge.RoomPlan{}, inspections: map[bridge.RoomID]int{},
	}
}

// script says what the next calls of a method come to.
func (h *homeserver) script(method string, fates ...fate) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.scripts[method] = append(h.scripts[method], fates...)
}

// did returns the calls of a method so far, those for one room if it is not empty.
func (h *homeserver) did(method string, room bridge.RoomID) []call {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []call
	for _, c := range h.calls {
		if c.method == method && (room == "" || c.room == room) {
			out = append(out, c)
		}
	}
	return out
}

// do lets a call meet its fate.
func (h *homeserver) do(ctx context.Context, c call, act func()) error {
	h.mu.Lock()
	h.calls = append(h.calls, c)
	n := len(h.calls) - 1
	var f fate
	if s := h.scripts[c.method]; len(s) > 0 {
		f, h.scripts[c.method] = s[0], s[1:]
	} else if h.fate != nil {
		f = h.fate(c)
	}
	h.mu.Unlock()
	if f.hold != nil {
		select {
		case <-f.hold:
		case <-ctx.Done():
			return fmt.Errorf("call was cancelled: %w", bridge.ErrUnanswered)
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls[n].done = true
	if f.later {
		h.late = append(h.late, act)
	} else if f.err == nil || f.acts {
		act()
	}
	return f.err
}

// actLate does now what was asked for earlier.
func (h *homeserver) actLate() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, act := range h.late {
		act()
	}
	h.late = nil
}

// add puts an event into the timeline. The caller holds mu.
func (h *homeserver) add(ev bridge.Event) bridge.EventID {
	ev.ID = bridge.EventID(fmt.Sprintf("$event-%d", len(h.timeline)+1))
	ev.At = start
	if h.ticks {
		ev.At = start.Add(time.Duration(len(h.timeline)) * time.Millisecond)
	}
	h.timeline = append(h.timeline, ev)
	return ev.ID
}

// say puts an event of somebody else into the timeline.
func (h *homeserver) say(ev bridge.Event) bridge.EventID {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.add(ev)
}

// made returns how many rooms it has made.
func (h *homeserver) made() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.rooms
}

func (h *homeserver) since(n int) []bridge.Event {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]bridge.Event(nil), h.timeline[n:]...)
}

// firstNotice tells the first notice of a conversation's room, which has a test of its own.
const firstNotice = "Identität nicht geprüft"

// said returns the texts that were sent to a room, in order, but for its first notice and for edits.
func (h *homeserver) said(room bridge.RoomID) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []string
	for _, ev := range h.timeline {
		if text, sent := h.texts[ev.ID]; sent && ev.Room == room && !strings.Contains(text, firstNotice) {
			out = append(out, text)
		}
	}
	return out
}

// reactions returns those that stand under an event.
func (h *homeserver) reactions(target bridge.EventID) []bridge.Reaction {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(h.placed), func(r bridge.Reaction) bool { return r.Target != target })
}

func (h *homeserver) BotID() bridge.UserID { return "@schalter_bot:example.org" }
func (h *homeserver) GhostID(localpart string) bridge.UserID {
	return bridge.UserID("@" + localpart + ":example.org")
}
func (h *homeserver) AliasFor(name string) string { return "#" + name + ":example.org" }

func (h *homeserver) Send(ctx context.Context, m bridge.OutgoingMessage) (id bridge.EventID, err error) {
	method := "Send"
	switch {
	case strings.Contains(m.Text, firstNotice):
		method = "FirstNotice"
	case m.Replaces != "" && m.As == h.BotID():
		method = "Edit"
	case m.As == h.BotID():
		method = "Notice"
	case m.Text == probe:
		method = "Probe"
	}
	err = h.do(ctx, call{method: method, room: m.Room, as: m.As, entry: m.Entry}, func() {
		key := string(m.As) + " " + string(m.Room) + " " + m.Entry
		if known, ok := h.events[key]; ok && !h.forgets {
			id = known
			return
		}
		id = h.add(bridge.Event{Room: m.Room, Sender: m.As, Kind: bridge.Echo, Marker: m.Entry})
		h.events[key], h.mentions[id], h.html[id] = id, m.Mentions, m.HTML
		if m.File != nil && m.As == h.BotID() {
			h.posted = append(h.posted, *m.File)
		} else if m.File != nil {
			h.sent = append(h.sent, *m.File)
		}
		f := fact{id: id, kind: bridge.ClerkText, room: m.Room, sender: m.As, target: m.ReplyTo, text: m.Text}
		if m.Replaces != "" {
			f.kind, f.target = bridge.ClerkEdit, m.Replaces
			h.edits = append(h.edits, edit{m.Room, m.Replaces, m.Text})
		} else {
			h.texts[id] = m.Text
		}
		if method != "FirstNotice" {
			h.note(f)
		}
	})
	if err != nil {
		id = ""
	}
	return id, err
}

func (h *homeserver) React(ctx context.Context, r bridge.Reaction) (id bridge.EventID, err error) {
	err = h.do(ctx, call{method: "React", room: r.Room, as: r.As, entry: r.Entry}, func() {
		key := string(r.As) + " " + string(r.Room) + " " + r.Entry
		if known, ok := h.events[key]; ok && !h.forgets {
			id = known
			return
		}
		id = h.add(bridge.Event{Room: r.Room, Sender: r.As, Kind: bridge.Echo, Marker: r.Entry})
		h.events[key], h.placed = id, append(h.placed, r)
		h.note(fact{id: id, kind: bridge.ClerkReaction, room: r.Room, sender: r.As, target: r.Target, text: r.Key})
	})
	if err != nil {
		id = ""
	}
	return id, err
}

func (h *homeserver) SendBarrier(ctx context.Context, room bridge.RoomID, as bridge.UserID, entry, nonce string) error {
	return h.do(ctx, call{method: "SendBarrier", room: room, as: as, entry: entry, nonce: nonce}, func() {
		h.add(bridge.Event{Room: room, Sender: as, Kind: bridge.BarrierEcho, Marker: entry, Nonce: nonce})
	})
}

// make creates a room, or finds the one that an earlier call has made. The caller holds mu.
func (h *homeserver) make(alias string, owner bridge.RoomOwner) bridge.RoomID {
	if room, ok := h.aliases[alias]; ok {
		return room
	}
	h.rooms++
	room := bridge.RoomID(fmt.Sprintf("!room-%d:example.org", h.rooms))
	h.aliases[alias] = room
	h.add(bridge.Event{Room: room, Sender: h.BotID(), Kind: bridge.RoomCreated, Owner: owner})
	return room
}

func (h *homeserver) OpenRoom(ctx context.Context, r bridge.RoomPlan, found func(bridge.RoomID) (bridge.RoomID, error)) (bridge.RoomID, error) {
	owner := bridge.RoomOwner{Conversation: r.Conversation.ID}
	room := r.Conversation.Room
	err := h.do(ctx, call{method: "OpenRoom", room: room, number: r.Conversation.Number, retry: r.Retry}, func() {
		if room == "" {
			room = h.make(bridge.ConversationAlias(r.Conversation.Number), owner)
		}
		h.plans[room] = r
	})
	if err != nil {
		return room, err
	}
	return found(room)
}

func (h *homeserver) UpdateRoom(ctx context.Context, r bridge.RoomPlan) error {
	return h.do(ctx, call{method: "UpdateRoom", room: r.Conversation.Room}, func() {
		h.plans[r.Conversation.Room] = r
	})
}

// drifted has inspections of a room, and of no other, find something.
func (h *homeserver) drifted(room bridge.RoomID, found ...bridge.What) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drift = map[bridge.RoomID][]bridge.What{room: found}
}

func (h *homeserver) inspected(room bridge.RoomID) []bridge.What {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.inspections[room]++
	return h.drift[room]
}

func (h *homeserver) InspectRoom(_ context.Context, r bridge.RoomPlan) ([]bridge.What, error) {
	return h.inspected(r.Conversation.Room), nil
}

func (h *homeserver) InspectArea(_ context.Context, a bridge.AreaPlan) (bridge.AreaFindings, error) {
	found := bridge.AreaFindings{Space: h.inspected(a.Rooms.Space), Lobby: h.inspected(a.Rooms.Lobby)}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.unlisted != nil {
		found.Listed = map[bridge.RoomID]bool{}
		for _, room := range h.aliases {
			found.Listed[room] = !h.unlisted[room]
		}
	}
	return found, nil
}

func (h *homeserver) JoinedRooms(context.Context) (map[bridge.RoomID]bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	joined := map[bridge.RoomID]bool{}
	for _, room := range h.aliases {
		joined[room] = !h.out[room]
	}
	return joined, nil
}

func (h *homeserver) InspectAdmin(_ context.Context, a bridge.AdminPlan) ([]bridge.What, error) {
	return h.inspected(a.Room), nil
}

func (h *homeserver) Picture(ctx context.Context, user bridge.UserID) (p bridge.Picture, err error) {
	err = h.do(ctx, call{method: "Picture", as: user}, func() { p = bridge.Picture{Type: "image/png", Data: []byte(user)} })
	return p, err
}

func (h *homeserver) EmptyRoom(ctx context.Context, r bridge.RoomPlan) error {
	return h.do(ctx, call{method: "EmptyRoom", room: r.Conversation.Room}, func() {})
}

// plan is how a room was last brought in step.
func (h *homeserver) plan(room bridge.RoomID) bridge.RoomPlan {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.plans[room]
}

func (h *homeserver) GuardRoom(ctx context.Context, r bridge.RoomPlan) error {
	return h.do(ctx, call{method: "GuardRoom", room: r.Conversation.Room, members: slices.Concat(r.Area.Clerks, r.Guests)}, func() {})
}

func (h *homeserver) MoveRoom(ctx context.Context, r bridge.RoomPlan) error {
	return h.do(ctx, call{method: "MoveRoom", room: r.Conversation.Room, members: r.Area.Clerks}, func() {})
}

func (h *homeserver) Invite(ctx context.Context, room bridge.RoomID, user bridge.UserID) error {
	return h.do(ctx, call{method: "Invite", room: room, as: user}, func() {})
}

func (h *homeserver) PinBoard(ctx context.Context, lobby bridge.RoomID, event bridge.EventID, topic string) error {
	return h.do(ctx, call{method: "PinBoard", room: lobby, entry: string(event)}, func() {})
}

func (h *homeserver) SetUpArea(ctx context.Context, a bridge.AreaPlan, found func(bridge.RoomOwner, bridge.RoomID) (bridge.RoomID, error)) (bridge.AreaRooms, error) {
	rooms := bridge.AreaRooms{Area: a.Area.ID}
	for part, room := range map[bridge.AreaPart]*bridge.RoomID{bridge.Space: &rooms.Space, bridge.Lobby: &rooms.Lobby} {
		owner := bridge.RoomOwner{Area: a.Area.ID, Part: part}
		var made bridge.RoomID
		err := h.do(ctx, call{method: "SetUpArea", retry: a.Retry, members: a.Area.Clerks}, func() {
			made = h.make(string(a.Area.ID)+string(part), owner)
		})
		if err != nil {
			return rooms, err
		}
		if *room, err = found(owner, made); err != nil {
			return rooms, err
		}
	}
	return rooms, nil
}

func (h *homeserver) SetTyping(ctx context.Context, room bridge.RoomID, as bridge.UserID, lasts time.Duration) error {
	return h.do(ctx, call{method: "SetTyping", room: room, as: as, lasts: lasts}, func() {})
}

func (h *homeserver) MoveReceipt(ctx context.Context, room bridge.RoomID, as bridge.UserID, event bridge.EventID) error {
	return h.do(ctx, call{method: "MoveReceipt", room: room, as: as, event: event}, func() {})
}

func (h *homeserver) LeaveRoom(ctx context.Context, _, room bridge.RoomID) error {
	return h.do(ctx, call{method: "LeaveRoom", room: room}, func() {})
}

// Download gives a file's own URI as its bytes.
func (h *homeserver) Download(ctx context.Context, uri bridge.MediaURI) (c bridge.Content, err error) {
	err = h.do(ctx, call{method: "Download", room: bridge.RoomID(uri)}, func() {
		c = bridge.Content{Size: int64(len(uri)), Body: io.NopCloser(strings.NewReader(string(uri)))}
	})
	return c, err
}

// Event finds what was said in a room, and not what was not kept there.
func (h *homeserver) Event(ctx context.Context, room bridge.RoomID, event bridge.EventID) (ev bridge.Event, err error) {
	err = h.do(ctx, call{method: "Event", room: room, event: event}, func() {
		for _, e := range h.timeline {
			if e.ID == event && e.Room == room && !h.redacted[event] {
				ev = e
			}
		}
	})
	if err == nil && ev.ID == "" {
		err = bridge.ErrNotFound
	}
	return ev, err
}

func (h *homeserver) Preview(ctx context.Context, uri bridge.MediaURI) (p bridge.Picture, err error) {
	err = h.do(ctx, call{method: "Preview", room: bridge.RoomID(uri)}, func() {
		p = bridge.Picture{Type: "image/png", Data: []byte(uri)}
	})
	return p, err
}

func (h *homeserver) CreateMedia(ctx context.Context, as bridge.UserID) (uri bridge.MediaURI, err error) {
	err = h.do(ctx, call{method: "CreateMedia", as: as}, func() {
		uri = bridge.MediaURI("mxc://example.org/" + bridge.NewID())
	})
	if err != nil {
		uri = ""
	}
	return uri, err
}

// Upload keeps what it reads in media.
func (h *homeserver) Upload(ctx context.Context, as bridge.UserID, f bridge.File, body io.Reader) (bridge.MediaURI, error) {
	data, err := io.ReadAll(body)
	if err != nil {
		return "", err
	}
	uri := f.URI
	err = h.do(ctx, call{method: "Upload", as: as}, func() {
		if uri == "" {
			uri = bridge.MediaURI("mxc://example.org/" + bridge.NewID())
		}
		h.media[uri] = data
	})
	if err != nil {
		uri = ""
	}
	return uri, err
}
