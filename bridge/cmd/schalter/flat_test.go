package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"schalter/bridge/homeserver/homeservertest"
)

const (
	flatMessages      = 10_000 // of both directions together
	flatStreams       = 1_000
	flatConversations = 20
	flatTenths        = 10
	// perStream is how many rounds a stream is open for; a round is a message each way.
	perStream = flatMessages / 2 / flatStreams
	rounds    = flatMessages / 2 / flatConversations / flatTenths
)

// TestMemoryStaysFlat runs the whole service in this process, on SQLite and before a homeserver that
// remembers nothing: after 10,000 messages and 1,000 streams that were opened and closed it may hold
// no more than after the first tenth of them.
func TestMemoryStaysFlat(t *testing.T) {
	hs := newForgetful(t)
	s, base := runInside(t, hs.URL)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	chats := make([]*flatChat, flatConversations)
	for i := range chats {
		chats[i] = &flatChat{citizen: &citizen{t: t, base: base, index: i}, hs: hs}
		if err := chats[i].open(ctx, areaA, "0"); err != nil {
			t.Fatal(err)
		}
		chats[i].seq = 1
	}
	eventually(t, time.Minute, func() string { return undone(ctx, s) })
	var first, last footprint
	for tenth := range flatTenths {
		var wg sync.WaitGroup
		failures := make([]error, len(chats))
		for i, c := range chats {
			wg.Go(func() { failures[i] = c.talk(ctx) })
		}
		wg.Wait()
		for _, err := range failures {
			if err != nil {
				t.Fatal(err)
			}
		}
		eventually(t, time.Minute, func() string { return undone(ctx, s) })
		last = measureFootprint(t, s, first)
		if tenth == 0 {
			first = last
		}
		t.Logf("after %d messages and %d streams: %s", flatMessages*(tenth+1)/flatTenths, flatStreams*(tenth+1)/flatTenths, last)
	}
	if most := first.heap + first.heap/8; last.heap > most {
		t.Errorf("%d KB of heap at the end, %d KB after the first tenth", last.heap>>10, first.heap>>10)
	}
	if last.goroutines > first.goroutines+spareGoroutines {
		buf := make([]byte, 1<<20)
		t.Errorf("%d goroutines at the end, %d after the first tenth:\n%s", last.goroutines, first.goroutines, buf[:runtime.Stack(buf, true)])
	}
	for _, c := range chats {
		if c.streams != flatStreams/flatConversations {
			t.Errorf("a conversation had %d streams", c.streams)
		}
	}
}

// spareGoroutines are those that come and go: connections that are being closed, a ticker's work.
const spareGoroutines = 15

// footprint is what the process holds after a garbage collection.
type footprint struct {
	heap       uint64 // bytes in use
	goroutines int
}

func (f footprint) String() string {
	return fmt.Sprintf("%d KB of heap, %d goroutines", f.heap>>10, f.goroutines)
}

// measureFootprint waits until connections that were closed have gone, if there are more than before.
func measureFootprint(t *testing.T, s *service, before footprint) footprint {
	client.CloseIdleConnections()
	streaming.CloseIdleConnections()
	eventually(t, 30*time.Second, func() string {
		if n := s.hub.Streams(); n > 0 {
			return fmt.Sprintf("%d streams are open", n)
		}
		return ""
	})
	for n := 0; n < 100 && runtime.NumGoroutine() > before.goroutines+spareGoroutines; n++ {
		time.Sleep(20 * time.Millisecond) // the end of a connection sends no event
	}
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what had a finalizer
	runtime.ReadMemStats(&m)
	return footprint{heap: m.HeapAlloc, goroutines: runtime.NumGoroutine()}
}

// undone says what is still under way.
func undone(ctx context.Context, s *service) string {
	f, err := s.db.Figures(ctx)
	if err != nil || len(f.Outbox) > 0 {
		return fmt.Sprintf("the outbox holds %v %v", f.Outbox, err)
	}
	return ""
}

// runInside runs a service in this process and returns its base URL.
func runInside(t *testing.T, homeserverURL string) (*service, string) {
	t.Helper()
	sys := &system{t: t, upstream: homeserverURL, reg: homeservertest.NewRegistration(t), dir: t.TempDir()}
	base := sys.writeConfig("config.yaml", "sqlite:"+filepath.Join(sys.dir, "schalter.db"), 10)
	c, err := loadConfig(filepath.Join(sys.dir, "config.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := newService(t.Context(), c, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", c.Web.Listen)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.run(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the service ended with %v", err)
		}
	})
	return s, base
}

// flatChat is a conversation that keeps nothing of what was said.
type flatChat struct {
	*citizen
	hs      *forgetful
	seq     int64
	said    int
	streams int
}

// talk has a tenth of the conversation: messages, streams, typing and reading both ways.
func (c *flatChat) talk(ctx context.Context) error {
	for range rounds / perStream {
		stream, err := c.openStream(ctx)
		if err != nil {
			return err
		}
		for range perStream {
			c.said++
			text := strconv.Itoa(c.said)
			if err := c.want(ctx, http.StatusAccepted, "messages", map[string]string{"client_id": text, "text": text}); err != nil {
				return err
			}
			c.hs.answers(c.id, text)
			c.seq += 2
		}
		if err := stream.until(c.seq); err != nil {
			return err
		}
		c.hs.reads(c.id)
		for call, body := range map[string]any{"read": map[string]int64{"seq": c.seq}, "typing": map[string]bool{"typing": c.said%2 == 0}} {
			if err := c.want(ctx, http.StatusNoContent, call, body); err != nil {
				return err
			}
		}
		stream.close()
		c.streams++
	}
	return nil
}

// want posts and fails if the answer is another one. Too much typing in a short time is none.
func (c *flatChat) want(ctx context.Context, status int, call string, body any) error {
	got, answer, err := c.post(ctx, "conversations/"+c.id+"/"+call, "", body)
	if err == nil && got != status && got != http.StatusTooManyRequests {
		err = fmt.Errorf("%s answered %d: %s", call, got, answer)
	}
	return err
}

type flatStream struct {
	close func()
	lines *bufio.Scanner
	after int64
}

func (c *flatChat) openStream(ctx context.Context) (*flatStream, error) {
	ctx, cancel := context.WithCancel(ctx)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s/api/v1/conversations/%s/stream?after=%d", c.base, c.id, c.seq), nil)
	if err != nil {
		cancel()
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	resp, err := streaming.Do(r)
	if err != nil {
		cancel()
		return nil, err
	}
	end := func() {
		cancel()
		resp.Body.Close()
	}
	if resp.StatusCode != http.StatusOK {
		end()
		return nil, fmt.Errorf("stream answered %d", resp.StatusCode)
	}
	return &flatStream{close: end, lines: bufio.NewScanner(resp.Body), after: c.seq}, nil
}

// until reads until a seq has come, each one after the other.
func (s *flatStream) until(seq int64) error {
	for s.after < seq && s.lines.Scan() {
		if id, ok := strings.CutPrefix(s.lines.Text(), "id: "); ok {
			s.after++
			if id != strconv.FormatInt(s.after, 10) {
				return fmt.Errorf("streamed seq %s where %d was next", id, s.after)
			}
		}
	}
	if s.after < seq {
		return fmt.Errorf("the stream ended after seq %d: %v", s.after, s.lines.Err())
	}
	return nil
}

// forgetful is a homeserver that lets everything pass and keeps only what the next /sync shows.
type forgetful struct {
	*httptest.Server

	mu     sync.Mutex
	more   chan struct{} // closed when there is news
	first  int           // the index of news[0]
	news   []flatNews
	rooms  int
	events int
	byChat map[string]*flatRoom
}

type flatRoom struct{ id, newest string }

type flatNews struct{ room, part, event string }

func newForgetful(t *testing.T) *forgetful {
	f := &forgetful{more: make(chan struct{}), byChat: map[string]*flatRoom{}}
	f.Server = httptest.NewUnstartedServer(f)
	// Connections that are kept would be counted, and how many there are depends on the moment.
	f.Config.SetKeepAlivesEnabled(false)
	f.Start()
	t.Cleanup(f.Close)
	return f
}

// add tells of an event; the caller holds mu.
func (f *forgetful) add(room, part, event string) {
	f.news = append(f.news, flatNews{room, part, event})
	close(f.more)
	f.more = make(chan struct{})
}

// message adds a message and returns its event ID; the caller holds mu.
func (f *forgetful) message(room, sender, content string) string {
	f.events++
	id := fmt.Sprintf("$%d", f.events)
	f.add(room, "timeline", fmt.Sprintf(`{"event_id":%q,"type":"m.room.message","sender":%q,"origin_server_ts":%d,"content":%s}`,
		id, sender, time.Now().UnixMilli(), content))
	return id
}

func (f *forgetful) answers(chat, text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	room := f.byChat[chat].id
	f.add(room, "ephemeral", `{"type":"m.typing","content":{"user_ids":["@nora:localhost"]}}`)
	f.message(room, "@nora:localhost", fmt.Sprintf(`{"msgtype":"m.text","body":%q}`, text))
}

// reads has the clerk read all that the citizen has written.
func (f *forgetful) reads(chat string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	room := f.byChat[chat]
	f.add(room.id, "ephemeral", fmt.Sprintf(`{"type":"m.receipt","content":{%q:{"m.read":{"@nora:localhost":{"ts":1}}}}}`, room.newest))
}

func (f *forgetful) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, user := strings.TrimPrefix(r.URL.Path, "/_matrix/client/v3/"), r.URL.Query().Get("user_id")
	switch parts := strings.Split(path, "/"); {
	case path == "sync":
		f.sync(w, r)
	case path == "createRoom":
		var plan struct {
			Content map[string]string `json:"creation_content"`
		}
		_ = json.NewDecoder(r.Body).Decode(&plan)
		f.mu.Lock()
		defer f.mu.Unlock()
		f.rooms++
		room := &flatRoom{id: fmt.Sprintf("!%d:localhost", f.rooms)}
		f.byChat[plan.Content["ch.schalter.conversation"]] = room
		fmt.Fprintf(w, `{"room_id":%q}`, room.id)
	case parts[0] == "directory":
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"errcode":"M_NOT_FOUND"}`)
	case len(parts) == 5 && parts[2] == "send":
		var content json.RawMessage
		_ = json.NewDecoder(r.Body).Decode(&content)
		f.mu.Lock()
		defer f.mu.Unlock()
		id := f.message(parts[1], user, string(content))
		for _, room := range f.byChat {
			if room.id == parts[1] && strings.HasPrefix(user, "@citizen_") {
				room.newest = id
			}
		}
		fmt.Fprintf(w, `{"event_id":%q}`, id)
	case len(parts) == 3 && parts[2] == "state":
		fmt.Fprint(w, `[]`)
	default:
		fmt.Fprint(w, `{"membership":"join","event_id":"$state","joined_rooms":[]}`)
	}
}

// sync waits for news and forgets what was read before.
func (f *forgetful) sync(w http.ResponseWriter, r *http.Request) {
	since, _ := strconv.Atoi(r.URL.Query().Get("since")) // "" is the beginning
	f.mu.Lock()
	defer f.mu.Unlock()
	f.news = append([]flatNews(nil), f.news[since-f.first:]...)
	f.first = since
	for len(f.news) == 0 {
		more := f.more
		f.mu.Unlock()
		select {
		case <-more:
		case <-r.Context().Done():
		}
		f.mu.Lock()
		if r.Context().Err() != nil {
			return
		}
	}
	rooms := map[string]map[string]map[string][]json.RawMessage{}
	for _, n := range f.news {
		if rooms[n.room] == nil {
			rooms[n.room] = map[string]map[string][]json.RawMessage{"timeline": {}, "ephemeral": {}}
		}
		rooms[n.room][n.part]["events"] = append(rooms[n.room][n.part]["events"], json.RawMessage(n.event))
	}
	_ = json.NewEncoder(w).Encode(map[string]any{
		"next_batch": strconv.Itoa(f.first + len(f.news)), "rooms": map[string]any{"join": rooms},
	})
}
