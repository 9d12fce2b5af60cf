package bridge

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"schalter/bridge/training"
)

const (
	// trainingFor is how long a training conversation may last; trainingStays how long its room stays
	// when it has ended, for the clerk to read.
	trainingFor   = 4 * time.Hour
	trainingStays = time.Hour
	// The simulated citizen reads for a moment, and then writes, slowly, but not for ever.
	readsFor        = 2 * time.Second
	writesPerSecond = 25
	writesFor       = 6 * time.Second
	// trainingsAtOnce bounds one look at the due trainings; what is left is due a moment later.
	trainingsAtOnce = 50
	// trainingKey is the bot's reaction to the command: the chat is on its way, and nobody is disturbed.
	trainingKey = "🎓"
)

// Training is a conversation with a simulated citizen, for one clerk alone. It is a conversation like
// any other, with room and ghost, but stands in no queue, counts in no figure, and has no token.
type Training struct {
	Conversation ConversationID
	Clerk        UserID
	Scenario     string
	Progress     training.Progress
	StartedAt    time.Time
	// AnsweredAt is when the clerk first wrote to the citizen; zero before.
	AnsweredAt time.Time
	// SaysAt is when the citizen begins to write or, when Typing, has written; zero while they wait for
	// the clerk.
	SaysAt time.Time
	Typing bool
	// EndsAt is when it ends at the latest.
	EndsAt time.Time
	// DueAt is when to look again; zero when it has ended.
	DueAt time.Time
}

// TrainingStore is what Store keeps about trainings.
type TrainingStore interface {
	// DueTrainings returns those that are to be looked at, at most limit.
	DueTrainings(ctx context.Context, now time.Time, limit int) ([]ConversationID, error)
}

// TrainingTx is TrainingStore within a transaction.
type TrainingTx interface {
	// Training returns ErrNotFound for a citizen's conversation.
	Training(ConversationID) (Training, error)
	SaveTraining(Training) error
	// RunningTrainings are a clerk's that have not ended.
	RunningTrainings(UserID) ([]ConversationID, error)
}

// then is the training with the next moment to look at it.
func (t Training) then() Training {
	t.DueAt = t.EndsAt
	if !t.SaysAt.IsZero() && t.SaysAt.Before(t.EndsAt) {
		t.DueAt = t.SaysAt
	}
	return t
}

// trainByOrder opens a training conversation for a clerk: !übung [area] in a lobby. One that goes on
// ends.
func (b *Bridge) trainByOrder(tx Tx, area ServiceArea, ev Event, rest string) error {
	about := area
	if rest != "" {
		table, err := b.timetableIn(tx)
		if err != nil {
			return err
		}
		id, known := findArea(rest, table.areas)
		if !known {
			return wrong("area", "Word", clip(rest), "Areas", areaList(table.areas))
		}
		if about, _ = table.area(id); about.Staffs(ev.Sender) {
			area = about
		}
	}
	running, err := tx.RunningTrainings(ev.Sender)
	if err != nil {
		return err
	}
	for _, id := range running {
		c, err := tx.LockConversation(id)
		if err != nil {
			return err
		}
		if err := b.endTraining(tx, &c, ""); err != nil {
			return err
		}
	}
	if err := b.startTraining(tx, area, b.scenarioOf(about), ev.Sender); err != nil {
		return err
	}
	return b.placeReaction(tx, Entry{Stream: lobbyStream(area.ID), Area: area.ID, Room: ev.Room}, ev.ID, trainingKey)
}

// scenarioOf is the scenario of an area: the one that its config names, its own, or the general one.
func (b *Bridge) scenarioOf(a ServiceArea) training.Scenario {
	for _, id := range []string{a.Training, string(a.ID)} {
		if s, there := b.scenarios[id]; there {
			return s
		}
	}
	return b.scenarios[training.General]
}

func (b *Bridge) startTraining(tx Tx, area ServiceArea, s training.Scenario, clerk UserID) error {
	number, err := tx.NextNumber()
	if err != nil {
		return err
	}
	now := b.now()
	id := ConversationID(NewID())
	c := Conversation{
		ID: id, Number: number, Area: area.ID, State: Waiting, Name: s.Name, Language: "de", Trainee: clerk,
		Ghost: b.rooms.GhostID(ghostLocalpart(id)), CreatedAt: now,
	}
	if err := tx.InsertConversation(c); err != nil {
		return err
	}
	return tx.SaveTraining(Training{
		Conversation: id, Clerk: clerk, Scenario: s.ID, StartedAt: now, SaysAt: now, Typing: true, EndsAt: now.Add(trainingFor),
	}.then())
}

// heardInTraining takes what a clerk wrote to a simulated citizen, or sent by name.
func (b *Bridge) heardInTraining(tx Tx, c Conversation, text string) error {
	t, err := tx.Training(c.ID)
	if err != nil {
		return err
	}
	now := b.now()
	t.Progress = b.scenarios[t.Scenario].Hear(t.Progress, text)
	if t.AnsweredAt.IsZero() {
		t.AnsweredAt = now
	}
	if t.SaysAt.IsZero() && !t.Progress.Over {
		t.SaysAt = now.Add(readsFor)
	}
	return tx.SaveTraining(t.then())
}

// notedInTraining takes that a clerk wrote an internal note.
func notedInTraining(tx Tx, c Conversation) error {
	t, err := tx.Training(c.ID)
	if err != nil || t.Progress.Noted {
		return err
	}
	t.Progress.Noted = true
	return tx.SaveTraining(t)
}

// train looks at the trainings in which something is due.
func (b *Bridge) train(ctx context.Context) error {
	ids, err := b.store.DueTrainings(ctx, b.now(), trainingsAtOnce)
	if err != nil {
		return fmt.Errorf("find due trainings: %w", err)
	}
	for _, id := range ids {
		var claimed []Entry
		var writes Conversation
		err := b.store.Update(ctx, func(tx Tx) (err error) {
			claimed, writes, err = b.advanceTraining(tx, id)
			return err
		})
		if err != nil {
			b.doubtIf(err, conversationStream(id))
			return fmt.Errorf("advance training: %w", err)
		}
		if writes.ID != "" {
			b.TypingByCitizen(writes, true)
		}
		b.dispatch(claimed)
	}
	return nil
}

// advanceTraining does what is due: the simulated citizen begins to write, or has written; or it has
// lasted long enough. It returns the conversation in which they begin to write.
func (b *Bridge) advanceTraining(tx Tx, id ConversationID) (claimed []Entry, writes Conversation, err error) {
	c, err := tx.LockConversation(id)
	if err != nil {
		return nil, writes, err
	}
	t, err := tx.Training(id)
	now := b.now()
	if err != nil || t.DueAt.IsZero() || now.Before(t.DueAt) {
		return nil, writes, err // another replica was faster
	}
	if c.State == Closed {
		t.DueAt = time.Time{}
		return nil, writes, tx.SaveTraining(t)
	}
	if !now.Before(t.EndsAt) {
		return nil, writes, b.endTraining(tx, &c, "")
	}
	text, after, more := b.scenarios[t.Scenario].Says(t.Progress)
	switch {
	case !more:
		t.SaysAt = time.Time{}
	case !t.Typing:
		t.Typing, t.SaysAt = true, now.Add(min(time.Second+time.Duration(utf8.RuneCountInString(text))*time.Second/writesPerSecond, writesFor))
		writes = c
	default:
		t.Typing, t.SaysAt, t.Progress = false, time.Time{}, after
		name := "training-" + strconv.FormatInt(c.LastSeq+1, 10)
		if _, claimed, err = b.accept(tx, &c, CitizenMessage{ClientID: name, Text: text}, now); err != nil {
			return nil, writes, err
		}
	}
	return claimed, writes, tx.SaveTraining(t.then())
}

// endTraining closes a training conversation, for a reason that the clerk may have given, and tells
// the clerk how it went.
func (b *Bridge) endTraining(tx Tx, c *Conversation, reason string) error {
	if err := b.shut(tx, c, ByClerk, reason); err != nil {
		return err
	}
	t, err := tx.Training(c.ID)
	if err != nil {
		return err
	}
	t.DueAt, t.SaysAt, t.Typing = time.Time{}, time.Time{}, false
	if err := tx.SaveTraining(t); err != nil || c.LastSeq == 0 {
		return err
	}
	return b.tell(tx, Entry{Stream: deskStream(c.ID), Conversation: c.ID, Area: c.Area}, textPayload{Text: b.feedback(t), Notice: true})
}

// feedback is what a clerk did and did not do, in a few lines.
func (b *Bridge) feedback(t Training) string {
	s := b.scenarios[t.Scenario]
	out := []string{b.texts.say("training_feedback", map[string]string{"Title": s.Title})}
	line := func(done bool, text string) {
		sign := "– "
		if done {
			sign = "✔ "
		}
		out = append(out, sign+text)
	}
	if t.AnsweredAt.IsZero() {
		line(false, b.texts.say("training_not_answered", nil))
	} else {
		took := int(t.AnsweredAt.Sub(t.StartedAt).Seconds())
		line(true, b.texts.say("training_answered", map[string]string{"Minutes": strconv.Itoa(took / 60), "Seconds": strconv.Itoa(took % 60)}))
	}
	line(t.Progress.Greeted, b.texts.say("training_greeted", nil))
	for i, check := range s.Checks {
		line(t.Progress.Done(i), check.Label)
	}
	line(t.Progress.Noted, b.texts.say("training_noted", nil))
	line(t.Progress.Over, b.texts.say("training_over", nil))
	return strings.Join(append(out, b.texts.say("training_again", nil)), "\n")
}

// leftTraining ends a training when its clerk leaves the room, or does not want to enter it.
func (b *Bridge) leftTraining(tx Tx, c *Conversation, who UserID) (ConversationID, error) {
	if c.State == Closed || who != c.Trainee {
		return "", nil
	}
	return c.ID, b.endTraining(tx, c, "")
}

// introduceTraining is introduce for a training; its clerk is invited, and nobody else is told.
func (b *Bridge) introduceTraining(tx Tx, c Conversation) error {
	t, err := tx.Training(c.ID)
	if err != nil {
		return err
	}
	text := b.texts.say("training_notice", map[string]string{
		"Title": b.scenarios[t.Scenario].Title, "Who": c.Name, "Time": b.texts.clock(t.StartedAt),
	})
	if err := b.tell(tx, Entry{Stream: deskStream(c.ID), Conversation: c.ID, Area: c.Area}, textPayload{Text: text, Notice: true}); err != nil {
		return err
	}
	return b.invite(tx, c, c.Trainee)
}
