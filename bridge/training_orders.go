package bridge

import (
	"strings"
	"unicode/utf8"
)

// trainingOrders are the commands that do something else in a training; the others do what they do.
var trainingOrders = map[verb]func(*Bridge, Tx, order) (answer string, err error){
	closeChat:  (*Bridge).closeTraining,
	reopenChat: (*Bridge).reopenTraining,
	passChat:   (*Bridge).passInTraining,
	addToChat:  (*Bridge).notInTraining,
	blockChat:  (*Bridge).notInTraining,
	pauseClerk: (*Bridge).notInTraining,
	clerkBack:  (*Bridge).notInTraining,
	writeNote:  func(_ *Bridge, tx Tx, o order) (string, error) { return "", notedInTraining(tx, *o.c) },
	cannedText: (*Bridge).cannedInTraining,
}

// closeTraining ends it: !zu [reason].
func (b *Bridge) closeTraining(tx Tx, o order) (string, error) {
	if o.c.State == Closed {
		return o.words.say("room_closed_already", nil), nil
	}
	if utf8.RuneCountInString(o.rest) > MaxReason {
		return "", wrong("reason")
	}
	return "", b.endTraining(tx, o.c, strings.Join(strings.Fields(o.rest), " "))
}

// reopenTraining goes on with one that was closed, at any hour: !auf.
func (b *Bridge) reopenTraining(tx Tx, o order) (string, error) {
	if o.c.State != Closed {
		return o.words.say("room_not_closed", nil), nil
	}
	t, err := tx.Training(o.c.ID)
	if err != nil {
		return "", err
	}
	if o.c.over(b.now()) || !b.now().Before(t.EndsAt) {
		return o.words.say("room_reopen_too_late", nil), nil
	}
	if err := tx.SaveTraining(t.then()); err != nil {
		return "", err
	}
	return o.words.say("room_reopened_by_clerk", map[string]string{"Clerk": o.name}), b.revive(tx, o.c, o.area, o.by, o.name)
}

// passInTraining says what would happen: !weiter AREA|@clerk.
func (b *Bridge) passInTraining(tx Tx, o order) (string, error) {
	table, err := b.timetableIn(tx)
	if err != nil {
		return "", err
	}
	word, _, _ := strings.Cut(o.rest, " ")
	to := ""
	if clerk, ok := colleague(word, o.mentions); ok {
		if to, err = b.clerkName(tx, clerk); err != nil {
			return "", err
		}
	} else if id, known := findArea(word, table.areas); known {
		area, _ := table.area(id)
		to = area.NameIn("de")
	} else {
		return "", wrong("pass", "Areas", areaList(table.areas))
	}
	return o.words.say("training_pass", map[string]string{"To": to}), nil
}

func (b *Bridge) notInTraining(_ Tx, o order) (string, error) {
	return o.words.say("training_not_here", nil), nil
}

// cannedInTraining sends a text by name; the simulated citizen reads it.
func (b *Bridge) cannedInTraining(tx Tx, o order) (string, error) {
	before := o.c.LastSeq
	answer, err := b.cannedByOrder(tx, o)
	if err != nil || o.c.LastSeq == before {
		return answer, err
	}
	return answer, b.heardInTraining(tx, *o.c, answer)
}
