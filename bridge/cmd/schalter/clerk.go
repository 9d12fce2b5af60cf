package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"
)

type clerkCommand struct {
	Dir string `help:"Folder of the running demo." default:"schalter-demo" type:"path"`
	As  int    `help:"Which of the demo's clerks to be, from 1." default:"1"`
}

// Run signs in as a clerk of the demo, through the same API as any Matrix client: it joins the
// chats that wait, prints what citizens write, and sends what is typed to the latest chat, or
// with "#4711 text" to that one.
func (c *clerkCommand) Run(ctx context.Context) error {
	data, err := os.ReadFile(filepath.Join(c.Dir, "demo.json"))
	if err != nil {
		return fmt.Errorf("read demo.json (is the demo running?): %w", err)
	}
	var demo demoFile
	if err := json.Unmarshal(data, &demo); err != nil {
		return fmt.Errorf("read demo.json: %w", err)
	}
	if c.As < 1 || c.As > len(demo.Clerks) {
		return fmt.Errorf("--as must be 1 to %d", len(demo.Clerks))
	}
	me := demo.Clerks[c.As-1]
	client, err := mautrix.NewClient(demo.HomeserverURL, "", "")
	if err != nil {
		return fmt.Errorf("client: %w", err)
	}
	_, err = client.Login(ctx, &mautrix.ReqLogin{
		Type: mautrix.AuthTypePassword, Password: me.Password, StoreCredentials: true,
		Identifier:               mautrix.UserIdentifier{Type: mautrix.IdentifierTypeUser, User: me.localpart()},
		InitialDeviceDisplayName: "Schalter terminal",
	})
	if err != nil {
		return fmt.Errorf("sign in as %s: %w", me.UserID, err)
	}
	fmt.Printf("Signed in as %s. Waiting chats are joined as they come; type an answer and press Enter.\n", me.DisplayName)
	t := &terminal{client: client, out: os.Stdout, names: map[id.RoomID]string{}, people: map[id.UserID]string{}}
	responses, lines := make(chan *mautrix.RespSync), make(chan string)
	go readSync(ctx, client, responses)
	go readLines(ctx, os.Stdin, lines)
	for {
		select {
		case <-ctx.Done():
			return nil
		case r := <-responses:
			t.take(ctx, r)
		case line, ok := <-lines:
			if !ok {
				return nil
			}
			if err := t.send(ctx, line); err != nil {
				fmt.Fprintln(t.out, err)
			}
		}
	}
}

func readSync(ctx context.Context, client *mautrix.Client, out chan<- *mautrix.RespSync) {
	since := ""
	for ctx.Err() == nil {
		r, err := client.FullSyncRequest(ctx, mautrix.ReqSync{Since: since, Timeout: 20_000})
		if err != nil {
			select {
			case <-ctx.Done():
			case <-time.After(2 * time.Second): // the homeserver is away; nothing tells when it is back
			}
			continue
		}
		since = r.NextBatch
		select {
		case <-ctx.Done():
		case out <- r:
		}
	}
}

func readLines(ctx context.Context, in io.Reader, out chan<- string) {
	defer close(out)
	for s := bufio.NewScanner(in); s.Scan(); {
		select {
		case out <- s.Text():
		case <-ctx.Done():
			return
		}
	}
}

// terminal is a Matrix client as small as it can be. Used by one goroutine.
type terminal struct {
	client *mautrix.Client
	out    io.Writer
	// names of rooms and people as last seen.
	names  map[id.RoomID]string
	people map[id.UserID]string
	// latest is the room in which a citizen wrote last.
	latest id.RoomID
}

func (t *terminal) take(ctx context.Context, r *mautrix.RespSync) {
	for room := range r.Rooms.Invite {
		t.join(ctx, room)
	}
	for room, joined := range r.Rooms.Join {
		for _, e := range append(joined.State.Events, joined.Timeline.Events...) {
			t.show(ctx, room, e)
		}
	}
}

func (t *terminal) show(ctx context.Context, room id.RoomID, e *event.Event) {
	text := func(key string) string { s, _ := e.Content.Raw[key].(string); return s }
	switch e.Type.Type {
	case "m.room.name":
		if name := text("name"); t.names[room] != name {
			t.names[room] = name
			fmt.Fprintf(t.out, "· %s\n", name)
		}
	case "m.space.child":
		// A suggested room of an area's space is a lobby or a waiting chat.
		if suggested, _ := e.Content.Raw["suggested"].(bool); suggested {
			t.join(ctx, id.RoomID(e.GetStateKey()))
		}
	case "m.room.member":
		t.people[id.UserID(e.GetStateKey())] = text("displayname")
	case "m.room.message":
		if e.Sender == t.client.UserID {
			return
		}
		if strings.HasPrefix(string(e.Sender), "@citizen_") {
			t.latest = room
		}
		name := t.people[e.Sender]
		if name == "" {
			name = string(e.Sender)
		}
		fmt.Fprintf(t.out, "[%s] %s: %s\n", t.names[room], name, text("body"))
	}
}

func (t *terminal) join(ctx context.Context, room id.RoomID) {
	if _, err := t.client.JoinRoomByID(ctx, room); err != nil && ctx.Err() == nil {
		fmt.Fprintf(t.out, "could not join a room: %v\n", err)
	}
}

func (t *terminal) send(ctx context.Context, line string) error {
	room := t.latest
	if number, rest, ok := strings.Cut(line, " "); ok && strings.HasPrefix(number, "#") {
		for r, name := range t.names {
			if strings.Contains(name, number+" ") {
				room, line = r, rest
			}
		}
	}
	if strings.TrimSpace(line) == "" {
		return nil
	}
	if room == "" {
		return errors.New("no chat yet: write on the page first")
	}
	if _, err := t.client.SendText(ctx, room, line); err != nil {
		return fmt.Errorf("not sent: %w", err)
	}
	return nil
}
