package bridge_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"schalter/bridge"
)

// post is a bridge.Mailer that fails as told.
type post struct {
	mu    sync.Mutex
	fails []error
	sent  []bridge.Mail
}

func (p *post) Send(_ context.Context, m bridge.Mail) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.fails) > 0 {
		err := p.fails[0]
		p.fails = p.fails[1:]
		return err
	}
	p.sent = append(p.sent, m)
	return nil
}

func (p *post) mails() []bridge.Mail {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]bridge.Mail(nil), p.sent...)
}

func newPostOffice(t *testing.T, url, now string) (*city, *post) {
	t.Helper()
	p := &post{}
	return newCity(t, url, now, func(o *bridge.Options) {
		o.Mailer, o.City, o.PublicURL = p, "Stadt Aarau", "https://chat.aarau.test"
	}), p
}

var umbrella = bridge.NewRequest{
	Area: hunde, Language: "de", Name: "Anna Muster", Email: "anna@aarau.test", Text: "Wo melde ich\nmeinen Hund an?", Key: "the browser's own key",
}

// noticed waits until the request's notice is known, and returns it.
func (w *city) noticed(id bridge.RequestID) bridge.Request {
	w.t.Helper()
	var r bridge.Request
	w.await("notice in the lobby", func() bool {
		must(0, w.db.Update(context.Background(), func(tx bridge.Tx) (err error) {
			r, err = tx.Request(id)
			return err
		}))
		return r.Notice != ""
	})
	return r
}

func (w *city) lobbySays(n int) string {
	w.t.Helper()
	w.await("the lobby", func() bool { return len(w.hs.said(w.lobby(hunde))) >= n })
	return w.hs.said(w.lobby(hunde))[n-1]
}

// A request left at night is answered in the morning by e-mail, and picked up in the chat.
func TestRequestIsAnsweredByMail(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w, p := newPostOffice(t, url, "2026-07-05 23.14.00")
		left, err := w.b.LeaveRequest(t.Context(), umbrella)
		if err != nil {
			t.Fatal(err)
		}
		again := must(w.b.LeaveRequest(t.Context(), umbrella))
		if !again.Repeated || again.Request.Number != left.Request.Number || again.Token == left.Token {
			t.Errorf("the same again: %+v", again)
		}
		other := umbrella
		other.Text = "anderes"
		if _, err := w.b.LeaveRequest(t.Context(), other); !errors.Is(err, bridge.ErrKeyReused) {
			t.Error(err)
		}
		r := w.noticed(left.Request.ID)
		want := fmt.Sprintf("📨 Anfrage #%d · Anna Muster · Deutsch · 23.14 Uhr\nAntwort per E-Mail an anna@aarau.test: auf diese Nachricht antworten. Erledigt: ✅\n\nWo melde ich\nmeinen Hund an?", r.Number)
		if got := w.lobbySays(1); got != want {
			t.Errorf("the lobby says %q", got)
		}

		w.jump("08.05.00")
		w.hs.say(bridge.Event{Room: w.lobby(hunde), Sender: meier, Kind: bridge.ClerkText, Text: "bin nicht von hier", ReplyTo: r.Notice})
		w.hs.say(bridge.Event{Room: w.lobby(hunde), Sender: keller, Kind: bridge.ClerkText, Text: "nicht dazu"})
		p.fails = []error{fmt.Errorf("server away: %w", bridge.ErrNotSent)}
		answer := bridge.Event{Room: w.lobby(hunde), Sender: keller, Kind: bridge.ClerkText, Text: "Bei uns am Schalter, {{oder}} hier im Chat.", ReplyTo: r.Notice}
		w.hs.say(answer)
		w.sync()
		w.passUntil("mail", time.Second, func() bool {
			return len(p.mails()) == 1
		})
		if got := w.lobbySays(2); got != fmt.Sprintf("✉️ Anfrage #%d: Die Antwort von Frau Keller ist per E-Mail verschickt.", r.Number) {
			t.Errorf("the lobby says %q", got)
		}
		m := p.mails()[0]
		for _, want := range []string{"Guten Tag Anna Muster", answer.Text, "Frau Keller, Hundekontrolle", "> Wo melde ich\n> meinen Hund an?", "Ihre Anfrage vom 5.7.2026", "Mo–Fr 8.00–11.30, 14.00–17.00 Uhr", "Stadt Aarau"} {
			if !strings.Contains(m.Text, want) {
				t.Errorf("the mail lacks %q:\n%s", want, m.Text)
			}
		}
		if m.To != "anna@aarau.test" || m.Subject != fmt.Sprintf("Ihre Anfrage Nr. %d · Stadt Aarau", r.Number) || w.b.Delayed() {
			t.Errorf("%+v, delayed %v", m, w.b.Delayed())
		}
		link := regexp.MustCompile(`https://chat\.aarau\.test/#request=([A-Za-z0-9_-]{43})&service_area=hunde`).FindStringSubmatch(m.Text)
		if link == nil {
			t.Fatalf("no link in %s", m.Text)
		}

		opening := bridge.Opening{Area: hunde, Language: "de", Request: link[1], Message: &bridge.CitizenMessage{ClientID: "1", Text: "Danke!"}}
		first := must(w.b.Open(t.Context(), opening))
		if first.Conversation.Name != "Anna Muster" {
			t.Errorf("name %q", first.Conversation.Name)
		}
		var texts []string
		for _, m := range w.history(first.Conversation.ID) {
			texts = append(texts, string(m.Direction)+": "+m.Text)
		}
		if got := strings.Join(texts, "|"); got != "citizen: "+umbrella.Text+"|clerk: "+answer.Text+"|citizen: Danke!" {
			t.Errorf("history %s", got)
		}
		w.await("delivered", func() bool { return w.look(first.Conversation.ID).DeliveredSeq == 3 })
		w.passUntil("the room knows", time.Second, func() bool {
			return strings.Contains(strings.Join(w.hs.said(w.look(first.Conversation.ID).Room), "\n"), "Antwort von Frau Keller war: "+answer.Text)
		})
		// The link again, and the browser's own token, lead into the same conversation.
		opening.Request, opening.Message = again.Token, &bridge.CitizenMessage{ClientID: "2", Text: "Noch da?"}
		second := must(w.b.Open(t.Context(), opening))
		if second.Conversation.ID != first.Conversation.ID || second.Message.Seq != 4 {
			t.Errorf("picked up twice: %+v", second)
		}
	})
}

func TestRequestByPhoneAndByNumber(t *testing.T) {
	t.Parallel()
	w, p := newPostOffice(t, "sqlite:"+filepath.Join(t.TempDir(), "x.db"), "20.00.00")
	phone := umbrella
	phone.Email, phone.Phone, phone.Key = "", "062 836 05 10", ""
	r := w.noticed(must(w.b.LeaveRequest(t.Context(), phone)).Request.ID)
	w.hs.say(bridge.Event{Room: w.lobby(hunde), Sender: keller, Kind: bridge.ClerkText, Text: "mache ich", ReplyTo: r.Notice})
	w.sync()
	if got := w.lobbySays(2); !strings.Contains(got, "nur eine Telefonnummer: 062 836 05 10") {
		t.Error(got)
	}
	w.hs.say(bridge.Event{Room: w.lobby(hunde), Sender: meier, Kind: bridge.ClerkReaction, Key: "✅", ReplyTo: r.Notice})
	w.hs.say(bridge.Event{Room: w.lobby(hunde), Sender: keller, Kind: bridge.ClerkReaction, Key: "👍", ReplyTo: r.Notice})
	w.hs.say(bridge.Event{Room: w.lobby(hunde), Sender: keller, Kind: bridge.ClerkReaction, Key: "✅\ufe0f", ReplyTo: r.Notice})
	w.hs.say(bridge.Event{Room: w.lobby(hunde), Sender: keller, Kind: bridge.ClerkReaction, Key: "✅", ReplyTo: r.Notice})
	w.sync()
	if got := w.lobbySays(3); got != fmt.Sprintf("✅ Anfrage #%d ist erledigt (Frau Keller).", r.Number) {
		t.Error(got)
	}
	if r = w.noticed(r.ID); r.State != bridge.RequestDone {
		t.Errorf("state %s", r.State)
	}
	number := umbrella
	number.Email, number.Key = "", ""
	n := w.noticed(must(w.b.LeaveRequest(t.Context(), number)).Request.ID)
	w.hs.say(bridge.Event{Room: w.lobby(hunde), Sender: keller, Kind: bridge.ClerkText, Text: fmt.Sprintf("!erledigt #%d", n.Number)})
	w.hs.say(bridge.Event{Room: w.lobby(hunde), Sender: keller, Kind: bridge.ClerkText, Text: "!done 99999"})
	w.sync()
	if got := w.lobbySays(6); !strings.Contains(got, "#99999 gibt es in diesem Bereich nicht") {
		t.Error(got)
	}
	if len(p.mails()) != 0 {
		t.Errorf("mails %v", p.mails())
	}
}

func TestMailThatIsRefused(t *testing.T) {
	t.Parallel()
	w, p := newPostOffice(t, "sqlite:"+filepath.Join(t.TempDir(), "x.db"), "20.00.00")
	p.fails = []error{fmt.Errorf("no such user: %w", bridge.ErrRefused)}
	r := w.noticed(must(w.b.LeaveRequest(t.Context(), umbrella)).Request.ID)
	w.hs.say(bridge.Event{Room: w.lobby(hunde), Sender: keller, Kind: bridge.ClerkText, Text: "Antwort", ReplyTo: r.Notice})
	w.sync()
	if got := w.lobbySays(2); !strings.Contains(got, "konnte nicht zugestellt werden") {
		t.Error(got)
	}
	if r = w.noticed(r.ID); r.State != bridge.RequestOpen || r.Answer != "Antwort" {
		t.Errorf("%+v", r)
	}
}

func TestRequestsAreChecked(t *testing.T) {
	t.Parallel()
	w, _ := newPostOffice(t, "sqlite:"+filepath.Join(t.TempDir(), "x.db"), "20.00.00")
	for _, tc := range []struct {
		change        func(*bridge.NewRequest)
		field, reason string
	}{
		{func(r *bridge.NewRequest) { r.Text = " \n" }, "text", bridge.ReasonRequired},
		{func(r *bridge.NewRequest) { r.Text = strings.Repeat("x", bridge.MaxText+1) }, "text", bridge.ReasonTooLong},
		{func(r *bridge.NewRequest) { r.Language = "rm" }, "language", bridge.ReasonNotOffered},
		{func(r *bridge.NewRequest) { r.Name = "A\x00" }, "name", bridge.ReasonControl},
		{func(r *bridge.NewRequest) { r.Email = "anna" }, "email", bridge.ReasonMalformed},
		{func(r *bridge.NewRequest) { r.Email = "Anna <anna@aarau.test>" }, "email", bridge.ReasonMalformed},
		{func(r *bridge.NewRequest) { r.Email = "anna@aarau.test\r\nBcc: x@y.test" }, "email", bridge.ReasonMalformed},
		{func(r *bridge.NewRequest) { r.Phone = "12" }, "phone", bridge.ReasonMalformed},
		{func(r *bridge.NewRequest) { r.Phone = "ruf an" }, "phone", bridge.ReasonMalformed},
	} {
		in := umbrella
		tc.change(&in)
		var wrong *bridge.InvalidError
		if _, err := w.b.LeaveRequest(t.Context(), in); !errors.As(err, &wrong) || wrong.Field != tc.field || wrong.Reason != tc.reason {
			t.Errorf("%+v: %v", in, err)
		}
	}
	w.jump("09.00.00")
	var wrong *bridge.InvalidError
	if _, err := w.b.Open(t.Context(), bridge.Opening{Area: hunde, Language: "de", Request: "guessed"}); !errors.As(err, &wrong) || wrong.Field != "request" {
		t.Error(err)
	}
	left := must(w.b.LeaveRequest(t.Context(), umbrella))
	if _, err := w.b.Open(t.Context(), bridge.Opening{Area: fund, Language: "de", Request: left.Token}); !errors.As(err, &wrong) || wrong.Field != "service_area" {
		t.Error(err)
	}

	plain := newCity(t, "sqlite:"+filepath.Join(t.TempDir(), "y.db"), "20.00.00", nil)
	if _, err := plain.b.LeaveRequest(t.Context(), umbrella); !errors.As(err, &wrong) || wrong.Field != "email" || wrong.Reason != bridge.ReasonNotOffered {
		t.Errorf("e-mail without a mail server: %v", err)
	}
}
