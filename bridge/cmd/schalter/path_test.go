package main

import (
	"context"
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

// TestClerksPath is a clerk's whole path through a chat, and through a training, as two clients see
// it: nora, who is there, and reto, who has a break.
func TestClerksPath(t *testing.T) {
	homes(t, func(t *testing.T, kind string) {
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
		defer cancel()
		c := newCounter(ctx, t, kind, "sqlite")
		d := &desk{counter: c, reto: c.clerk("reto")}
		if err := d.reto.acceptInvites(ctx, 4); err != nil {
			t.Fatal(err)
		}
		d.write(d.reto, d.lobby, "!pause")
		d.awaitBody(d.reto.matrixUser, d.lobby, "⏸ Reto Muster macht Pause")
		nora, reto := newView(t, d.nora), newView(t, d.reto)
		nora.reads(d.lobby, "⏸ Reto Muster")
		reto.reads(d.lobby, "⏸ Reto Muster")
		nora.readAll(d.lobby)
		reto.readAll(d.lobby)
		d.chatIsTaken(nora, reto, kind)
		d.trainingIsAlone(nora, reto)
		d.guideOnRequest(nora)
	})
}

func (d *desk) chatIsTaken(nora, reto *view, kind string) {
	t, space := d.t, d.resolve("#schalter_space_"+areaA+":localhost")
	t.Log("— a citizen writes —")
	who := &citizen{t: t, base: d.base}
	if err := who.open(t.Context(), areaA, "Grüezi"); err != nil {
		t.Fatal(err)
	}
	waits, runs, over := fmt.Sprintf("🟡 #%d", who.number), fmt.Sprintf("🟢 #%d", who.number), fmt.Sprintf("⚪ #%d", who.number)
	notice := nora.reads(d.lobby, waits)
	// Dendrite 0.15 knows no push rule for mentions: there, the clerk's client only shows something unread.
	mentions := map[string]int{"synapse": 1}[kind]
	nora.untilCounted(d.lobby, 1, mentions)
	reto.reads(d.lobby, waits)
	reto.untilCounted(d.lobby, 1, 0) // he has a break, and is not called
	if how := notice.how(); how != "writes" {
		t.Errorf("the notice %s: clients do not notify for it", how)
	}
	name := ""
	eventually(t, time.Minute, func() string {
		for listed := range nora.listed(space) {
			if strings.HasPrefix(listed, waits) {
				name = listed
			}
		}
		if name == "" {
			return "the space does not show the chat"
		}
		return ""
	})
	nora.untilListed(space, name, true, true)
	t.Log("— nora enters, with one click, uninvited —")
	room, err := d.nora.enter(t.Context(), who.number)
	if err != nil {
		t.Fatal(err)
	}
	nora.reads(room, "Identität nicht geprüft")
	nora.reads(room, "Grüezi")
	nora.until("the room is green", func() bool { return strings.HasPrefix(nora.room(room).name, runs) })
	nora.reads(d.lobby, runs)
	taken := strings.Replace(name, "🟡", "🟢", 1)
	nora.untilListed(space, taken, true, false)
	t.Log("— they talk —")
	if err := who.say(t.Context(), "Haben Sie heute offen?"); err != nil {
		t.Fatal(err)
	}
	nora.reads(room, "Haben Sie heute offen?")
	nora.until("something unread", func() bool { n, _ := nora.counts(room); return n > 0 })
	d.write(d.nora, room, "// bis 17 Uhr, steht auf der Website")
	d.write(d.nora, room, "Guten Tag. Ja, bis 17 Uhr.")
	eventually(t, time.Minute, func() string {
		all, err := who.history()
		if err != nil || len(all) != 3 || all[2].Text != "Guten Tag. Ja, bis 17 Uhr." {
			return fmt.Sprintf("the citizen reads %+v %v", all, err)
		}
		return ""
	})
	t.Log("— nora closes —")
	d.write(d.nora, room, "!zu")
	nora.until("the room is white", func() bool { return strings.HasPrefix(nora.room(room).name, over) })
	nora.reads(d.lobby, over)
	nora.untilCounted(d.lobby, 1, mentions) // one chat, one notification
	nora.untilListed(space, strings.Replace(name, "🟡", "⚪", 1), false, false)
	if _, in := reto.rooms[room]; in {
		t.Error("reto's room list shows a chat that was never his")
	}
}

// trainingIsAlone: a training is one clerk's own, and otherwise a chat.
func (d *desk) trainingIsAlone(nora, reto *view) {
	t, space := d.t, d.resolve("#schalter_space_"+areaA+":localhost")
	t.Log("— nora trains —")
	nora.readAll(d.lobby)
	reto.look(false)
	reto.readAll(d.lobby)
	before := nora.listed(space)
	d.write(d.nora, d.lobby, "!übung")
	room := ""
	nora.until("an invitation", func() bool {
		for id, r := range nora.rooms {
			if r.in == "invite" && r.name == "🟡 Übung · Lara Meier" {
				room = id
			}
		}
		return room != ""
	})
	if err := d.reto.join(t.Context(), room); err == nil {
		t.Error("reto could enter nora's training")
	}
	if err := d.nora.join(t.Context(), room); err != nil {
		t.Fatal(err)
	}
	nora.reads(room, "🎓 Übung «Umzug nach Aarau» · Lara Meier")
	nora.reads(room, "von Olten nach Aarau")
	nora.until("the room is green", func() bool { return nora.room(room).name == "🟢 Übung · Lara Meier" })
	d.write(d.nora, room, "Grüezi. Bringen Sie bitte einen Ausweis mit.")
	nora.reads(room, "Der Ausweis meiner Tochter ist aber abgelaufen")
	d.write(d.nora, room, "!weiter fundbuero")
	nora.reads(room, "ginge er jetzt an Fundbüro")
	d.write(d.nora, room, "!zu")
	nora.reads(room, "✔ begrüsst")
	nora.until("the room is white", func() bool { return nora.room(room).name == "⚪ Übung · Lara Meier" })
	reto.reads(d.lobby, "!übung")
	if _, in := reto.rooms[room]; in {
		t.Error("reto's room list shows nora's training")
	}
	for _, e := range reto.room(d.lobby).texts {
		if strings.Contains(e.Content.Body, "Lara") {
			t.Errorf("the lobby reads %q", e.Content.Body)
		}
	}
	if after := reto.listed(space); len(after) > len(before) {
		t.Errorf("the space shows %v, before the training %v", after, before)
	}
}

// guideOnRequest: the guide comes into a room of nora's own, and comes there again.
func (d *desk) guideOnRequest(nora *view) {
	t, room := d.t, ""
	t.Log("— nora asks for the guide —")
	d.write(d.nora, d.lobby, "!hilfe alles")
	nora.until("an invitation", func() bool {
		for id, r := range nora.rooms {
			if r.in == "invite" && r.name == "Schalter" {
				room = id
			}
		}
		return room != ""
	})
	if err := d.reto.join(t.Context(), room); err == nil {
		t.Error("reto could enter nora's room with the bot")
	}
	if err := d.nora.join(t.Context(), room); err != nil {
		t.Fatal(err)
	}
	first := nora.reads(room, "# Am Schalter: ein Chat von Anfang bis Ende")
	d.write(d.nora, d.lobby, "!help all")
	nora.until("the guide again", func() bool {
		last := nora.room(room).texts[len(nora.room(room).texts)-1]
		return last.ID != first.ID && strings.HasPrefix(last.Content.Body, "# Am Schalter")
	})
}
