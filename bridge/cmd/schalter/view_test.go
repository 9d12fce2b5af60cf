package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// view is what a clerk's client shows: the room list, the timelines, and what it notifies about. It
// writes down what it sees; go test -v shows it.
type view struct {
	t     *testing.T
	who   *clerk
	since string
	rooms map[string]*roomView
}

type roomView struct {
	// name as in the room list, in is the membership.
	name, in string
	texts    []roomEvent
}

type syncedRoom struct {
	State, Timeline, Ephemeral struct{ Events []json.RawMessage }
	InviteState                struct{ Events []json.RawMessage } `json:"invite_state"`
	Unread                     struct {
		Highlight    int `json:"highlight_count"`
		Notification int `json:"notification_count"`
	} `json:"unread_notifications"`
}

func newView(t *testing.T, who *clerk) *view {
	v := &view{t: t, who: who, rooms: map[string]*roomView{}}
	v.look(false)
	return v
}

// look syncs once, and writes down what is new if aloud.
func (v *view) look(aloud bool) {
	v.t.Helper()
	filter := `{"room":{"timeline":{"limit":100}},"presence":{"types":[]}}`
	if v.since == "" {
		filter = fmt.Sprintf(`{"room":{"timeline":{"limit":100,%s}}}`, uncached())
	}
	var r struct {
		Next  string `json:"next_batch"`
		Rooms struct{ Join, Invite, Leave map[string]syncedRoom }
	}
	path := "sync?timeout=0&filter=" + url.QueryEscape(filter)
	if v.since != "" {
		path += "&since=" + url.QueryEscape(v.since)
	}
	if status, err := v.who.call(v.t.Context(), http.MethodGet, path, nil, &r); err != nil || status != http.StatusOK {
		v.t.Fatalf("sync: %d %v", status, err)
	}
	v.since = r.Next
	say := func(format string, args ...any) {
		if aloud {
			v.t.Logf("%s  "+format, append([]any{short(v.who.id)}, args...)...)
		}
	}
	for in, rooms := range map[string]map[string]syncedRoom{"invite": r.Rooms.Invite, "join": r.Rooms.Join, "leave": r.Rooms.Leave} {
		for id, room := range rooms {
			v.room(id).take(in, room, say)
		}
	}
}

func (v *view) room(id string) *roomView {
	if v.rooms[id] == nil {
		v.rooms[id] = &roomView{}
	}
	return v.rooms[id]
}

func (r *roomView) take(in string, room syncedRoom, say func(string, ...any)) {
	was := r.in
	r.in = in
	for _, raw := range slices.Concat(room.InviteState.Events, room.State.Events, room.Timeline.Events, room.Ephemeral.Events) {
		var e roomEvent
		var more struct {
			Content struct {
				Name  string
				Users []string `json:"user_ids"`
			}
		}
		if json.Unmarshal(raw, &e) != nil || json.Unmarshal(raw, &more) != nil {
			continue
		}
		switch e.Type {
		case "m.room.name":
			if r.name != "" && r.name != more.Content.Name {
				say("room list   «%s» is now «%s»", r.name, more.Content.Name)
			}
			r.name = more.Content.Name
		case "m.room.message":
			r.texts = append(r.texts, e)
			say("timeline    «%s» %s %s: %s", r.name, short(e.Sender), e.how(), strings.ReplaceAll(e.Content.Body, "\n", " ⏎ "))
		case "m.reaction":
			var to struct{ Key string }
			_ = json.Unmarshal(e.Content.Relates, &to)
			say("timeline    «%s» %s reacts %s", r.name, short(e.Sender), to.Key)
		case "m.typing":
			for _, user := range more.Content.Users {
				if isGhost(user) {
					say("timeline    «%s» the citizen is writing", r.name)
				}
			}
		}
	}
	if was != in {
		say("room list   %s «%s»", map[string]string{"invite": "invited to", "join": "in", "leave": "out of"}[in], r.name)
	}
}

// short names a user: a ghost's name is long and says nothing.
func short(user string) string {
	if isGhost(user) {
		return "the citizen"
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(user, "@"), ":")
	return name
}

// how says what kind of message it is: a notice notifies nobody, an edit replaces.
func (e roomEvent) how() string {
	if strings.Contains(string(e.Content.Relates), "m.replace") {
		return "edits"
	}
	if e.Content.MsgType == "m.notice" {
		return "notes"
	}
	return "writes"
}

// until looks until something can be seen.
func (v *view) until(what string, seen func() bool) {
	v.t.Helper()
	eventually(v.t, time.Minute, func() string {
		v.look(true)
		if !seen() {
			return fmt.Sprintf("%s does not see: %s", v.who.id, what)
		}
		return ""
	})
}

// counts are what a client shows beside a room that signs in now: Dendrite tells one that is there
// already only with the next event.
func (v *view) counts(room string) (unread, mentions int) {
	v.t.Helper()
	filter := fmt.Sprintf(`{"room":{"rooms":[%q],"timeline":{"limit":1,%s}}}`, room, uncached())
	var r struct {
		Rooms struct{ Join map[string]syncedRoom }
	}
	if status, err := v.who.call(v.t.Context(), http.MethodGet, "sync?timeout=0&filter="+url.QueryEscape(filter), nil, &r); err != nil || status != http.StatusOK {
		v.t.Fatalf("sync: %d %v", status, err)
	}
	n := r.Rooms.Join[room].Unread
	return n.Notification, n.Highlight
}

// untilCounted waits until a room counts so many unread, and of these mentions.
func (v *view) untilCounted(room string, unread, mentions int) {
	v.t.Helper()
	v.until(fmt.Sprintf("%d unread, %d mentions", unread, mentions), func() bool {
		n, m := v.counts(room)
		return n == unread && m == mentions
	})
	v.t.Logf("%s  notifies    «%s» unread %d, of which mentions %d", short(v.who.id), v.room(room).name, unread, mentions)
}

// reads waits for a text of a room.
func (v *view) reads(room, text string) (found roomEvent) {
	v.t.Helper()
	v.until(text, func() bool {
		i := slices.IndexFunc(v.room(room).texts, func(e roomEvent) bool { return strings.Contains(e.Content.Body, text) })
		if i >= 0 {
			found = v.room(room).texts[i]
		}
		return i >= 0
	})
	return found
}

// readAll is what a client does when its user looks at a room.
func (v *view) readAll(room string) {
	v.t.Helper()
	texts := v.room(room).texts
	path := fmt.Sprintf("rooms/%s/receipt/m.read/%s", url.PathEscape(room), url.PathEscape(texts[len(texts)-1].ID))
	if status, err := v.who.call(v.t.Context(), http.MethodPost, path, map[string]any{}, nil); err != nil || status != http.StatusOK {
		v.t.Fatalf("receipt: %d %v", status, err)
	}
	v.untilCounted(room, 0, 0)
}

// listed is how the space shows its rooms to a clerk: by name, whether each is suggested.
func (v *view) listed(space string) map[string]bool {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), http.MethodGet, v.who.base+"/_matrix/client/v1/rooms/"+url.PathEscape(space)+"/hierarchy?limit=200", nil)
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+v.who.token)
	answer, err := client.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer answer.Body.Close()
	var tree struct {
		Rooms []struct {
			ID       string `json:"room_id"`
			Name     string
			Children []struct {
				Room    string `json:"state_key"`
				Content struct{ Suggested bool }
			} `json:"children_state"`
		}
	}
	if err := json.NewDecoder(answer.Body).Decode(&tree); err != nil {
		v.t.Fatal(err)
	}
	out, names := map[string]bool{}, map[string]string{}
	for _, room := range tree.Rooms {
		names[room.ID] = room.Name
	}
	for _, room := range tree.Rooms {
		for _, child := range room.Children {
			if room.ID == space && names[child.Room] != "" {
				out[names[child.Room]] = child.Content.Suggested
			}
		}
	}
	return out
}

func (v *view) untilListed(space, name string, there, suggested bool) {
	v.t.Helper()
	eventually(v.t, time.Minute, func() string {
		all := v.listed(space)
		if is, listed := all[name]; listed != there || is != suggested {
			return fmt.Sprintf("the space shows %v", all)
		}
		return ""
	})
	v.t.Logf("%s  the space   «%s» listed %v, suggested %v", short(v.who.id), name, there, suggested)
}
