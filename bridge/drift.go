package bridge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// What names a thing about a room that is otherwise than it should be.
type What string

// What can drift. The names are those of /metrics and of the catalogue.
const (
	NameDrifted     What = "name"
	PowerDrifted    What = "power"
	JoinRuleDrifted What = "join_rule"
	AliasDrifted    What = "alias"
	ChildDrifted    What = "child"
	MemberDrifted   What = "member"
	// RoomLost: the bot is not in it any more, or there is no such room. Another takes its place.
	RoomLost What = "lost"
	// Encrypted can't be undone, and what is written there can't be read.
	Encrypted What = "encrypted"
)

// Drift is one finding.
type Drift struct {
	Owner RoomOwner
	Room  RoomID
	What  What
	// Outcome says what became of it.
	Outcome DriftOutcome
	FoundAt time.Time
}

// DriftOutcome says what became of a finding.
type DriftOutcome string

// The outcomes.
const (
	// Mended: put right by an entry of the outbox.
	Mended DriftOutcome = "mended"
	// LeftAlone: it had been mended so often that somebody must mean it.
	LeftAlone DriftOutcome = "left"
	// Reported: it can't be mended.
	Reported DriftOutcome = "reported"
)

// mostMends is how often the same thing about a room is mended within mendsWithin; then somebody must
// mean it.
const (
	mostMends   = 3
	mendsWithin = time.Hour
)

// DriftStore is what Tx keeps about drifts.
type DriftStore interface {
	AddDrift(Drift) error
	// Drifts returns the findings of one thing about one owner since a time, the oldest first.
	Drifts(owner RoomOwner, what What, since time.Time) ([]Drift, error)
}

// finding is what an inspection found about one room.
type finding struct {
	owner RoomOwner
	room  RoomID
	// where is what people call the room.
	where string
	found []What
}

// mending is how what was found is put right.
type mending struct {
	// looked is when the inspection began.
	looked time.Time
	// busy reports whether the rooms are being worked on, so that they were looked at too early.
	busy func() (bool, error)
	// still reports whether the plan that they were compared with is the one that counts; may be nil.
	still func(Tx) (bool, error)
	// mend enqueues what puts it right: the entry of this ID.
	entry string
	mend  func(Tx) error
}

// drifted has findings mended and reported. What comes back again and again is reported once more,
// and left: nobody is fought. Two replicas may find the same; it counts once.
func (b *Bridge) drifted(ctx context.Context, m mending, all ...finding) error {
	if !slices.ContainsFunc(all, func(f finding) bool { return len(f.found) > 0 }) {
		return nil
	}
	if busy, err := m.busy(); err != nil || busy {
		return err
	}
	err := b.store.Update(ctx, func(tx Tx) error {
		if m.still != nil {
			if same, err := m.still(tx); err != nil || !same {
				return err
			}
		}
		if _, err := tx.Entry(m.entry); !errors.Is(err, ErrNotFound) {
			return err // it is being mended
		}
		mend := false
		for _, f := range all {
			for _, what := range f.found {
				outcome, err := b.noteDrift(tx, m, f, what)
				if err != nil {
					return err
				}
				mend = mend || outcome == Mended
			}
		}
		if !mend {
			return nil
		}
		return m.mend(tx)
	})
	if err != nil {
		return fmt.Errorf("note what has drifted: %w", err)
	}
	b.Wake()
	return nil
}

// noteDrift writes down a finding, tells about it what was not told yet, and returns what is to
// become of it; "" for nothing.
func (b *Bridge) noteDrift(tx Tx, m mending, f finding, what What) (DriftOutcome, error) {
	outcome, told, err := b.judge(tx, m, f, what)
	if err != nil || outcome == "" {
		return "", err
	}
	if err := tx.AddDrift(Drift{Owner: f.owner, Room: f.room, What: what, Outcome: outcome, FoundAt: b.now()}); err != nil {
		return "", err
	}
	b.log.Warn().Str("room", string(f.room)).Str("what", string(what)).Str("outcome", string(outcome)).Msg("a room has drifted")
	if told {
		return outcome, nil
	}
	return outcome, b.reportDrift(tx, f, what, outcome)
}

// judge says what is to become of a finding, "" for nothing, and whether it was told already.
func (b *Bridge) judge(tx Tx, m mending, f finding, what What) (DriftOutcome, bool, error) {
	since := b.now().Add(-mendsWithin)
	if what == Encrypted {
		since = time.Time{}
	}
	before, err := tx.Drifts(f.owner, what, since)
	if err != nil {
		return "", false, err
	}
	if what == Encrypted {
		if slices.ContainsFunc(before, func(d Drift) bool { return d.Room == f.room }) {
			return "", true, nil
		}
		return Reported, false, nil
	}
	if slices.ContainsFunc(before, func(d Drift) bool { return d.Outcome == LeftAlone || d.FoundAt.After(m.looked) }) {
		return "", true, nil
	}
	if len(before) >= mostMends {
		return LeftAlone, false, nil
	}
	return Mended, len(before) > 0, nil
}

// reportDrift tells the admins; of an encrypted chat its clerks, too.
func (b *Bridge) reportDrift(tx Tx, f finding, what What, outcome DriftOutcome) error {
	data := map[string]string{"Where": f.where, "What": b.texts.say("drift_"+string(what), nil)}
	if what == Encrypted && f.owner.Conversation != "" {
		c, err := tx.LockConversation(f.owner.Conversation)
		if err != nil {
			return err
		}
		if err := b.tellRoom(tx, c, "room_encrypted", nil); err != nil {
			return err
		}
	}
	admin, err := tx.HouseRoom(AdminRoom)
	if err != nil || admin == "" {
		return err // the log says it
	}
	return b.tell(tx, Entry{Stream: adminStream, Room: admin}, textPayload{Text: b.texts.say("drift_outcome_"+string(outcome), data)})
}
