package bridge

import (
	"slices"
	"strings"
)

// takeByOrder gives the conversation to whoever says so, also from a colleague: !nehmen.
func (b *Bridge) takeByOrder(tx Tx, o order) (string, error) {
	switch {
	case !o.area.Staffs(o.by):
		return o.words.say("wrong_not_staffed", nil), nil
	case o.c.State == Closed:
		return o.words.say("room_closed_already", nil), nil
	case o.c.ClerkID == o.by:
		return o.words.say("room_yours_already", nil), nil
	}
	return o.words.say("room_taken", map[string]string{"Clerk": o.name}), b.serve(tx, o.c, o.by, o.name)
}

// serve has a clerk serve a conversation that is not closed, whoever did before, and saves it.
func (b *Bridge) serve(tx Tx, c *Conversation, clerk UserID, name string) error {
	if c.State == Waiting {
		if err := b.assign(tx, c, clerk, name); err != nil {
			return err
		}
		return tx.SaveConversation(*c)
	}
	c.ClerkID, c.Clerk = clerk, name
	if err := tx.SaveConversation(*c); err != nil {
		return err
	}
	return b.updateRoom(tx, *c)
}

// passByOrder hands the conversation on: !weiter AREA|@clerk [reason]. The citizen sees the area and
// the place in its queue; the reason stays in the room.
func (b *Bridge) passByOrder(tx Tx, o order) (string, error) {
	if o.c.State == Closed {
		return o.words.say("room_closed_already", nil), nil
	}
	table, err := b.timetableIn(tx)
	if err != nil {
		return "", err
	}
	word, reason, _ := strings.Cut(o.rest, " ")
	reason = strings.Join(strings.Fields(reason), " ")
	if len([]rune(reason)) > MaxReason {
		return "", wrong("reason")
	}
	if clerk, ok := colleague(word, o.mentions); ok {
		if !userForm.MatchString(word) {
			reason = "" // a mention's words can't be told from the reason
		}
		return b.passToClerk(tx, o, table, clerk, reason)
	}
	id, known := findArea(word, table.areas)
	to, _ := table.area(id)
	switch {
	case word == "" || !known:
		return "", wrong("pass", "Areas", areaList(table.areas))
	case id == o.c.Area:
		return "", wrong("pass_same", "Area", to.NameIn("de"))
	case to.At(b.now()).State != AreaOpen:
		return "", wrong("pass_closed", "Area", to.NameIn("de"))
	}
	if err := b.tellPassed(tx, o, to.NameIn("de"), reason); err != nil {
		return "", err
	}
	o.c.State, o.c.Clerk, o.c.ClerkID = Waiting, "", ""
	if err := b.move(tx, o.c, to); err != nil {
		return "", err
	}
	if err := tx.SaveConversation(*o.c); err != nil {
		return "", err
	}
	if err := b.startTurn(tx, *o.c, to, b.now()); err != nil {
		return "", err
	}
	if err := b.showNotices(tx, *o.c); err != nil {
		return "", err
	}
	if err := tx.NextTurnDue(o.area.ID); err != nil {
		return "", err
	}
	return "", b.announce(tx, *o.c, to)
}

// passToClerk gives the conversation to a colleague; to one of another area with the area.
func (b *Bridge) passToClerk(tx Tx, o order, table *timetable, clerk UserID, reason string) (string, error) {
	to := o.area
	if !to.Staffs(clerk) {
		i := slices.IndexFunc(table.areas, func(a ServiceArea) bool { return a.Staffs(clerk) && a.At(b.now()).State == AreaOpen })
		if i < 0 {
			return "", wrong("pass_clerk", "User", string(clerk))
		}
		to = table.areas[i]
	}
	name, err := b.clerkName(tx, clerk)
	if err != nil {
		return "", err
	}
	if err := b.tellPassed(tx, o, name, reason, clerk); err != nil {
		return "", err
	}
	if to.ID != o.area.ID {
		err = b.move(tx, o.c, to)
	} else {
		err = b.sendGuestsHome(tx, *o.c)
	}
	if err != nil {
		return "", err
	}
	if err := b.serve(tx, o.c, clerk, name); err != nil {
		return "", err
	}
	return "", b.invite(tx, *o.c, clerk)
}

func (b *Bridge) tellPassed(tx Tx, o order, to, reason string, mentions ...UserID) error {
	return b.tellRoom(tx, *o.c, "room_passed", map[string]string{"Clerk": o.name, "To": to, "Reason": reason}, mentions...)
}

// addByOrder brings a colleague in: !dazu @clerk. One of another area becomes a guest of this
// conversation, if a clerk of its own asks for it.
func (b *Bridge) addByOrder(tx Tx, o order) (string, error) {
	table, err := b.timetableIn(tx)
	if err != nil {
		return "", err
	}
	clerk, ok := colleague(o.rest, o.mentions)
	switch {
	case !ok:
		return "", wrong("add")
	case !table.staffs(clerk):
		return "", wrong("add_stranger", "User", string(clerk))
	case o.c.State == Closed:
		return o.words.say("room_closed_already", nil), nil
	case o.area.Staffs(clerk):
	case !o.area.Staffs(o.by):
		return o.words.say("wrong_not_staffed", nil), nil
	default:
		if err := b.addGuest(tx, o, clerk); err != nil {
			return "", err
		}
	}
	name, err := b.clerkName(tx, clerk)
	if err != nil {
		return "", err
	}
	if err := b.tellRoom(tx, *o.c, "room_added", map[string]string{"Clerk": o.name, "Name": name}, clerk); err != nil {
		return "", err
	}
	return "", b.invite(tx, *o.c, clerk)
}

// noteByOrder does nothing: what stands behind !notiz is in the room, and stays there.
func (b *Bridge) noteByOrder(Tx, order) (string, error) { return "", nil }

// colleague is whom a command names: by user ID, or by the one mention of its message.
func colleague(rest string, mentioned []UserID) (UserID, bool) {
	if word, _, _ := strings.Cut(strings.TrimSpace(rest), " "); userForm.MatchString(word) {
		return UserID(word), true
	}
	if len(mentioned) == 1 {
		return mentioned[0], true
	}
	return "", false
}

// deskByOrder carries out, in a conversation's room, what can be said in the lobby as well.
func deskByOrder(v verb) func(*Bridge, Tx, order) (string, error) {
	return func(b *Bridge, tx Tx, o order) (string, error) {
		if !o.area.Staffs(o.by) {
			return o.words.say("wrong_not_staffed", nil), nil
		}
		answer, changed, err := b.obeyClerk(tx, o.area, o.by, v, o.words)
		if changed {
			b.staffNews.Store(true)
		}
		return answer, err
	}
}
