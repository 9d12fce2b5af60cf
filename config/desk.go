package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"schalter/bridge/training"
)

// Desk is what holds for all clerks.
type Desk struct {
	// PauseAfter is how many unanswered offers in a row make a clerk count as away, 1 to 20; 0 means
	// never. Default 3.
	PauseAfter int `yaml:"pause_after"`
	// Language is that of what is said to all clerks: de (the default), fr, it or en.
	Language string `yaml:"language"`
	// Guide sends new clerks the guide; default true.
	Guide bool `yaml:"guide"`
}

// Overflow says where an area's chats are offered too.
type Overflow struct {
	// To is the id of another service area; empty means none.
	To string `yaml:"to"`
	// AfterMinutes is how long a chat must have waited, 1 to 240.
	AfterMinutes int `yaml:"after_minutes"`
}

// routings are the strategies that an area can name.
var routings = []string{"", "all", "round_robin", "least_busy"}

// checkDesk looks at what an area says about its clerks and their queue.
func (c *Config) checkDesk(k *checker, key string, a ServiceArea, areas map[string]int) {
	k.users(key+".clerks", a.Clerks, c.Homeserver.ServerName)
	k.users(key+".leads", a.Leads, c.Homeserver.ServerName)
	clerks := map[string]bool{}
	for _, user := range a.Clerks {
		clerks[user] = true
	}
	for n, lead := range a.Leads {
		if !clerks[lead] {
			k.refuse(fmt.Sprintf("%s.leads[%d]", key, n), "is not among the area's clerks")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(a.Replies)) {
		if !areaID.MatchString(name) {
			k.refuse(key+".replies."+name, "the name must be 1 to 40 lower-case letters, digits or hyphens")
		}
		k.texts(key+".replies."+name, a.Replies[name], true)
	}
	checkPages(k, key, a.Pages)
	checkForms(k, key, a)
	if a.Capacity < 1 || a.Capacity > 50 {
		k.refuse(key+".capacity", "must be 1 to 50")
	}
	if !slices.Contains(routings, a.Routing) {
		k.refuse(key+".routing", "must be all, round_robin or least_busy")
	}
	if scenarios, err := training.Scenarios(); err != nil || a.Training != "" && scenarios[a.Training].ID == "" {
		k.refuse(key+".training", "must be one of %s", strings.Join(slices.Sorted(maps.Keys(scenarios)), ", "))
	}
	if a.RemindMinutes < 1 || a.RemindMinutes > 240 {
		k.refuse(key+".remind_minutes", "must be 1 to 240")
	}
	if a.EscalateMinutes <= a.RemindMinutes || a.EscalateMinutes > 480 {
		k.refuse(key+".escalate_minutes", "must be more than remind_minutes, and at most 480")
	}
	if a.OfferRequestMinutes < 1 || a.OfferRequestMinutes > 240 {
		k.refuse(key+".offer_request_minutes", "must be 1 to 240")
	}
	if a.Overflow == (Overflow{}) {
		return
	}
	if _, known := areas[a.Overflow.To]; !known || a.Overflow.To == a.ID {
		k.refuse(key+".overflow.to", "is not the id of another service area")
	}
	if a.Overflow.AfterMinutes < 1 || a.Overflow.AfterMinutes > 240 {
		k.refuse(key+".overflow.after_minutes", "must be 1 to 240")
	}
}
