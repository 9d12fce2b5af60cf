package bridge

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
)

// manageAreas lists the service areas, makes one, renames or describes one, or closes one to new chats: !bereich. What
// is set counts at once, on every replica; space and lobby are made or follow.
func (b *Bridge) manageAreas(tx Tx, w *texts, table *timetable, c command, admin UserID, now time.Time) (string, bool, error) {
	if c.areaOrder == "" {
		text, err := b.listAreas(tx, w, table, c.area)
		return text, false, err
	}
	change := AreaChange{
		Kind: AreaNamed, Area: c.area, Names: c.names, State: Counts, MadeBy: admin, MadeAt: now, DecidedBy: admin, DecidedAt: now,
	}
	area, there := table.area(c.area)
	key := "area_named"
	switch c.areaOrder {
	case newArea:
		if there && !area.Gone {
			return "", false, wrong("area_there", "Area", string(c.area))
		}
		for _, spec := range []string{c.spec, c.counterSpec} {
			if _, err := b.read(spec); spec != "" && err != nil {
				return "", false, wrongSpec(spec, err)
			}
		}
		for _, user := range c.users {
			if b.isOurs(user) {
				return "", false, wrong("own_user", "User", string(user))
			}
		}
		key, change.Kind, change.Hours, change.CounterHours = "area_made", AreaMade, c.spec, c.counterSpec
	case removeArea:
		if area.Gone {
			return "", false, wrong("area_gone", "Area", area.NameIn("de"))
		}
		key, change.Kind = "area_gone", AreaGone
	case tellArea:
		key, change.Names, change.Descriptions = "area_described", nil, c.names
	}
	if err := b.setArea(tx, &change); err != nil {
		return "", false, err
	}
	if c.areaOrder == newArea {
		for _, user := range c.users {
			if err := tx.SavePosting(Posting{Area: c.area, User: user, Staffed: true, SetBy: admin, SetAt: now}); err != nil {
				return "", false, err
			}
		}
		if err := b.guideNew(tx, c.users...); err != nil {
			return "", false, err
		}
	}
	table, err := b.timetableIn(tx)
	if err != nil {
		return "", false, err
	}
	area, _ = table.area(c.area)
	text := w.say(key, map[string]string{
		"Area": area.NameIn("de"), "ID": string(area.ID), "Text": area.DescriptionIn("de"), "Hours": area.Hours.Describe(w.lang), "Number": strconv.FormatInt(change.Number, 10),
	})
	if c.areaOrder == newArea {
		team, err := b.showTeams(tx, w, table, c.area)
		if err != nil {
			return "", false, err
		}
		text += "\n" + team
	}
	return text, true, nil
}

// setArea writes a change, and has the area's rooms follow.
func (b *Bridge) setArea(tx Tx, change *AreaChange) (err error) {
	if change.Kind == AreaGone {
		table, err := b.timetableIn(tx)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(table.areas, func(a ServiceArea) bool { return a.ID != change.Area && !a.Gone }) {
			return wrong("area_last")
		}
	}
	if change.Number, err = tx.NextChange(); err != nil {
		return err
	}
	if err := tx.InsertAreaChange(*change); err != nil {
		return err
	}
	return b.staffChanged(tx, change.Area, nil)
}

// listAreas is a line for each area, those that are gone too.
func (b *Bridge) listAreas(tx Tx, w *texts, table *timetable, only ServiceAreaID) (string, error) {
	changes, err := tx.AreaChanges()
	if err != nil {
		return "", err
	}
	var out []string
	for _, a := range table.areas {
		if only != "" && a.ID != only {
			continue
		}
		var names []string
		for _, lang := range Languages {
			if name := a.Name[lang]; name != "" && lang == "de" {
				names = append(names, name)
			} else if name != "" {
				names = append(names, lang+": "+name)
			}
		}
		parts := []string{strings.Join(names, ", ") + " (" + string(a.ID) + ")", a.Hours.Describe(w.lang)}
		if a.Gone {
			parts = []string{parts[0], w.say("state_gone", nil)}
		}
		source := w.say("from_config", nil)
		for _, c := range slices.Backward(changes) {
			if c.Area != a.ID {
				continue
			}
			if source, err = b.who(tx, w, "set_by", HoursChange{Number: c.Number, MadeBy: c.MadeBy, MadeAt: c.MadeAt}); err != nil {
				return "", err
			}
			break
		}
		out = append(out, strings.Join(append(parts, source), " · "))
	}
	return strings.Join(out, "\n"), nil
}

// undoAreaChange takes a change of an area back. An area that was made is closed to new chats: what runs
// there goes on.
func (b *Bridge) undoAreaChange(tx Tx, w *texts, number int64, admin UserID, now time.Time) (string, error) {
	c, err := tx.AreaChange(number)
	if errors.Is(err, ErrNotFound) || err == nil && c.State == Undone {
		return "", wrong("undo", "Number", strconv.FormatInt(number, 10))
	}
	if err != nil {
		return "", err
	}
	if c.Kind == AreaMade {
		table, err := b.timetableIn(tx)
		if err != nil {
			return "", err
		}
		answer, _, err := b.manageAreas(tx, w, table, command{area: c.Area, areaOrder: removeArea}, admin, now)
		return answer, err
	}
	c.State, c.DecidedBy, c.DecidedAt = Undone, admin, now
	if err := tx.DecideAreaChange(c); err != nil {
		return "", err
	}
	return w.say("undone", map[string]string{"Number": strconv.FormatInt(number, 10)}), b.staffChanged(tx, c.Area, nil)
}
