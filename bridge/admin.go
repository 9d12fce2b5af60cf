package bridge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// AdminRoom is the room in which admins command. It belongs to no service area.
const AdminRoom AreaPart = "admin"

// AdminAlias is its alias, without sigil and server.
const AdminAlias = "schalter_admin"

// AdminPlan is how the admin room should be.
type AdminPlan struct {
	Admins []UserID
	Room   RoomID
	// Retry and AgeSeconds as in RoomPlan.
	Retry      bool
	AgeSeconds int
	// Alias without sigil and server.
	Alias string
	Name  string
	Topic string
}

// adminStream is what is told in the admin room; adminRoomStream is about the room itself.
const adminStream, adminRoomStream = "admin", "admin_room"

func (b *Bridge) performSetUpAdmin(ctx context.Context, e Entry) (func(Tx) error, error) {
	owner := RoomOwner{Part: AdminRoom}
	plan, err := b.adminPlan(ctx)
	if err != nil {
		return nil, err
	}
	plan.Retry, plan.AgeSeconds = e.Attempts > 1 || e.Phase != Ready, b.age(e)
	room, err := b.rooms.SetUpAdmin(ctx, plan, b.foundRoom(ctx, owner))
	if isLost(err) {
		return nil, b.replace(ctx, owner, room, err)
	}
	if err != nil {
		return nil, fmt.Errorf("set up admin room: %w", err)
	}
	return func(tx Tx) error { return finish(tx, e) }, nil
}

func (b *Bridge) adminPlan(ctx context.Context) (AdminPlan, error) {
	p := AdminPlan{Admins: b.admins, Name: b.texts.say("admin_name", nil), Topic: b.texts.say("admin_topic", nil)}
	err := b.store.Update(ctx, func(tx Tx) error {
		var err error
		if p.Room, err = tx.HouseRoom(AdminRoom); err != nil {
			return err
		}
		n, err := tx.Spare(RoomOwner{Part: AdminRoom})
		p.Alias = spareAlias(AdminAlias, n)
		return err
	})
	if err != nil {
		return AdminPlan{}, fmt.Errorf("read admin room: %w: %w", err, ErrNotSent)
	}
	return p, nil
}

const adminEntry = "set-up-admin"

// enqueueAdmin asks for the admin room: one entry, however often the service starts.
func (b *Bridge) enqueueAdmin(tx Tx) error {
	if len(b.admins) == 0 {
		return nil
	}
	now := b.now()
	_, err := tx.Enqueue(Entry{
		ID: adminEntry, Stream: adminRoomStream, Kind: SetUpAdmin, Phase: Ready, DueAt: now, CreatedAt: now,
	}, "", now)
	return err
}

// fromDesk takes what a person did in a room that serves no conversation. It returns AreasNews
// when the hours or the staff have changed.
func (b *Bridge) fromDesk(tx Tx, ev Event) (ConversationID, error) {
	admin, err := tx.HouseRoom(AdminRoom)
	if err != nil {
		return "", err
	}
	if ev.Room != admin {
		return b.fromAnyLobby(tx, ev)
	}
	if ev.Kind != ClerkText {
		return "", nil
	}
	if !slices.Contains(b.admins, ev.Sender) {
		if !isCommand(ev) {
			return "", nil
		}
		return "", b.stranger(tx, ev, b.texts.say("admin_name", nil), ServiceArea{})
	}
	lines := commandLines(ev.Text)
	mentioned := ev.Mentions
	if len(lines) > 1 {
		mentioned = nil // nobody knows in which line
	}
	var news ConversationID
	for _, line := range lines {
		answer, changed, err := b.obey(tx, ev.Sender, line, mentioned)
		if err != nil {
			return "", err
		}
		if changed {
			news = AreasNews
		}
		if err := b.tell(tx, Entry{Stream: adminStream, Room: admin}, textPayload{Text: answer}); err != nil {
			return "", err
		}
	}
	return news, nil
}

func (b *Bridge) fromAnyLobby(tx Tx, ev Event) (ConversationID, error) {
	if ev.Kind != ClerkText && ev.Kind != ClerkReaction {
		return "", nil
	}
	for _, a := range b.timetable.Load().areas {
		rooms, err := tx.AreaRooms(a.ID)
		if err != nil {
			return "", err
		}
		if rooms.Lobby != ev.Room {
			continue
		}
		if !a.Staffs(ev.Sender) {
			if ev.Kind != ClerkText || !isCommand(ev) || slices.Contains(b.admins, ev.Sender) {
				return "", nil
			}
			return "", b.stranger(tx, ev, b.texts.area("lobby_name", a), a)
		}
		if ev.Kind == ClerkText && isCommand(ev) && !doneCommand.MatchString(strings.TrimSpace(ev.Text)) {
			return b.fromLobbyCommand(tx, a, ev)
		}
		if id, known, err := b.takeFromLobby(tx, a, ev); known || err != nil {
			return id, err
		}
		return "", b.fromLobby(tx, a, ev)
	}
	return "", nil
}

// fromLobbyCommand answers a clerk's command in the area's lobby.
func (b *Bridge) fromLobbyCommand(tx Tx, a ServiceArea, ev Event) (ConversationID, error) {
	words, err := b.wordsFor(tx, ev.Sender, ev.Text)
	if err != nil {
		return "", err
	}
	answer, changed, err := b.obeyInLobby(tx, a, ev, words)
	var misread *commandError
	if errors.As(err, &misread) {
		answer, err = words.say(misread.key, misread.data), nil
	}
	if err != nil {
		return "", err
	}
	var news ConversationID
	if changed {
		news = AreasNews
	}
	if answer == "" {
		return news, nil
	}
	return news, b.tell(tx, Entry{Stream: lobbyStream(a.ID), Area: a.ID}, textPayload{Text: answer, Notice: true})
}

func (b *Bridge) obeyInLobby(tx Tx, a ServiceArea, ev Event, words *texts) (answer string, changed bool, err error) {
	v, rest, err := vocabularies[inLobby].read(ev.Text)
	if err != nil {
		return "", false, err
	}
	switch v {
	case askHelp:
		if everything[strings.ToLower(rest)] {
			return "", false, b.guideByOrder(tx, Entry{Stream: lobbyStream(a.ID), Area: a.ID}, ev.Sender, ev.ID)
		}
		answer, err = words.help(inLobby, rest, nil)
		return answer, false, err
	case doneRequest:
		return "", false, wrong("done")
	case startTrain:
		return "", false, b.trainByOrder(tx, a, ev, rest)
	case manageBlocks:
		answer, err = b.manageBlocks(tx, words, ev.Sender, a.ID, rest)
		return answer, false, err
	case cannedText:
		answer, err = b.cannedByOrder(tx, order{area: a, by: ev.Sender, rest: rest, words: words})
		return answer, false, err
	case setLanguage:
		answer, err = b.chooseLanguage(tx, words, ev.Sender, rest)
		return answer, false, err
	}
	return b.obeyClerk(tx, a, ev.Sender, v, words)
}

// mostCommands is how many lines of one message are taken as commands.
const mostCommands = 20

func commandLines(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "!") && len(out) < mostCommands {
			out = append(out, line)
		}
	}
	return out
}
