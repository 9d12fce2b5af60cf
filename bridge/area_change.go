package bridge

import (
	"context"
	"maps"
	"slices"
	"time"

	"schalter/bridge/openinghours"
)

// AreaChange is one thing that an admin has set about a service area, beside its hours and its staff. It
// goes before the config, and a later one before an earlier one.
type AreaChange struct {
	// Number is how people name it in the admin room, from the same row as those of HoursChange.
	Number int64
	Kind   AreaChangeKind
	Area   ServiceAreaID
	// Names by language: of AreaMade and AreaNamed; what is not named stays.
	Names map[string]string
	// Descriptions by language: of AreaNamed; what is not given stays.
	Descriptions map[string]string
	// Hours and CounterHours of AreaMade, as lines of OSM; CounterHours may be empty.
	Hours        string
	CounterHours string
	// State is Counts or Undone.
	State     ChangeState
	MadeBy    UserID
	MadeAt    time.Time
	DecidedBy UserID
	DecidedAt time.Time
}

// AreaChangeKind says what an AreaChange changes.
type AreaChangeKind string

// The kinds of changes.
const (
	// AreaMade makes an area, or opens one again that was gone.
	AreaMade AreaChangeKind = "made"
	// AreaNamed gives it other names, or descriptions.
	AreaNamed AreaChangeKind = "named"
	// AreaGone closes it to new chats and requests; those that run go on.
	AreaGone AreaChangeKind = "gone"
)

// AreaChangeStore is what Store keeps about areas that admins have set.
type AreaChangeStore interface {
	// AreaChanges returns the changes that count, in the order in which they were made.
	AreaChanges(context.Context) ([]AreaChange, error)
}

// AreaChangeTx is AreaChangeStore within a transaction. What is written raises the version of what is in
// force (HoursVersion).
type AreaChangeTx interface {
	AreaChanges() ([]AreaChange, error)
	// AreaChange returns ErrNotFound when there is none.
	AreaChange(number int64) (AreaChange, error)
	InsertAreaChange(AreaChange) error
	// DecideAreaChange writes state and decider.
	DecideAreaChange(AreaChange) error
}

// based is the areas of the config with what admins have set about them, and those that admins have
// made behind them; but for hours and staff set later.
func (b *Bridge) based(changes []AreaChange) []ServiceArea {
	areas := slices.Clone(b.areas)
	for _, c := range changes {
		i := slices.IndexFunc(areas, func(a ServiceArea) bool { return a.ID == c.Area })
		if i < 0 {
			if c.Kind != AreaMade {
				continue
			}
			fresh := b.template
			fresh.ID, fresh.Hours = c.Area, b.always
			areas, i = append(areas, fresh), len(areas)
		}
		a := &areas[i]
		if a.Gone = c.Kind == AreaGone || a.Gone && c.Kind == AreaNamed; a.Gone {
			continue
		}
		a.Name, a.Description = over(a.Name, c.Names), over(a.Description, c.Descriptions)
		if c.Kind == AreaMade {
			a.Hours, a.CounterHours = b.readOr(c.Hours, a.Hours, c), b.readOr(c.CounterHours, a.CounterHours, c)
		}
	}
	return areas
}

// over is texts by language, with those that were set later before them.
func over(texts, later map[string]string) map[string]string {
	out := maps.Clone(texts)
	if out == nil {
		out = map[string]string{}
	}
	maps.Copy(out, later)
	return out
}

// readOr reads a line of hours; what is empty, or can't be used any more, is as otherwise.
func (b *Bridge) readOr(spec string, otherwise *openinghours.Hours, c AreaChange) *openinghours.Hours {
	if spec == "" {
		return otherwise
	}
	hours, err := b.read(spec)
	if err != nil {
		b.log.Error().Int64("change", c.Number).Str("service_area", string(c.Area)).Msg("hours that an admin set cannot be used")
		return otherwise
	}
	return hours
}

// offered returns an area that takes new chats and requests, whenever it is open. ErrUnknownArea.
func (b *Bridge) offered(id ServiceAreaID) (ServiceArea, error) {
	a, err := b.Area(id)
	if err == nil && a.Gone {
		err = ErrUnknownArea
	}
	return a, err
}
