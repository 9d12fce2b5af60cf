package bridge_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"schalter/bridge"
	"schalter/bridge/form"
)

var dogForm = must(form.Parse([]byte(`{"type": "object", "title": "Hund anmelden", "x-title": {"fr": "Annoncer un chien"}, "required": ["hund", "seit"], "properties": {
	"hund": {"type": "string", "title": "Name", "x-title": {"fr": "Nom"}, "maxLength": 20},
	"seit": {"type": "string", "format": "date", "title": "Seit", "x-title": {"fr": "Depuis"}, "x-latest": "today"},
	"art": {"type": "array", "title": "Art", "items": {"type": "string", "oneOf": [{"const": "b", "title": "<Blindenhund>", "x-title": {"fr": "Chien-guide"}}]}},
	"mehr": {"type": "string", "x-kind": "multiline", "title": "Mehr"},
	"pass": {"type": "string", "x-kind": "file", "title": "Heimtierpass"},
	"wahr": {"type": "boolean", "title": "Stimmt"}}}`)))

// sentForm is a chat in which a form was sent, with the notice in the room.
func sentForm(t *testing.T, url string) (*office, bridge.Conversation, bridge.Message) {
	t.Helper()
	w := newBoard(t, url, func(a *bridge.ServiceArea) {
		a.Forms = []bridge.AreaForm{{Key: "hund", Form: dogForm}}
		a.Files = bridge.FileRules{MaxBytes: 1 << 19, MaxCount: 5, Types: []string{"application/pdf"}}
	})
	c, _ := w.posted("Grüezi")
	w.hs.say(clerkText(c.Room, keller, "!formular HUND"))
	w.sync()
	var m bridge.Message
	w.await("the notice is in the room", func() bool {
		h := w.history(c.ID)
		m = h[len(h)-1]
		return m.Card != nil && m.Event != ""
	})
	return w, c, m
}

// A form is sent, filled in with a file, and its answers are in the room once: as a table in the desk's language
// and as a JSON file that says the same. The citizen reads them in the language in which they were given.
func TestFormIsFilledIn(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w, c, m := sentForm(t, url)
		if m.Text != "Bitte füllen Sie dieses Formular aus: Hund anmelden\n– Name\n– Seit\n– Art\n– Mehr\n– Heimtierpass\n– Stimmt" || m.Card.Kind != bridge.FormCard || m.Card.Form.Key != "hund" || m.Card.Form.Answer != "" {
			t.Errorf("sent %+v %+v", m, m.Card)
		}
		if got := w.hs.said(c.Room); !slices.Contains(got, "📋 Formular «Hund anmelden» – noch nicht ausgefüllt") {
			t.Errorf("the room holds %q", got)
		}
		read, day, err := w.b.Form(t.Context(), c.ID, m.ID)
		if err != nil || read.Title("fr") != "Annoncer un chien" || len(read.Fields("fr", day)) != 6 {
			t.Errorf("form %v %v", read, err)
		}
		file, err := w.answer(c.ID, "pass", "")
		if err != nil {
			t.Fatal(err)
		}
		today := w.clock().Format("2006-01-02")
		in := bridge.FormAnswers{ClientID: "f1", Language: "fr", Answers: []byte(`{"hund": " Rex\u202e", "seit": "` + today + `", "art": ["b"], "mehr": "eins\nzwei <b>", "pass": "` + string(file.ID) + `", "wahr": false}`)}
		got, err := w.b.AnswerForm(t.Context(), c.ID, m.ID, in)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := w.b.AnswerForm(t.Context(), c.ID, m.ID, in); err != nil || again.ID != got.ID {
			t.Errorf("again %+v %v", again, err)
		}
		swiss, sum := w.clock().Format("2.1.2006"), file.File.SHA256
		if want := "Annoncer un chien\nNom: Rex\nDepuis: " + swiss + "\nArt: Chien-guide\nMehr: eins\nzwei <b>\nHeimtierpass: pass.pdf · SHA-256 " + sum + "\nStimmt: Non"; got.Text != want {
			t.Errorf("the citizen reads %q\nwant %q", got.Text, want)
		}
		w.shows(m.Event, "✅ Formular «Hund anmelden» – ausgefüllt")
		if asked := must(w.db.Message(t.Context(), m.ID)); asked.Card.Form.Answer != got.ID || asked.Revision == 0 {
			t.Errorf("asked %+v %+v", asked, asked.Card.Form)
		}
		w.await("the answers and the file are in the room", func() bool {
			name := "hund-" + strings.TrimPrefix(bridge.ConversationAlias(c.Number), "schalter_") + ".json"
			return slices.Contains(w.hs.said(c.Room), name) && must(w.db.Message(t.Context(), got.ID)).Event != ""
		})
		w.idle()
		w.stop()
		at := slices.IndexFunc(w.hs.timeline, func(ev bridge.Event) bool {
			return strings.HasPrefix(w.hs.texts[ev.ID], "📋 Hund anmelden\nName: Rex\n")
		})
		if at < 0 || w.hs.timeline[at].Sender != c.Ghost || len(w.hs.posted) != 1 {
			t.Fatalf("the room holds %q", w.hs.said(c.Room))
		}
		if want := "<p><strong>📋 Hund anmelden</strong></p><table><tbody><tr><th>Name</th><td>Rex</td></tr><tr><th>Seit</th><td>" + swiss + "</td></tr><tr><th>Art</th><td>&lt;Blindenhund&gt;</td></tr>" +
			"<tr><th>Mehr</th><td>eins<br>zwei &lt;b&gt;</td></tr><tr><th>Heimtierpass</th><td>pass.pdf · SHA-256 " + sum + "</td></tr><tr><th>Stimmt</th><td>Nein</td></tr></tbody></table>"; w.hs.html[w.hs.timeline[at].ID] != want {
			t.Errorf("table %s\nwant  %s", w.hs.html[w.hs.timeline[at].ID], want)
		}
		raw := w.hs.media[w.hs.posted[0].URI]
		var said struct {
			Form, Title, Language string
			Conversation          int64
			Answers               map[string]any
			Files                 map[string]bridge.AnsweredFile
		}
		if err := json.Unmarshal(raw, &said); err != nil || sha(string(raw)) != w.hs.posted[0].SHA256 {
			t.Fatalf("%s %v", raw, err)
		}
		if said.Form != "hund" || said.Title != "Hund anmelden" || said.Language != "fr" || said.Conversation != c.Number ||
			said.Answers["hund"] != "Rex" || said.Answers["seit"] != today || said.Answers["pass"] != string(file.ID) || said.Answers["wahr"] != false || said.Files["pass"] != (bridge.AnsweredFile{Name: "pass.pdf", SHA256: sum}) {
			t.Errorf("file %s", raw)
		}
	})
}

// What can't be answered, and what can't be changed afterwards; wrong answers leave nothing behind.
func TestFormThatIsNotFilledIn(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w, c, m := sentForm(t, url)
		for _, step := range []struct {
			who        bridge.UserID
			line, want string
		}{
			{keller, "!formular katze", "Das Formular «katze» gibt es hier nicht. Es gibt: hund"},
			{keller, "!formular", "!formular hund – Hund anmelden\n📋 Formular «Hund anmelden» – noch nicht ausgefüllt"},
			{meier, "!formular hund", ""},
		} {
			if got := w.order(c, step.who, step.line); !strings.Contains(got, step.want) || step.want == "" && got != "" {
				t.Errorf("%s %s\ngot  %s\nwant %s", step.who, step.line, got, step.want)
			}
		}
		answer := func(asked bridge.MessageID, client, language, answers string) (bridge.Message, error) {
			return w.b.AnswerForm(t.Context(), c.ID, asked, bridge.FormAnswers{ClientID: client, Language: language, Answers: []byte(answers)})
		}
		good := `{"hund": "Rex", "seit": "` + w.clock().Format("2006-01-02") + `"}`
		before := len(w.history(c.ID))
		for _, bad := range []struct{ client, language, answers, field string }{
			{"a b", "de", good, "client_id"}, {"a", "rm", good, "language"}, {"a", "de", "[]", "answers"}, {"a", "de", `{"mehr":"` + strings.Repeat("x", bridge.MaxAnswers) + `"}`, "answers"},
		} {
			var invalid *bridge.InvalidError
			if _, err := answer(m.ID, bad.client, bad.language, bad.answers); !errors.As(err, &invalid) || invalid.Field != bad.field {
				t.Errorf("%s: %v", bad.field, err)
			}
		}
		var wrong *bridge.FormError
		tomorrow := w.clock().AddDate(0, 0, 1).Format("2006-01-02")
		_, err := answer(m.ID, "a", "fr", `{"hund": "", "seit": "`+tomorrow+`", "pass": "`+string(m.ID)+`"}`)
		if !errors.As(err, &wrong) || len(wrong.Wrong) != 2 || wrong.Wrong[0] != (bridge.FormWrong{Field: "hund", Reason: form.Required, Detail: "Veuillez remplir ce champ."}) ||
			wrong.Wrong[1].Detail != "Une date jusqu'au "+w.clock().Format("2.1.2006")+", s'il vous plaît." {
			t.Errorf("wrong %+v %v", wrong, err)
		}
		// A file is one that this citizen has sent here.
		_, err = answer(m.ID, "a", "de", strings.TrimSuffix(good, "}")+`, "pass": "`+string(m.ID)+`"}`)
		if !errors.As(err, &wrong) || len(wrong.Wrong) != 1 || wrong.Wrong[0].Field != "pass" || wrong.Wrong[0].Reason != form.Offered {
			t.Errorf("file %+v %v", wrong, err)
		}
		if _, err := answer(w.history(c.ID)[0].ID, "a", "de", good); !errors.Is(err, bridge.ErrUnknownMessage) {
			t.Errorf("answered what asks nothing: %v", err)
		}
		if _, _, err := w.b.Form(t.Context(), c.ID, w.history(c.ID)[0].ID); !errors.Is(err, bridge.ErrUnknownMessage) {
			t.Errorf("form of what asks nothing: %v", err)
		}
		if got := len(w.history(c.ID)); got != before {
			t.Errorf("%d messages, had %d", got, before)
		}
		got, err := answer(m.ID, "a", "de", good)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := answer(m.ID, "a", "de", strings.Replace(good, "Rex", "Bello", 1)); !errors.Is(err, bridge.ErrClientIDReused) {
			t.Errorf("other answers under the same ID: %v", err)
		}
		if _, err := answer(m.ID, "b", "de", good); !errors.Is(err, bridge.ErrFormAnswered) {
			t.Errorf("answered twice: %v", err)
		}
		if _, err := w.b.DeleteFromCitizen(t.Context(), c.ID, got.ID); !errors.Is(err, bridge.ErrUnchangeable) {
			t.Errorf("deleted: %v", err)
		}
		if _, err := w.b.EditFromCitizen(t.Context(), c.ID, got.ID, bridge.CitizenMessage{ClientID: "e", Text: "x"}); !errors.Is(err, bridge.ErrUnchangeable) {
			t.Errorf("edited: %v", err)
		}
	})
}

// A form stays as it was sent when the config changes; taken back by the clerk, it can't be filled in any more.
func TestFormStaysAsItWasSent(t *testing.T) {
	t.Parallel()
	w, c, m := sentForm(t, newSQLite(t))
	w.leave()
	w.change = func(o *bridge.Options) { o.Areas = areas }
	w.run()
	if read, _, err := w.b.Form(t.Context(), c.ID, m.ID); err != nil || read.Title("de") != "Hund anmelden" {
		t.Errorf("form %v %v", read, err)
	}
	w.hs.say(bridge.Event{Room: c.Room, Sender: keller, Kind: bridge.Redaction, ReplyTo: m.Event})
	w.sync()
	if _, _, err := w.b.Form(t.Context(), c.ID, m.ID); !errors.Is(err, bridge.ErrUnknownMessage) {
		t.Errorf("taken back: %v", err)
	}
	in := bridge.FormAnswers{ClientID: "a", Language: "de", Answers: []byte(`{"hund": "Rex", "seit": "2020-01-01"}`)}
	if _, err := w.b.AnswerForm(t.Context(), c.ID, m.ID, in); !errors.Is(err, bridge.ErrUnknownMessage) {
		t.Errorf("answered what was taken back: %v", err)
	}
}
