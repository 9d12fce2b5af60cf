package main

import (
	"context"
	"strings"
	"testing"
	"time"
)

// TestLogIsFreeOfPersons: a marker sentence goes through the whole system, in every field and in
// both directions, through failures too, and is in no line of the log.
func TestLogIsFreeOfPersons(t *testing.T) {
	const sentence = "Grasfrosch-Tango-4711"
	databases(t, func(t *testing.T, database string) {
		ctx, cancel := context.WithTimeout(context.Background(), 6*time.Minute)
		defer cancel()
		hs, reg := home(t, "dendrite")
		s := newSystem(t, hs, reg, database, 1)
		s.mustStart()
		nora := s.clerk("nora")
		if err := nora.acceptInvites(ctx, 4); err != nil {
			t.Fatal(err)
		}
		c := &citizen{t: t, base: s.base}
		status, data, err := c.post(ctx, "conversations", "", map[string]any{
			"service_area": areaA, "language": "de", "name": sentence, "page_url": "https://www.aarau.ch/" + sentence + "?q=" + sentence,
			"message": map[string]string{"client_id": sentence, "text": sentence},
		})
		if err != nil || status != 201 {
			t.Fatalf("%d %s %v", status, data, err)
		}
		c = &citizen{t: t, base: s.base}
		if err := c.open(ctx, areaA, sentence); err != nil {
			t.Fatal(err)
		}
		room, err := nora.enter(ctx, c.number)
		if err != nil {
			t.Fatal(err)
		}
		nora.send(ctx, room, "b1", map[string]any{"msgtype": "m.text", "body": []string{sentence}})
		if err := nora.say(ctx, room, sentence); err != nil {
			t.Fatal(err)
		}
		// Trouble is when logs talk: no answer arrives until one of the outbox was missed.
		s.proxy.LoseEvery(1)
		if err := c.say(ctx, sentence); err != nil {
			t.Fatal(err)
		}
		for _, body := range []map[string]any{
			{"client_id": sentence, "text": strings.Repeat(sentence, 300)}, {"client_id": sentence + "\x00", "text": sentence},
			{sentence: sentence}, {"client_id": 5, "text": sentence},
		} {
			if status, _, err := c.post(ctx, "conversations/"+c.id+"/messages", "", body); err != nil || status < 400 {
				t.Errorf("bad input answered %d %v", status, err)
			}
		}
		token := c.token
		c.token = sentence
		if status, _, err := c.post(ctx, "conversations/"+c.id+"/messages?q="+sentence, "", map[string]any{"client_id": "x", "text": sentence}); err != nil || status != 401 {
			t.Errorf("wrong token answered %d %v", status, err)
		}
		c.token = token
		s.hasLogged("outbox entry failed")
		s.proxy.LoseEvery(0)
		s.hasLogged("events set aside")
		s.stop()
		log := s.log()
		for _, secret := range []string{sentence, token, reg.ASToken, reg.HSToken} {
			if strings.Contains(log, secret) {
				for _, line := range strings.Split(log, "\n") {
					if strings.Contains(line, secret) {
						t.Errorf("in the log: %.300s", line)
						break
					}
				}
			}
		}
	})
}

// hasLogged waits until the log talks: a test that looks for a leak in silence finds nothing.
func (s *system) hasLogged(message string) {
	s.t.Helper()
	eventually(s.t, time.Minute, func() string {
		if strings.Contains(s.log(), `"message":"`+message) {
			return ""
		}
		return "the log does not say: " + message
	})
}
