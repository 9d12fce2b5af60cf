package homeservertest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"schalter/bridge/homeserver/homeservertest"
)

// desk is one user with one room, who asks everything through the proxy.
type desk struct {
	*homeservertest.FaultProxy
	hs                 *homeservertest.Homeserver
	token, room, since string
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	hs := homeservertest.Dendrite(t)
	if _, err := hs.Register("anna", "correct horse", "", false); err != nil {
		t.Fatal(err)
	}
	d := &desk{FaultProxy: homeservertest.Proxy(t, hs.URL()), hs: hs, token: login(t, hs, "anna")}
	_, room := call(t, http.MethodPost, hs.URL()+"/_matrix/client/v3/createRoom", d.token, map[string]any{})
	d.room = room["room_id"].(string)
	d.sync(t, 0)
	return d
}

// try sends a message with the transaction ID given; the status is 0 if there was no answer.
func (d *desk) try(ctx context.Context, txn string) (status int, body string, err error) {
	address := d.URL() + "/_matrix/client/v3/rooms/" + url.PathEscape(d.room) + "/send/m.room.message/" + txn
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, address,
		strings.NewReader(`{"msgtype":"m.text","body":"`+txn+`"}`))
	if err != nil {
		return 0, "", err
	}
	request.Header.Set("Authorization", "Bearer "+d.token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, string(text), err
}

// sync returns the messages that are new since the last call, waiting for one up to timeout.
func (d *desk) sync(t *testing.T, timeout time.Duration) (bodies []string) {
	t.Helper()
	address := fmt.Sprintf("%s/_matrix/client/v3/sync?timeout=%d&since=%s&filter=%s", d.URL(), timeout.Milliseconds(),
		d.since, url.QueryEscape(`{"room":{"timeline":{"limit":1000}}}`))
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+d.token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer struct {
		NextBatch string `json:"next_batch"`
		Rooms     struct {
			Join map[string]struct {
				Timeline struct {
					Events []struct {
						Type    string
						Content struct{ Body string }
					}
				}
			}
		}
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	d.since = answer.NextBatch
	for _, event := range answer.Rooms.Join[d.room].Timeline.Events {
		if event.Type == "m.room.message" {
			bodies = append(bodies, event.Content.Body)
		}
	}
	return bodies
}

// await syncs until as many messages as wanted have come and compares them.
func (d *desk) await(t *testing.T, want ...string) {
	t.Helper()
	var got []string
	for deadline := time.Now().Add(20 * time.Second); len(got) < len(want) && time.Now().Before(deadline); {
		got = append(got, d.sync(t, 10*time.Second)...)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the room got %v, want %v", got, want)
	}
}

func TestProxyLosesAnswers(t *testing.T) {
	d := newDesk(t)
	d.LoseEvery(2)
	for i, lost := range []bool{false, true, false, true} {
		status, _, err := d.try(t.Context(), fmt.Sprint("m", i))
		if lost != (err != nil) || !lost && status != http.StatusOK {
			t.Errorf("message %d: %d, %v", i, status, err)
		}
		if err != nil && !errors.Is(err, io.EOF) {
			t.Errorf("a lost answer looks like %v", err)
		}
	}
	d.await(t, "m0", "m1", "m2", "m3")
	if c := d.Counts(); c.Lost != 2 || c.Requests["send"] != 4 || c.Requests["sync"] == 0 {
		t.Errorf("counted %+v", c)
	}
	d.LoseEvery(1)
	d.Subject(homeservertest.Endpoints("createRoom"))
	if status, _, err := d.try(t.Context(), "m4"); status != http.StatusOK {
		t.Errorf("outside the subject: %d, %v", status, err)
	}
}

func TestProxyDelaysAnswers(t *testing.T) {
	d := newDesk(t)
	d.DelayEvery(1, time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() {
		_, _, err := d.try(ctx, "late")
		gone <- err
	}()
	d.await(t, "late") // it acted, though its answer is an hour away
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("the client got %v", err)
	}
	const pause = 100 * time.Millisecond
	d.DelayEvery(2, pause)
	for i, least := range []time.Duration{0, pause} {
		began := time.Now()
		if status, _, err := d.try(t.Context(), fmt.Sprint("m", i)); status != http.StatusOK {
			t.Fatalf("message %d: %d, %v", i, status, err)
		}
		if took := time.Since(began); took < least {
			t.Errorf("message %d took %v", i, took)
		}
	}
	if c := d.Counts(); c.Delayed != 2 {
		t.Errorf("counted %+v", c)
	}
}

func TestProxyHoldsRequests(t *testing.T) {
	d := newDesk(t)
	arrived, release := d.Hold(homeservertest.Endpoints("send"))
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() {
		_, _, err := d.try(ctx, "held")
		gone <- err
	}()
	<-arrived
	if early := d.sync(t, 0); len(early) != 0 {
		t.Errorf("it reached the homeserver while held: %v", early)
	}
	cancel()
	<-gone
	release()
	d.await(t, "held") // acts after its client has gone
	if status, _, err := d.try(t.Context(), "after"); status != http.StatusOK {
		t.Errorf("after release: %d, %v", status, err)
	}
	d.await(t, "after")
	d.HoldEvery(1, 50*time.Millisecond)
	began := time.Now()
	if status, _, err := d.try(t.Context(), "slow"); status != http.StatusOK || time.Since(began) < 50*time.Millisecond {
		t.Errorf("HoldEvery: %d, %v after %v", status, err, time.Since(began))
	}
}

func TestProxyAnswersItself(t *testing.T) {
	d := newDesk(t)
	for _, c := range []struct {
		status            int
		contentType, body string
	}{
		{http.StatusOK, "text/html", "<html>sign in first</html>"},
		{http.StatusTooManyRequests, "application/json", `{"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":50}`},
		{http.StatusInternalServerError, "text/plain", "oops"},
	} {
		d.Answer(func(r *http.Request) (int, string, string, bool) {
			return c.status, c.contentType, c.body, homeservertest.Mutating(r)
		})
		if status, body, err := d.try(t.Context(), "never"); status != c.status || body != c.body {
			t.Errorf("answered %d %q, %v", status, body, err)
		}
	}
	d.Answer(func(*http.Request) (int, string, string, bool) { return homeservertest.Close, "", "", true })
	if _, _, err := d.try(t.Context(), "never"); !errors.Is(err, io.EOF) {
		t.Errorf("Close: %v", err)
	}
	asked := make(chan struct{})
	d.Answer(func(*http.Request) (int, string, string, bool) {
		close(asked)
		return homeservertest.Hang, "", "", true
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	if _, _, err := d.try(ctx, "never"); !errors.Is(err, context.Canceled) {
		t.Errorf("Hang: %v", err)
	}
	d.Answer(func(r *http.Request) (int, string, string, bool) {
		body, err := io.ReadAll(r.Body)
		return 0, "", "", err != nil || bytes.Contains(body, []byte("never"))
	})
	if status, _, err := d.try(t.Context(), "passed"); status != http.StatusOK {
		t.Errorf("passed on after a look at the body: %d, %v", status, err)
	}
	d.Answer(nil)
	d.await(t, "passed")
}

func TestProxyCutAndMended(t *testing.T) {
	d := newDesk(t)
	waiting, ended := d.Counts().Requests["sync"], make(chan error)
	go func() {
		request, _ := http.NewRequest(http.MethodGet, d.URL()+"/_matrix/client/v3/sync?timeout=60000&since="+d.since, nil)
		request.Header.Set("Authorization", "Bearer "+d.token)
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			response.Body.Close()
		}
		ended <- err
	}()
	for d.Counts().Requests["sync"] == waiting {
		time.Sleep(time.Millisecond)
	}
	d.Cut()
	if err := <-ended; err == nil {
		t.Error("a long poll goes on after Cut")
	}
	if _, _, err := d.try(t.Context(), "m0"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("while cut: %v", err)
	}
	if err := d.Mend(); err != nil {
		t.Fatal(err)
	}
	if status, _, err := d.try(t.Context(), "m1"); status != http.StatusOK {
		t.Errorf("after Mend: %d, %v", status, err)
	}
	d.await(t, "m1")
}

func TestProxyOutlivesTheHomeserver(t *testing.T) {
	d := newDesk(t)
	if err := d.hs.Kill(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.try(t.Context(), "m0"); !errors.Is(err, io.EOF) {
		t.Errorf("homeserver dead: %v", err)
	}
	d.BadGateway(true)
	if status, body, err := d.try(t.Context(), "m1"); status != http.StatusBadGateway || !strings.Contains(body, "<html>") {
		t.Errorf("as a gateway: %d %q, %v", status, body, err)
	}
	if err := d.hs.Start(); err != nil {
		t.Fatal(err)
	}
	if status, _, err := d.try(t.Context(), "m2"); status != http.StatusOK {
		t.Errorf("homeserver back: %d, %v", status, err)
	}
	d.await(t, "m2")
	if c := d.Counts(); c.Unreachable != 2 {
		t.Errorf("counted %+v", c)
	}
}

func TestProxySettingsDuringTraffic(t *testing.T) {
	d := newDesk(t)
	var traffic sync.WaitGroup
	for worker := range 4 {
		traffic.Go(func() {
			for i := range 10 {
				d.try(t.Context(), fmt.Sprintf("w%d-%d", worker, i))
			}
		})
	}
	for n := range 20 {
		d.LoseEvery(n % 3)
		d.DelayEvery(n%2, time.Millisecond)
		d.HoldEvery(n%4, time.Millisecond)
		d.Subject(homeservertest.Everything)
		_, release := d.Hold(homeservertest.Mutating)
		release()
		d.Counts()
	}
	traffic.Wait()
	d.LoseEvery(0)
	seen := map[string]bool{}
	for deadline := time.Now().Add(20 * time.Second); len(seen) < 40 && time.Now().Before(deadline); {
		for _, body := range d.sync(t, 10*time.Second) {
			if seen[body] {
				t.Errorf("%s came twice", body)
			}
			seen[body] = true
		}
	}
	if len(seen) != 40 {
		t.Errorf("%d of 40 messages acted", len(seen))
	}
}
