package bridge

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// cannedByOrder sends the citizen a text that is kept for the area: !baustein NAME. Without a name it
// lists them. Whoever sends one to a chat that waits takes it.
func (b *Bridge) cannedByOrder(tx Tx, o order) (string, error) {
	switch {
	case !o.area.Staffs(o.by):
		return o.words.say("wrong_not_staffed", nil), nil
	case o.rest == "":
		return b.listCanned(o), nil
	case o.c.State == Closed:
		return o.words.say("room_closed_already", nil), nil
	}
	kept, known := o.area.Canned[strings.ToLower(o.rest)]
	if !known {
		return "", wrong("canned", "Name", clip(o.rest), "Names", cannedNames(o.area))
	}
	text := b.fillIn(inLanguage(kept, o.c.Language), o)
	m := Message{
		ID: MessageID(NewID()), Conversation: o.c.ID, Seq: o.c.LastSeq + 1, Direction: FromClerkDirection,
		Sender: o.name, Text: text, CreatedAt: b.now(), Training: o.c.Trainee != "",
	}
	if _, err := tx.InsertMessage(m); err != nil {
		return "", err
	}
	o.c.LastSeq++
	b.spoke(o.c, FromClerkDirection, b.now())
	if o.c.State == Waiting {
		if err := b.assign(tx, o.c, o.by, o.name); err != nil {
			return "", err
		}
	}
	return "➡️ " + text, tx.SaveConversation(*o.c)
}

// fillIn puts what is known in place of {name}, {nummer}, {bereich} and {person}.
func (b *Bridge) fillIn(text string, o order) string {
	return strings.NewReplacer(
		"{name}", b.texts.citizenName(*o.c), "{nummer}", strconv.FormatInt(o.c.Number, 10),
		"{bereich}", o.area.NameIn(o.c.Language), "{person}", o.name,
	).Replace(text)
}

func (b *Bridge) listCanned(o order) string {
	if len(o.area.Canned) == 0 {
		return o.words.say("canned_none", nil)
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(o.area.Canned)) {
		out = append(out, "!baustein "+name+" – "+clip(strings.Join(strings.Fields(inLanguage(o.area.Canned[name], o.c.Language)), " ")))
	}
	return strings.Join(out, "\n")
}

func cannedNames(a ServiceArea) string {
	return strings.Join(slices.Sorted(maps.Keys(a.Canned)), ", ")
}
