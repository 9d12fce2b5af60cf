package bridge

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"schalter/bridge/openinghours"
)

// cannedByOrder sends the citizen a text that is kept for the area: !baustein NAME. Without a name it
// lists them, and clerks make, change and take them away by it. Whoever sends one to a chat that waits
// takes it.
func (b *Bridge) cannedByOrder(tx Tx, o order) (string, error) {
	if !o.area.Staffs(o.by) {
		return o.words.say("wrong_not_staffed", nil), nil
	}
	kept, err := shelfOf(tx, o.area)
	if err != nil {
		return "", err
	}
	how, name, lang, text, edits, err := readCanned(o.rest)
	switch {
	case err != nil:
		return "", err
	case edits:
		return b.editCanned(tx, o, kept, how, name, lang, text)
	case o.rest == "":
		return b.listCanned(tx, o, kept)
	case kept.texts[strings.ToLower(o.rest)] == nil:
		return "", wrong("canned", "Name", clip(o.rest), "Names", kept.names())
	case o.c == nil:
		return "", wrong("canned_where")
	case o.c.State == Closed:
		return o.words.say("room_closed_already", nil), nil
	}
	return b.sendByOrder(tx, o, Message{Event: o.event, Text: b.fillIn(kept.text(strings.ToLower(o.rest), o.c.Language), o)})
}

// sendByOrder sends the citizen a message that a command stands for, from whoever gave it, and answers with
// its text. Whoever does so in a chat that waits takes it. m has text and card, and may have an ID; whoever
// deletes its event takes it back, which is the command where it has no notice of its own.
func (b *Bridge) sendByOrder(tx Tx, o order, m Message) (string, error) {
	m.ID, m.Conversation, m.Seq, m.Direction = cmp.Or(m.ID, MessageID(NewID())), o.c.ID, o.c.LastSeq+1, FromClerkDirection
	m.Sender, m.CreatedAt, m.Training = o.name, b.now(), o.c.Trainee != ""
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
	return "➡️ " + m.Text, tx.SaveConversation(*o.c)
}

// fillIn puts what is known in place of {name}, {nummer}, {bereich} and {person}.
func (b *Bridge) fillIn(text string, o order) string {
	return strings.NewReplacer(
		"{name}", b.texts.citizenName(*o.c), "{nummer}", strconv.FormatInt(o.c.Number, 10),
		"{bereich}", o.area.NameIn(o.c.Language), "{person}", o.name,
	).Replace(text)
}

// listCanned is a line for each text; of those that clerks have made, also who and when.
func (b *Bridge) listCanned(tx Tx, o order, kept shelf) (string, error) {
	if len(kept.texts) == 0 {
		return o.words.say("canned_none", nil), nil
	}
	lang := Languages[0]
	if o.c != nil {
		lang = o.c.Language
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(kept.texts)) {
		line := "!baustein " + name + " – " + clip(strings.Join(strings.Fields(kept.text(name, lang)), " "))
		if made := kept.made[name]; len(made) > 0 {
			last := slices.MaxFunc(made, func(x, y CannedText) int { return x.SetAt.Compare(y.SetAt) })
			by, err := b.clerkName(tx, last.SetBy)
			if err != nil {
				return "", err
			}
			line += " · ✎ " + by + ", " + dateText(openinghours.DateOf(last.SetAt.In(b.zone)))
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n"), nil
}
