package webchat

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"schalter/bridge"
	"schalter/bridge/openinghours"
)

// feedDays is how far feeds look ahead, and feedPast how far back.
const feedDays, feedPast = 366, 7

// getHoursCalendar answers GET /api/v1/service-areas/{area}/hours.ics.
func (s *Server) getHoursCalendar(c *gin.Context) {
	area, err := s.core.Area(bridge.ServiceAreaID(c.Param("id")))
	if err != nil {
		s.fail(c, err)
		return
	}
	lang, now := languageOf(c), s.core.Now()
	hours := hoursOf(area)
	// Whole days, so that the feed is the same all day long.
	today := now.In(hours.Zone())
	midnight := time.Date(today.Year(), today.Month(), today.Day(), 0, 0, 0, 0, hours.Zone())
	var b bytes.Buffer
	err = hours.WriteICalendar(&b, openinghours.Feed{
		ID: string(area.ID), Name: area.NameIn(lang), Lang: lang, Stamp: midnight,
		From: midnight.AddDate(0, 0, -feedPast), To: midnight.AddDate(0, 0, feedDays),
	})
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Header("Content-Disposition", fmt.Sprintf(`inline; filename="%s.ics"`, area.ID))
	c.Data(http.StatusOK, "text/calendar; charset=utf-8", b.Bytes())
}

// getHoursSchema answers GET /api/v1/service-areas/{area}/hours.jsonld.
func (s *Server) getHoursSchema(c *gin.Context) {
	area, err := s.core.Area(bridge.ServiceAreaID(c.Param("id")))
	if err != nil {
		s.fail(c, err)
		return
	}
	hours := hoursOf(area)
	text, err := json.Marshal(gin.H{
		"@context": "https://schema.org", "@type": "GovernmentOffice", "name": area.NameIn(languageOf(c)),
		"openingHoursSpecification": hours.Specification(openinghours.DateOf(s.core.Now().In(hours.Zone())), feedDays),
	})
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Data(http.StatusOK, "application/ld+json", text)
}

// closingJSON is what a citizen is told about the end of the opening.
type closingJSON struct {
	Stage    string     `json:"stage"`
	ClosesAt time.Time  `json:"closes_at"`
	EndsAt   time.Time  `json:"ends_at"`
	OpensAt  *time.Time `json:"opens_at,omitempty"`
	Text     string     `json:"text"`
}

var closingStages = map[bridge.ClosingStage]string{
	bridge.ClosingSoon: "soon", bridge.ClosingNow: "grace", bridge.ClosedByHours: "closed",
}

func (s *Server) closingJSON(snapshot bridge.Snapshot, lang string) *closingJSON {
	n := snapshot.Hours
	if n == nil {
		return nil
	}
	area, err := s.core.Area(snapshot.Conversation.Area)
	if err != nil {
		return nil
	}
	hours := hoursOf(area)
	out := &closingJSON{Stage: closingStages[n.Stage], ClosesAt: n.ClosesAt, EndsAt: n.EndsAt, OpensAt: moment(n.OpensAt)}
	clock := func(t time.Time) string { return s.clock(lang, t, hours.Zone()) }
	out.Text = s.texts.say(lang, "closing_"+out.Stage, map[string]string{
		"Closes": clock(n.ClosesAt), "Ends": clock(n.EndsAt), "Next": strings.TrimSuffix(hours.NextOpeningText(lang, n.ClosesAt), "."),
	})
	return out
}

// clock is a time of day in a sentence.
func (s *Server) clock(lang string, t time.Time, zone *time.Location) string {
	t = t.In(zone)
	return s.texts.say(lang, "clock", map[string]string{"Time": fmt.Sprintf(clockForm[lang], t.Hour(), t.Minute())})
}

// clockForm is a time of day as each language writes it in Switzerland.
var clockForm = map[string]string{"de": "%d.%02d", "fr": "%d h %02d", "it": "%d.%02d", "en": "%d:%02d", bridge.PlainGerman: "%d.%02d"}
