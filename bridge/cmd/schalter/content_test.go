package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"
)

// clerkClient is a clerk at a Matrix client of the usual kind.
type clerkClient struct {
	t      testing.TB
	client *mautrix.Client
	room   id.RoomID
}

func (ch *chat) clientOf(c *clerk) *clerkClient {
	ch.t.Helper()
	client, err := mautrix.NewClient(ch.hs.URL(), id.UserID(c.id), c.token)
	if err != nil {
		ch.t.Fatal(err)
	}
	return &clerkClient{ch.t, client, id.RoomID(ch.room)}
}

func (d *clerkClient) sent(r *mautrix.RespSendEvent, err error) id.EventID {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
	return r.EventID
}

func (d *clerkClient) say(content *event.MessageEventContent) id.EventID {
	d.t.Helper()
	return d.sent(d.client.SendMessageEvent(context.Background(), d.room, event.EventMessage, content))
}

func (d *clerkClient) text(s string) id.EventID {
	d.t.Helper()
	return d.say(&event.MessageEventContent{MsgType: event.MsgText, Body: s})
}

func (d *clerkClient) edit(target id.EventID, s string) id.EventID {
	d.t.Helper()
	content := &event.MessageEventContent{MsgType: event.MsgText, Body: s}
	content.SetEdit(target)
	return d.say(content)
}

func (d *clerkClient) reply(to id.EventID, s string) id.EventID {
	d.t.Helper()
	content := &event.MessageEventContent{MsgType: event.MsgText, Body: s}
	content.SetReply(&event.Event{ID: to, RoomID: d.room, Sender: d.client.UserID})
	return d.say(content)
}

func (d *clerkClient) react(target id.EventID, key string) id.EventID {
	d.t.Helper()
	return d.sent(d.client.SendReaction(context.Background(), d.room, target, key))
}

func (d *clerkClient) redact(target id.EventID) {
	d.t.Helper()
	d.sent(d.client.RedactEvent(context.Background(), d.room, target))
}

// agree waits until the citizen sees what the room shows, and holds it to be what is wanted of the
// clerks' messages and the citizen's own.
func (ch *chat) agree(clerks, citizens []line) {
	ch.t.Helper()
	eventually(ch.t, time.Minute, func() string {
		events, err := ch.nora.timeline(ch.t.Context(), ch.room)
		if err != nil {
			return err.Error()
		}
		for side, want := range map[string][]line{"clerk": clerks, "citizen": citizens} {
			have := transcript(events, func(e roomEvent) bool {
				return isGhost(e.Sender) == (side == "citizen") && (e.isClerks() || isGhost(e.Sender))
			})
			if !slices.Equal(have, want) {
				return fmt.Sprintf("the room shows of the %s\n%+v, want\n%+v", side, have, want)
			}
		}
		return ch.citizen.differs(events)
	})
	if _, bad := ch.citizen.streamed(); len(bad) > 0 {
		ch.t.Errorf("stream: %q", bad)
	}
}

// eventOf is the event of a citizen's message, as soon as it is in the room.
func (ch *chat) eventOf(text string) id.EventID {
	ch.t.Helper()
	var found id.EventID
	eventually(ch.t, time.Minute, func() string {
		events, err := ch.nora.timeline(ch.t.Context(), ch.room)
		if err != nil {
			return err.Error()
		}
		for _, e := range events {
			if isGhost(e.Sender) && e.Content.Body == text {
				found = id.EventID(e.ID)
				return ""
			}
		}
		return text + " is not in the room"
	})
	return found
}

// message is the ID of a message with a text.
func (ch *chat) message(text string) string {
	ch.t.Helper()
	for _, m := range ch.awaitText(text) {
		if m.Text == text {
			return m.ID
		}
	}
	return ""
}

// everywhere runs f with a chat on both homeservers, with an open stream.
func everywhere(t *testing.T, f func(t *testing.T, ch *chat)) {
	homes(t, func(t *testing.T, kind string) {
		ctx, cancel := context.WithTimeout(context.Background(), 6*time.Minute)
		defer cancel()
		ch := newChat(ctx, t, kind, "sqlite")
		listening, stop := context.WithCancel(ctx)
		done := make(chan struct{})
		go func() { defer close(done); ch.citizen.listen(listening) }()
		t.Cleanup(func() { stop(); <-done })
		f(t, ch)
	})
}

// TestWhatClerksDoReachesTheCitizen: each kind, while everything runs; once more while the bridge is
// down, so that what was deleted comes as a shell; and in a gap.
func TestWhatClerksDoReachesTheCitizen(t *testing.T) {
	everywhere(t, func(t *testing.T, ch *chat) {
		ctx := t.Context()
		nora := ch.clientOf(ch.nora)
		colleague := ch.clerk("reto")
		if err := colleague.acceptInvites(ctx, 4); err != nil {
			t.Fatal(err)
		}
		if _, err := colleague.enter(ctx, ch.citizen.number); err != nil {
			t.Fatal(err)
		}
		reto := ch.clientOf(colleague)
		own := []line{{Text: "Guten Tag"}}
		var want []line

		// While everything runs.
		one := nora.text("eins")
		ch.awaitText("eins")
		nora.edit(one, "zwei")
		nora.edit(one, "drei")
		gone := nora.text("verschrieben")
		ch.awaitText("verschrieben")
		nora.redact(gone)
		list := nora.say(&event.MessageEventContent{MsgType: event.MsgText, Body: "Bitte mitbringen:\n- Pass\n- Foto", Format: event.FormatHTML,
			FormattedBody: `<p>Bitte mitbringen:</p><ul><li>Pass</li><li><a href="https://www.aarau.ch/foto">Foto</a></li></ul><pre><code class="language-sh">ls</code></pre>`})
		nora.say(&event.MessageEventContent{MsgType: event.MsgEmote, Body: "schaut nach"})
		answer := reto.reply(ch.eventOf("Guten Tag"), "Grüezi")
		reto.react(list, "👍")
		nora.react(list, "👍")
		taken := nora.react(answer, "🎉")
		ch.awaitText("Grüezi")
		nora.redact(taken)
		hasty := nora.edit(list, "verworfen")
		ch.awaitText("verworfen")
		nora.redact(hasty)
		nora.react(ch.eventOf("Guten Tag"), "👋")
		own[0].Reactions = "👋1"
		want = append(want, line{Text: "drei", Edited: true}, line{Text: "Bitte mitbringen:\n- Pass\n- Foto", Reactions: "👍2"},
			line{Text: "schaut nach"}, line{Text: "Grüezi", Answers: true})
		ch.agree(want, own)
		for _, m := range ch.awaitText("Grüezi") {
			switch m.Text {
			case "Grüezi":
				if m.Sender != "Reto Muster" || m.ReplyTo == nil || m.ReplyTo.Text != "Guten Tag" {
					t.Errorf("reply %+v", m)
				}
			case "schaut nach":
				if !m.Emote || m.Sender != "Nora Muster" {
					t.Errorf("emote %+v", m)
				}
			case "Bitte mitbringen:\n- Pass\n- Foto":
				if m.HTML != `<p>Bitte mitbringen:</p><ul><li>Pass</li><li><a href="https://www.aarau.ch/foto" rel="noreferrer noopener" target="_blank">Foto</a></li></ul><pre><code class="language-sh">ls</code></pre>` {
					t.Errorf("list %s", m.HTML)
				}
			}
		}

		// While the bridge is down.
		ch.stop()
		nora.edit(one, "vier")
		secret := nora.text("nie gesehen")
		nora.edit(secret, "auch nicht")
		nora.redact(secret)
		reto.redact(answer)
		late := nora.text("spät")
		nora.edit(late, "später")
		reto.reply(late, "genau")
		if err := nora.client.SetDisplayName(ctx, "Nora Neu"); err != nil {
			t.Fatal(err)
		}
		named := nora.text("unter neuem Namen")
		reto.react(named, "🎉")
		ch.mustStart()
		want[0].Text = "vier"
		want = append(want[:3], line{Text: "später", Edited: true}, line{Text: "genau", Answers: true}, line{Text: "unter neuem Namen", Reactions: "🎉1"})
		ch.agree(want, own)
		for _, m := range ch.awaitText("unter neuem Namen") {
			if m.Text == "unter neuem Namen" && m.Sender != "Nora Neu" || m.Text == "vier" && m.Sender != "Nora Muster" {
				t.Errorf("sender of %+v", m)
			}
		}
		ch.notKept("nie gesehen", "auch nicht", "Grüezi", "verschrieben", "verworfen")

		// In a gap: more than a response holds.
		ch.stop()
		nora.edit(one, "fünf")
		first := nora.text("Anfang")
		for n := range 150 {
			want = append(want, line{Text: fmt.Sprint("Zeile ", n)})
			nora.text(fmt.Sprint("Zeile ", n))
		}
		nora.edit(first, "Anfang, geändert")
		nora.react(one, "👍")
		nora.redact(late)
		ch.mustStart()
		want[0].Text, want[0].Reactions = "fünf", "👍1"
		want[4].Answers = false
		want = slices.Insert(slices.Delete(want, 3, 4), 5, line{Text: "Anfang, geändert", Edited: true})
		ch.agree(want, own)
	})
}

// notKept holds the database to have forgotten texts.
func (ch *chat) notKept(texts ...string) {
	ch.t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(ch.dir, "schalter.db")+"?_pragma=busy_timeout(10000)")
	if err != nil {
		ch.t.Fatal(err)
	}
	defer db.Close()
	var kept string
	err = db.QueryRow(`SELECT COALESCE(group_concat(t, '|'), '') FROM (SELECT text || html AS t FROM messages
		UNION ALL SELECT text || html FROM relations UNION ALL SELECT payload FROM outbox)`).Scan(&kept)
	if err != nil {
		ch.t.Fatal(err)
	}
	for _, text := range texts {
		if strings.Contains(kept, text) {
			ch.t.Errorf("%q is still kept", text)
		}
	}
}

// TestWhatTheCitizenDoesReachesTheRoom: while everything runs, while the homeserver is away, and
// across a kill.
func TestWhatTheCitizenDoesReachesTheRoom(t *testing.T) {
	everywhere(t, func(t *testing.T, ch *chat) {
		ctx := t.Context()
		nora := ch.clientOf(ch.nora)
		say := func(text, to string) string {
			t.Helper()
			body := map[string]any{"client_id": fmt.Sprint("s", time.Now().UnixNano()), "text": text}
			if to != "" {
				body["reply_to"] = to
			}
			if status, data, err := ch.citizen.post(ctx, "conversations/"+ch.citizen.id+"/messages", "", body); err != nil || status != http.StatusAccepted {
				t.Fatalf("say: %d %s %v", status, data, err)
			}
			return ch.message(text)
		}
		thumb := url.PathEscape("👍")
		first := ch.message("Guten Tag")
		nora.text("Grüezi")
		clerks := []line{{Text: "Grüezi"}}
		greeting := ch.message("Grüezi")

		// While everything runs.
		ch.citizen.must(ctx, http.MethodPatch, first, edited("Guten Abend"))
		ch.citizen.must(ctx, http.MethodPut, greeting+"/reactions/"+thumb, nil)
		second := say("eine Frage", greeting)
		third := say("gelöscht", "")
		ch.eventOf("gelöscht")
		ch.citizen.must(ctx, http.MethodPatch, third, edited("auch gelöscht"))
		ch.citizen.must(ctx, http.MethodDelete, third, nil)
		ch.citizen.must(ctx, http.MethodPut, second+"/reactions/x", nil)
		ch.citizen.must(ctx, http.MethodDelete, second+"/reactions/x", nil)
		clerks[0].Reactions = "👍1"
		own := []line{{Text: "Guten Abend", Edited: true}, {Text: "eine Frage", Answers: true}}
		ch.agree(clerks, own)
		ch.notKept("gelöscht")
		eventually(t, time.Minute, func() string { // nothing of it is left in the room either
			for _, e := range ch.raw() {
				if strings.Contains(e.Content.Body+e.Content.New.Body, "gelöscht") {
					return "the room still holds " + e.Content.Body
				}
			}
			return ""
		})
		// Nora's own client understands them.
		reply, err := nora.client.GetEvent(ctx, nora.room, ch.eventOf("eine Frage"))
		if err != nil {
			t.Fatal(err)
		}
		if err := reply.Content.ParseRaw(event.EventMessage); err != nil {
			t.Fatal(err)
		}
		if to := reply.Content.AsMessage().RelatesTo.GetReplyTo(); to == "" {
			t.Errorf("reply %+v", reply.Content.AsMessage())
		}

		// While the homeserver is away: all of it waits, and what is deleted before is never sent.
		ch.proxy.Cut()
		fourth := say("unterwegs", "")
		ch.citizen.must(ctx, http.MethodPatch, fourth, edited("unterwegs geändert"))
		ch.citizen.must(ctx, http.MethodPut, fourth+"/reactions/"+thumb, nil)
		fifth := say("nie gesendet", fourth)
		ch.citizen.must(ctx, http.MethodDelete, fifth, nil)
		ch.citizen.must(ctx, http.MethodDelete, greeting+"/reactions/"+thumb, nil)
		ch.kill()
		ch.mustStart()
		ch.citizen.must(ctx, http.MethodPatch, second, edited("eine andere Frage"))
		say("zum Schluss", second)
		if err := ch.proxy.Mend(); err != nil {
			t.Fatal(err)
		}
		clerks[0].Reactions = ""
		own = append(own, line{Text: "unterwegs geändert", Edited: true, Reactions: "👍1"}, line{Text: "zum Schluss", Answers: true})
		own[1].Text, own[1].Edited = "eine andere Frage", true
		ch.agree(clerks, own)
		ch.notKept("nie gesendet")
		for _, e := range ch.raw() {
			if strings.Contains(e.Content.Body, "nie gesendet") || e.isEmptied() && e.Content.Marker != "" {
				t.Errorf("the room holds %+v", e)
			}
		}
	})
}

func (ch *chat) raw() []roomEvent {
	ch.t.Helper()
	events, err := ch.nora.timeline(ch.t.Context(), ch.room)
	if err != nil {
		ch.t.Fatal(err)
	}
	return events
}
