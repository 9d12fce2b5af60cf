package bridge

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"
)

// roomOrders are what carries out each command of a conversation's room.
var roomOrders = map[verb]func(*Bridge, Tx, order) (answer string, err error){
	askHelp:    (*Bridge).helpInRoom,
	closeChat:  (*Bridge).closeByOrder,
	reopenChat: (*Bridge).reopenByOrder,
	blockChat:  (*Bridge).blockByOrder,
	takeChat:   (*Bridge).takeByOrder,
	passChat:   (*Bridge).passByOrder,
	addToChat:  (*Bridge).addByOrder,
	writeNote:  (*Bridge).noteByOrder,
	cannedText: (*Bridge).cannedByOrder,
	showPage:   (*Bridge).pageByOrder,
	askForFile: (*Bridge).documentByOrder,
	sendForm:   (*Bridge).formByOrder,
	askWhere:   (*Bridge).locationByOrder,
	fileChat:   (*Bridge).protocolByOrder,

	pauseClerk: deskByOrder(pauseClerk), clerkBack: deskByOrder(clerkBack), whoIsThere: deskByOrder(whoIsThere),
	showQueue: deskByOrder(showQueue), deskHours: deskByOrder(deskHours),
	setLanguage: (*Bridge).languageByOrder,
}

// order is a command that somebody of the staff wrote in a conversation's room.
type order struct {
	// c is the conversation, locked. Whoever changes it saves it.
	c    *Conversation
	area ServiceArea
	// by is a clerk of the area or an admin, name what they are called.
	by   UserID
	name string
	// rest is what stood behind the verb, without blanks around it; it may have several lines.
	rest string
	// words are those of the answer; mentions are the users whom the message mentions.
	words    *texts
	mentions []UserID
	// event is the command's own.
	event EventID
}

// isCommand reports whether a text is for the bridge: what begins with "!" never reaches a citizen.
func isCommand(ev Event) bool { return begins(ev.Text, ev.HTML, "!") }

// commands reports whether a user may give orders in the rooms of an area's conversations.
func (b *Bridge) commands(user UserID, area ServiceArea) bool {
	return area.Staffs(user) || slices.Contains(b.admins, user)
}

// obeyInRoom carries out a command written in a conversation's room. What is not understood is
// answered there as well, and held back like every command.
func (b *Bridge) obeyInRoom(tx Tx, c *Conversation, area ServiceArea, ev Event) error {
	name, err := b.clerkName(tx, ev.Sender)
	if err != nil {
		return err
	}
	words, err := b.wordsFor(tx, ev.Sender, ev.Text)
	if err != nil {
		return err
	}
	v, rest, err := vocabularies[inRoom].read(ev.Text)
	var answer string
	if err == nil && !b.commands(ev.Sender, area) && !slices.Contains(guestCommands, v) {
		answer = words.say("wrong_not_staffed", nil)
	} else if err == nil {
		carryOut := roomOrders[v]
		if other := trainingOrders[v]; other != nil && c.Trainee != "" {
			carryOut = other
		}
		answer, err = carryOut(b, tx, order{c: c, area: area, by: ev.Sender, name: name, rest: rest, words: words, mentions: ev.Mentions, event: ev.ID})
	}
	var misread *commandError
	if errors.As(err, &misread) {
		answer, err = words.say(misread.key, misread.data)+" "+words.say("room_held_back", nil), nil
	}
	if err != nil || answer == "" {
		return err
	}
	return b.tell(tx, Entry{Stream: deskStream(c.ID), Conversation: c.ID, Area: c.Area}, textPayload{Text: answer, Notice: true})
}

func (b *Bridge) helpInRoom(tx Tx, o order) (string, error) {
	if everything[strings.ToLower(o.rest)] {
		return "", b.guideByOrder(tx, Entry{Stream: deskStream(o.c.ID), Conversation: o.c.ID, Area: o.c.Area}, o.by, o.event)
	}
	return o.words.help(inRoom, o.rest, nil)
}

// closeByOrder ends the conversation: !zu [reason].
func (b *Bridge) closeByOrder(tx Tx, o order) (string, error) {
	if o.c.State == Closed {
		return o.words.say("room_closed_already", nil), nil
	}
	if utf8.RuneCountInString(o.rest) > MaxReason {
		return "", wrong("reason")
	}
	reason := strings.Join(strings.Fields(o.rest), " ")
	if err := b.shut(tx, o.c, ByClerk, reason); err != nil {
		return "", err
	}
	return "", b.tellRoomIn(tx, o.words, *o.c, "room_closed_by_clerk", map[string]string{"Clerk": o.name, "Reason": reason})
}

// reopenByOrder takes the conversation up again. That counts as starting one: not outside hours.
func (b *Bridge) reopenByOrder(tx Tx, o order) (string, error) {
	if o.c.State != Closed {
		return o.words.say("room_not_closed", nil), nil
	}
	if o.c.over(b.now()) {
		return o.words.say("room_reopen_too_late", nil), nil
	}
	if err := b.notBlocked(tx, o.c.ID); errors.Is(err, ErrBlocked) {
		return o.words.say("room_blocked", nil), nil
	} else if err != nil {
		return "", err
	}
	if now := o.area.At(b.now()); now.State == AreaClosed {
		data := map[string]string{}
		if !now.OpensAt.IsZero() {
			data["Opens"] = o.words.moment(now.OpensAt, b.now())
		}
		return o.words.say("room_reopen_closed", data), nil
	}
	clerk, name := o.by, o.name
	if !o.area.Staffs(clerk) { // an admin, who serves nobody
		clerk, name = o.c.ClerkID, o.c.Clerk
	}
	if err := b.revive(tx, o.c, o.area, clerk, name); err != nil {
		return "", err
	}
	return o.words.say("room_reopened_by_clerk", map[string]string{"Clerk": o.name}), nil
}
