package bridge

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"schalter/bridge/openinghours"
)

// proposalFor is how long a change can be confirmed.
const proposalFor = 24 * time.Hour

// previewDays is how far a preview looks ahead.
const previewDays = 14

// obey does what a line of an admin says and returns the answer. changed: the hours or the staff that
// are in force are others now. mentioned are the people whom the message mentions.
func (b *Bridge) obey(tx Tx, admin UserID, line string, mentioned []UserID) (answer string, changed bool, err error) {
	w, err := b.wordsFor(tx, admin, line)
	if err != nil {
		return "", false, err
	}
	table, err := b.timetableIn(tx)
	if err != nil {
		return "", false, err
	}
	now := b.now().In(b.zone)
	c, err := parseCommand(line, openinghours.DateOf(now), table.areas, mentioned...)
	if err == nil {
		answer, changed, err = b.carryOut(tx, w, table, c, admin, now)
	}
	var misread *commandError
	if errors.As(err, &misread) {
		return w.say(misread.key, misread.data), false, nil
	}
	return answer, changed, err
}

func (b *Bridge) carryOut(tx Tx, w *texts, table *timetable, c command, admin UserID, now time.Time) (string, bool, error) {
	switch c.verb {
	case showHours:
		if c.spec != "" || c.reset {
			answer, err := b.propose(tx, w, table, c, admin, now)
			return answer, false, err
		}
		answer, err := b.show(tx, w, table, c.area, now)
		return answer, false, err
	case manageArea:
		return b.manageAreas(tx, w, table, c, admin, now)
	case manageBlocks:
		answer, err := b.manageBlocks(tx, w, admin, "", c.rest)
		return answer, false, err
	case setLanguage:
		answer, err := b.chooseLanguage(tx, w, admin, c.rest)
		return answer, false, err
	case manageTeam:
		return b.manageTeam(tx, w, table, c, admin, now)
	case addException:
		answer, err := b.makeException(tx, w, c, admin, now)
		return answer, err == nil, err
	case listExceptions:
		answer, err := b.listExceptions(tx, w, now)
		return answer, false, err
	case confirmChange:
		answer, err := b.confirmChange(tx, w, c.number, admin, now)
		return answer, err == nil, err
	case undoChange:
		answer, err := b.undoChange(tx, w, c.number, admin, now)
		return answer, err == nil, err
	default:
		answer, err := w.help(inAdmin, c.rest, map[string]string{"Areas": areaList(table.areas)})
		return answer, false, err
	}
}

// show tells the hours in force, of one area with the next days, or of all.
func (b *Bridge) show(tx Tx, w *texts, table *timetable, only ServiceAreaID, now time.Time) (string, error) {
	changes, err := tx.HoursChanges()
	if err != nil {
		return "", err
	}
	var out []string
	for _, a := range table.areas {
		if only != "" && a.ID != only {
			continue
		}
		status := a.Hours.OpenUntilText(w.lang, now)
		if s := a.At(now); s.State == AreaUnstaffed {
			status = w.say("state_unstaffed", nil)
		} else if a.Gone {
			status = w.say("state_gone", nil)
		} else if s.State == AreaClosed {
			status = a.Hours.NextOpeningText(w.lang, now)
		}
		out = append(out, fmt.Sprintf("%s (%s): %s", a.NameIn("de"), a.ID, status))
		for _, kind := range []ChangeKind{ChatHours, CounterHours} {
			hours := a.Hours
			if kind == CounterHours {
				hours = a.CounterHours
			}
			if hours == nil {
				continue
			}
			source, err := b.source(tx, w, changes, kind, a.ID)
			if err != nil {
				return "", err
			}
			out = append(out, fmt.Sprintf("  %s: %s\n    %s · %s", w.say("kind_"+string(kind), nil), hours.Describe(w.lang), hours.Schedule(), source))
		}
		if only != "" {
			out = append(out, b.preview(w, a.Hours, nil, now)...)
		}
	}
	return strings.Join(out, "\n"), nil
}

// source says where hours come from.
func (b *Bridge) source(tx Tx, w *texts, changes []HoursChange, kind ChangeKind, area ServiceAreaID) (string, error) {
	for _, c := range slices.Backward(changes) {
		if c.Kind == kind && c.Area == area {
			if c.Spec == "" {
				break
			}
			return b.who(tx, w, "set_by", c)
		}
	}
	return w.say("from_config", nil), nil
}

func (b *Bridge) who(tx Tx, w *texts, key string, c HoursChange) (string, error) {
	name, err := b.clerkName(tx, c.MadeBy)
	if err != nil {
		return "", err
	}
	at := c.MadeAt.In(b.zone)
	return w.say(key, map[string]string{
		"Number": strconv.FormatInt(c.Number, 10), "Name": name, "Date": dateText(openinghours.DateOf(at)), "Time": w.clock(at),
	}), nil
}

// propose stores new hours and shows what they would mean. They count when they are confirmed.
func (b *Bridge) propose(tx Tx, w *texts, table *timetable, c command, admin UserID, now time.Time) (string, error) {
	change := HoursChange{Kind: ChatHours, Area: c.area, Spec: c.spec, State: Proposed, MadeBy: admin, MadeAt: now}
	if c.counter {
		change.Kind = CounterHours
	}
	if c.spec != "" {
		if _, err := b.read(c.spec); err != nil {
			return "", wrongSpec(c.spec, err)
		}
	}
	var err error
	if change.Number, err = tx.NextChange(); err != nil {
		return "", err
	}
	if err := tx.InsertChange(change); err != nil {
		return "", err
	}
	changes, err := tx.HoursChanges()
	if err != nil {
		return "", err
	}
	set, err := tx.AreaChanges()
	if err != nil {
		return "", err
	}
	before, _ := table.area(c.area)
	after, _ := b.inForce(table.version, set, append(changes, change)).area(c.area)
	then, next := before.Hours, after.Hours
	if c.counter {
		then, next = before.CounterHours, after.CounterHours
	}
	if next == nil {
		return w.say("no_counter_hours", map[string]string{"Area": before.NameIn("de"), "Number": strconv.FormatInt(change.Number, 10)}), nil
	}
	head := w.say("proposed", map[string]string{
		"Area": before.NameIn("de"), "Kind": w.say("kind_"+string(change.Kind), nil), "Hours": next.Describe(w.lang),
	})
	foot := w.say("confirm_how", map[string]string{"Number": strconv.FormatInt(change.Number, 10)})
	return head + "\n" + strings.Join(b.preview(w, next, then, now), "\n") + "\n" + foot, nil
}

// preview shows the next days; those that differ from before, if that is given, are marked.
func (b *Bridge) preview(w *texts, hours, before *openinghours.Hours, now time.Time) []string {
	var out []string
	for i := range previewDays {
		from := time.Date(now.Year(), now.Month(), now.Day()+i, 0, 0, 0, 0, b.zone)
		to := time.Date(now.Year(), now.Month(), now.Day()+i+1, 0, 0, 0, 0, b.zone)
		text := b.dayText(w, hours, from, to)
		mark := "  "
		if before != nil && text != b.dayText(w, before, from, to) {
			mark = "▸ "
		}
		day := w.say("day_"+strconv.Itoa(int(from.Weekday())), nil)
		line := fmt.Sprintf("%s%s %d.%d.  %s", mark, day, from.Day(), int(from.Month()), text)
		if name := hours.Calendar().Holiday(openinghours.DateOf(from), w.lang); name != "" {
			line += " · " + name
		}
		out = append(out, line)
	}
	return out
}

func (b *Bridge) dayText(w *texts, hours *openinghours.Hours, from, to time.Time) string {
	var spans []string
	comment := ""
	for i := range hours.Intervals(from, to) {
		if i.Exception != nil {
			comment = i.Exception.In(w.lang)
		} else if i.Comment != "" {
			comment = i.Comment
		}
		if i.State == openinghours.Closed {
			continue
		}
		until := w.clock(i.To)
		if i.To.Equal(to) {
			until = "24.00"
		}
		span := w.clock(i.From) + "–" + until
		if i.State == openinghours.Unknown {
			span += "?"
		}
		spans = append(spans, span)
	}
	text := strings.Join(spans, ", ")
	if text == "" {
		text = w.say("closed", nil)
	}
	if comment != "" {
		text += " («" + comment + "»)"
	}
	return text
}

func (b *Bridge) confirmChange(tx Tx, w *texts, number int64, admin UserID, now time.Time) (string, error) {
	c, err := tx.Change(number)
	if errors.Is(err, ErrNotFound) || err == nil && (c.State != Proposed || now.Sub(c.MadeAt) > proposalFor) {
		return "", wrong("proposal", "Number", strconv.FormatInt(number, 10))
	}
	if err != nil {
		return "", err
	}
	c.State, c.DecidedBy, c.DecidedAt = Counts, admin, now
	if err := tx.DecideChange(c); err != nil {
		return "", err
	}
	return w.say("confirmed", map[string]string{"Number": strconv.FormatInt(number, 10)}), nil
}

// undoChange takes a change back; without a number, the one that was made last.
func (b *Bridge) undoChange(tx Tx, w *texts, number int64, admin UserID, now time.Time) (string, error) {
	if number == 0 {
		changes, err := tx.HoursChanges()
		if err != nil {
			return "", err
		}
		areas, err := tx.AreaChanges()
		if err != nil {
			return "", err
		}
		for _, c := range areas { // as the other ones, as far as they are compared
			changes = append(changes, HoursChange{Number: c.Number, DecidedAt: c.DecidedAt})
		}
		if len(changes) == 0 {
			return "", wrong("nothing_to_undo")
		}
		number = slices.MaxFunc(changes, func(x, y HoursChange) int {
			return cmp.Or(x.DecidedAt.Compare(y.DecidedAt), cmp.Compare(x.Number, y.Number))
		}).Number
	}
	c, err := tx.Change(number)
	if errors.Is(err, ErrNotFound) {
		return b.undoAreaChange(tx, w, number, admin, now)
	}
	if errors.Is(err, ErrNotFound) || err == nil && c.State == Undone {
		return "", wrong("undo", "Number", strconv.FormatInt(number, 10))
	}
	if err != nil {
		return "", err
	}
	c.State, c.DecidedBy, c.DecidedAt = Undone, admin, now
	if err := tx.DecideChange(c); err != nil {
		return "", err
	}
	return w.say("undone", map[string]string{"Number": strconv.FormatInt(number, 10)}), nil
}
