// Package training is the simulated citizens with whom clerks practise: written scenarios, in German
// alone, and how a conversation with one of them goes. It is pure: the same words of the clerk give the
// same answers. It needs the standard library only.
package training

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// General is the scenario of areas that have none of their own.
const General = "allgemein"

// Scenario is one simulated citizen and what they want to know.
type Scenario struct {
	// ID is the name of its file: the id of the service area that it is for.
	ID string `json:"-"`
	// Title says what it is about, Name who writes.
	Title string `json:"title"`
	Name  string `json:"name"`
	// Opening is what the citizen writes first.
	Opening string `json:"opening"`
	// Reactions are what the citizen says to words of the clerk, each once. Where none fits, the next
	// line of Story comes, and after the last one Remark, with which the citizen is done.
	Reactions []Reaction `json:"reactions"`
	Story     []string   `json:"story"`
	Remark    string     `json:"remark"`
	// Checks are what the clerk is told afterwards: whether it was said.
	Checks []Check `json:"checks"`
}

// Reaction is what the citizen says when the clerk has used one of some words.
type Reaction struct {
	Words []string `json:"words"`
	Says  string   `json:"says"`
}

// Check is something that the clerk should have said, in any of some words.
type Check struct {
	Label string   `json:"label"`
	Words []string `json:"words"`
}

// most is the most reactions, and the most checks, of a scenario: Progress keeps them as bits.
const most = 60

//go:embed scenarios/*.json
var files embed.FS

// Scenarios reads the scenarios that come with the program, by ID.
func Scenarios() (map[string]Scenario, error) {
	entries, err := fs.ReadDir(files, "scenarios")
	if err != nil {
		return nil, fmt.Errorf("list scenarios: %w", err)
	}
	out := map[string]Scenario{}
	for _, e := range entries {
		raw, err := fs.ReadFile(files, path.Join("scenarios", e.Name()))
		if err != nil {
			return nil, fmt.Errorf("read scenario %s: %w", e.Name(), err)
		}
		s := Scenario{ID: strings.TrimSuffix(e.Name(), ".json")}
		d := json.NewDecoder(bytes.NewReader(raw))
		d.DisallowUnknownFields()
		if err := d.Decode(&s); err != nil {
			return nil, fmt.Errorf("read scenario %s: %w", e.Name(), err)
		}
		if err := s.check(); err != nil {
			return nil, fmt.Errorf("scenario %s: %w", e.Name(), err)
		}
		out[s.ID] = s
	}
	if _, there := out[General]; !there {
		return nil, fmt.Errorf("scenario %s is missing", General)
	}
	return out, nil
}

// check reports what a scenario lacks.
func (s Scenario) check() error {
	texts := append([]string{s.Title, s.Name, s.Opening, s.Remark}, s.Story...)
	words := 0
	for _, r := range s.Reactions {
		texts, words = append(texts, r.Says), words+len(r.Words)
		if len(r.Words) == 0 {
			return fmt.Errorf("a reaction without words")
		}
	}
	for _, c := range s.Checks {
		texts = append(texts, c.Label)
		if len(c.Words) == 0 {
			return fmt.Errorf("a check without words")
		}
	}
	for _, t := range texts {
		if strings.TrimSpace(t) == "" {
			return fmt.Errorf("an empty text")
		}
	}
	if len(s.Story) == 0 || len(s.Reactions) > most || len(s.Checks) > most {
		return fmt.Errorf("%d lines, %d reactions, %d checks", len(s.Story), len(s.Reactions), len(s.Checks))
	}
	return nil
}

// Progress is how far a conversation has come.
type Progress struct {
	// Opened: the citizen has written the opening. Line is the next line of the story.
	Opened bool `json:"opened,omitempty"`
	Line   int  `json:"line,omitempty"`
	// Called are the reactions for which the clerk's words have called, Said those that were said, Met
	// the checks; a bit each.
	Called uint64 `json:"called,omitempty"`
	Said   uint64 `json:"said,omitempty"`
	Met    uint64 `json:"met,omitempty"`
	// Greeted, and Noted: the clerk has, and has written an internal note.
	Greeted bool `json:"greeted,omitempty"`
	Noted   bool `json:"noted,omitempty"`
	// Over: the citizen has said everything.
	Over bool `json:"over,omitempty"`
}

var greetings = []string{
	"grüezi", "grüessech", "guten tag", "guten morgen", "guten abend", "hallo", "willkommen", "salü", "sali", "hoi",
	"bonjour", "buongiorno", "good morning", "good afternoon", "hello",
}

// Hear is the progress after a text of the clerk's for the citizen.
func (s Scenario) Hear(p Progress, text string) Progress {
	text = strings.ToLower(text)
	for i, r := range s.Reactions {
		if uses(text, r.Words) {
			p.Called |= 1 << i
		}
	}
	for i, c := range s.Checks {
		if uses(text, c.Words) {
			p.Met |= 1 << i
		}
	}
	p.Greeted = p.Greeted || uses(text, greetings)
	return p
}

func uses(text string, words []string) bool {
	for _, w := range words {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}

// Says is what the citizen writes next, and the progress after it; false when there is nothing more.
func (s Scenario) Says(p Progress) (string, Progress, bool) {
	switch {
	case p.Over:
		return "", p, false
	case !p.Opened:
		p.Opened = true
		return s.Opening, p, true
	}
	for i, r := range s.Reactions {
		if bit := uint64(1) << i; p.Called&bit != 0 && p.Said&bit == 0 {
			p.Said |= bit
			return r.Says, p, true
		}
	}
	if p.Line < len(s.Story) {
		p.Line++
		return s.Story[p.Line-1], p, true
	}
	p.Over = true
	return s.Remark, p, true
}

// Done reports whether the clerk has met a check.
func (p Progress) Done(check int) bool { return p.Met&(1<<check) != 0 }
