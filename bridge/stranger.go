package bridge

import (
	"strconv"
	"time"
)

// mostReports is how many strangers' commands are reported in a day.
const mostReports = 20

// StrangerTx is what Tx keeps about people who command without a say.
type StrangerTx interface {
	// ReportStranger notes that somebody commanded in a room on a day, counted from 1970, and returns
	// how many pairs of person and room that day has; 0 when this one is noted already. What is noted
	// of earlier days is forgotten.
	ReportStranger(UserID, RoomID, int64) (int, error)
}

// stranger takes a command of somebody who has no say where it was written. It is answered with
// nothing there; the admins are told, or without an admin room the area's leads: once for each person,
// room and day.
func (b *Bridge) stranger(tx Tx, ev Event, where string, area ServiceArea) error {
	if b.isOurs(ev.Sender) {
		return nil
	}
	year, month, day := b.now().In(b.zone).Date()
	n, err := tx.ReportStranger(ev.Sender, ev.Room, time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix()/86400)
	if err != nil || n == 0 || n > mostReports {
		return err
	}
	text := b.texts.say("stranger", map[string]string{"User": string(ev.Sender), "Where": where})
	if n == mostReports {
		text += "\n" + b.texts.say("stranger_last", nil)
	}
	admin, err := tx.HouseRoom(AdminRoom)
	if err != nil {
		return err
	}
	if admin != "" && len(b.admins) > 0 {
		return b.tell(tx, Entry{Stream: adminStream, Room: admin}, textPayload{Text: text})
	}
	if area.ID == "" {
		return nil
	}
	return b.tell(tx, Entry{Stream: lobbyStream(area.ID), Area: area.ID}, textPayload{Text: text, Mentions: area.Leads, Notice: len(area.Leads) == 0})
}

// strangerInRoom is stranger for a conversation's room.
func (b *Bridge) strangerInRoom(tx Tx, c Conversation, area ServiceArea, ev Event) error {
	return b.stranger(tx, ev, "#"+strconv.FormatInt(c.Number, 10)+" · "+area.NameIn("de"), area)
}
