package bridge

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"schalter/bridge/openinghours"
)

// HoursChange is one thing that an admin has set about the hours. It wins over the config, and a
// later one over an earlier one.
type HoursChange struct {
	// Number is how people name it in the admin room.
	Number int64
	Kind   ChangeKind
	// Area is empty when an exception is for all areas.
	Area ServiceAreaID
	// Spec is the new hours; empty means those of the config again. For ChatHours, CounterHours.
	Spec string
	// Exception holds the days, times and comment of an ExceptionalDays.
	Exception openinghours.Exception
	State     ChangeState
	// MadeBy and MadeAt: who wrote it and when; DecidedBy and DecidedAt: who made it count, or
	// undid it.
	MadeBy    UserID
	MadeAt    time.Time
	DecidedBy UserID
	DecidedAt time.Time
}

// ChangeKind says what a HoursChange changes.
type ChangeKind string

// The kinds of changes.
const (
	ChatHours       ChangeKind = "hours"
	CounterHours    ChangeKind = "counter_hours"
	ExceptionalDays ChangeKind = "exception"
)

// ChangeState is where a HoursChange stands: proposed until it is confirmed, undone for ever.
type ChangeState string

// The states of a change.
const (
	Proposed ChangeState = "proposed"
	Counts   ChangeState = "counts"
	Undone   ChangeState = "undone"
)

// HoursStore is what Store keeps about hours.
type HoursStore interface {
	// HoursVersion rises with each change that counts, of the hours or the staff, in the transaction
	// that makes it count.
	HoursVersion(context.Context) (int64, error)
	// HoursChanges returns the changes that count, in the order in which they came to count.
	HoursChanges(context.Context) ([]HoursChange, error)
	// DueClosings returns conversations whose closing is to be looked at, at most limit.
	DueClosings(ctx context.Context, now time.Time, limit int) ([]ConversationID, error)
	// Closing returns the zero value for a conversation without one.
	Closing(context.Context, ConversationID) (Closing, error)
}

// HoursTx is HoursStore within a transaction.
type HoursTx interface {
	HoursVersion() (int64, error)
	HoursChanges() ([]HoursChange, error)
	// HouseRoom returns a room that belongs to no area; "" while it is not made.
	HouseRoom(AreaPart) (RoomID, error)
	// NextChange issues the number of a change.
	NextChange() (int64, error)
	InsertChange(HoursChange) error
	// Change returns ErrNotFound when there is none.
	Change(number int64) (HoursChange, error)
	// DecideChange writes state and decider. When that changes what counts, the version rises and
	// every live conversation's closing is due.
	DecideChange(HoursChange) error
	// CountWaiting counts the waiting conversations of an area.
	CountWaiting(ServiceAreaID) (int, error)
	Closing(ConversationID) (Closing, error)
	SaveClosing(Closing) error
	// AllClosingsDue has every live conversation's closing looked at again.
	AllClosingsDue() error
}

// timetable is the areas as they are in force: config, what admins set, exceptions, and who is there.
type timetable struct {
	version int64
	areas   []ServiceArea
}

func (t *timetable) area(id ServiceAreaID) (ServiceArea, bool) {
	i := slices.IndexFunc(t.areas, func(a ServiceArea) bool { return a.ID == id })
	if i < 0 {
		return ServiceArea{}, false
	}
	return t.areas[i], true
}

// inForce makes a timetable. What cannot be used any more (a line of hours that needs a calendar
// which the config no longer names) is left out and logged: the config's hours count then.
func (b *Bridge) inForce(version int64, set []AreaChange, changes []HoursChange) *timetable {
	base := b.based(set)
	t := &timetable{version: version, areas: slices.Clone(base)}
	for i := range t.areas {
		a := &t.areas[i]
		var exceptions []openinghours.Exception
		for _, c := range changes {
			if c.Kind == ExceptionalDays && (c.Area == "" || c.Area == a.ID) {
				exceptions = append(exceptions, c.Exception)
			}
			if c.Kind == ExceptionalDays || c.Area != a.ID {
				continue
			}
			config := base[i].Hours
			if c.Kind == CounterHours {
				config = base[i].CounterHours
			}
			hours := config
			if c.Spec != "" {
				var err error
				if hours, err = b.read(c.Spec); err != nil {
					b.log.Error().Int64("change", c.Number).Str("service_area", string(a.ID)).Msg("hours that an admin set cannot be used; the config's count")
					hours = config
				}
			}
			if c.Kind == ChatHours {
				a.Hours = hours
			} else {
				a.CounterHours = hours
			}
		}
		a.Hours = b.except(a.Hours, exceptions)
		a.CounterHours = b.except(a.CounterHours, exceptions)
	}
	return t
}

func (b *Bridge) except(hours *openinghours.Hours, exceptions []openinghours.Exception) *openinghours.Hours {
	if hours == nil || len(exceptions) == 0 {
		return hours
	}
	with, err := hours.WithExceptions(exceptions...)
	if err != nil {
		b.log.Error().Err(err).Msg("exceptions cannot be used")
		return hours
	}
	return with
}

// read reads a line of hours as meant in this city.
func (b *Bridge) read(spec string) (*openinghours.Hours, error) {
	schedule, err := openinghours.Parse(spec)
	if err != nil {
		return nil, err
	}
	return openinghours.New(schedule, b.zone, b.calendar)
}

// timetableIn is what is in force for a transaction: the one at hand, unless another replica has
// changed it a moment ago.
func (b *Bridge) timetableIn(tx Tx) (*timetable, error) {
	at := b.timetable.Load()
	version, err := tx.HoursVersion()
	if err != nil || version == at.version {
		return at, err
	}
	set, err := tx.AreaChanges()
	if err != nil {
		return nil, err
	}
	changes, err := tx.HoursChanges()
	if err != nil {
		return nil, err
	}
	staff, err := tx.Staff()
	if err != nil {
		return nil, err
	}
	return b.inForce(version, set, changes).staffed(staff), nil
}

// reread brings the timetable up to date with the database.
func (b *Bridge) reread(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	version, err := b.store.HoursVersion(ctx)
	if err != nil {
		return fmt.Errorf("read version of the hours: %w", err)
	}
	if version == b.timetable.Load().version {
		return nil
	}
	set, err := b.store.AreaChanges(ctx)
	if err != nil {
		return fmt.Errorf("read changes of the areas: %w", err)
	}
	changes, err := b.store.HoursChanges(ctx)
	if err != nil {
		return fmt.Errorf("read changes of the hours: %w", err)
	}
	staff, err := b.store.Staff(ctx)
	if err != nil {
		return fmt.Errorf("read staff: %w", err)
	}
	// Should one more have come between the reads, the next look at the version finds it.
	b.timetable.Store(b.inForce(version, set, changes).staffed(staff))
	return nil
}

// Areas returns the service areas in the citizens' order, with the hours that are in force; not those
// that are gone.
func (b *Bridge) Areas() []ServiceArea {
	return slices.DeleteFunc(slices.Clone(b.timetable.Load().areas), func(a ServiceArea) bool { return a.Gone })
}

// Area returns also one that is gone, and ErrUnknownArea when there is none of that name.
func (b *Bridge) Area(id ServiceAreaID) (ServiceArea, error) {
	if a, ok := b.timetable.Load().area(id); ok {
		return a, nil
	}
	return ServiceArea{}, fmt.Errorf("service area %q: %w", string(id), ErrUnknownArea)
}

// Now is the core's clock.
func (b *Bridge) Now() time.Time { return b.now() }

// withHours gives every area hours.
func withHours(areas []ServiceArea, zone *time.Location) ([]ServiceArea, error) {
	always, err := aroundTheClock(zone)
	if err != nil {
		return nil, err
	}
	areas = slices.Clone(areas)
	for i := range areas {
		areas[i].Hours = cmp.Or(areas[i].Hours, always)
	}
	return areas, nil
}
