package webchat

import (
	"time"

	"github.com/gin-gonic/gin"

	"schalter/bridge"
	"schalter/bridge/openinghours"
)

type hoursJSON struct {
	Text string `json:"text"`
	Spec string `json:"spec"`
}

type counterJSON struct {
	hoursJSON
	Open      bool       `json:"open"`
	ChangesAt *time.Time `json:"changes_at,omitempty"`
}

type areaJSON struct {
	ID          bridge.ServiceAreaID `json:"id"`
	Name        string               `json:"name"`
	Description string               `json:"description"`
	State       bridge.AreaState     `json:"state"`
	// Status is the state as a sentence; Comment says why, where there is a reason to tell.
	Status       string       `json:"status"`
	Comment      string       `json:"comment,omitempty"`
	OpensAt      *time.Time   `json:"opens_at,omitempty"`
	ClosesAt     *time.Time   `json:"closes_at,omitempty"`
	Hours        hoursJSON    `json:"hours"`
	CounterHours *counterJSON `json:"counter_hours,omitempty"`
	// ExpectedWait is null unless the area is open and it is known.
	ExpectedWait *int `json:"expected_wait_seconds"`
	// Files is null when the area takes none.
	Files *filesJSON `json:"files"`
}

type areasJSON struct {
	ServiceAreas []areaJSON `json:"service_areas"`
}

// getServiceAreas answers GET /api/v1/service-areas.
func (s *Server) getServiceAreas(c *gin.Context) {
	lang := languageOf(c)
	c.Header("Content-Language", lang)
	c.JSON(200, s.areas(lang))
}

// areas is every area as it stands now.
func (s *Server) areas(lang string) areasJSON {
	now := s.core.Now()
	out := areasJSON{ServiceAreas: []areaJSON{}}
	for _, a := range s.core.Areas() {
		out.ServiceAreas = append(out.ServiceAreas, s.areaJSON(a, lang, now))
	}
	return out
}

func (s *Server) areaJSON(a bridge.ServiceArea, lang string, now time.Time) areaJSON {
	status := a.At(now)
	hours := hoursOf(a)
	out := areaJSON{
		ID: a.ID, Name: a.NameIn(lang), Description: a.DescriptionIn(lang), State: status.State,
		Hours:   hoursJSON{Text: hours.Describe(lang), Spec: hours.Schedule().String()},
		OpensAt: moment(status.OpensAt), ClosesAt: moment(status.ClosesAt), Comment: commentOn(hours, lang, now),
		Files: filesOf(a),
	}
	switch status.State {
	case bridge.AreaOpen:
		out.Status = hours.OpenUntilText(lang, now)
		out.ExpectedWait = seconds(s.core.ExpectedWait(a.ID))
	case bridge.AreaClosed:
		out.Status = hours.NextOpeningText(lang, now)
	case bridge.AreaUnstaffed:
		out.ClosesAt, out.Status = nil, s.texts.detail(lang, problem{kind: areaUnstaffed})
	}
	if a.CounterHours != nil {
		out.CounterHours = &counterJSON{
			hoursJSON: hoursJSON{Text: a.CounterHours.Describe(lang), Spec: a.CounterHours.Schedule().String()},
			Open:      status.CounterOpen, ChangesAt: moment(status.CounterChanges),
		}
	}
	return out
}

// commentOn is what admins, or the hours themselves, say about a moment.
func commentOn(hours *openinghours.Hours, lang string, now time.Time) string {
	status := hours.At(now)
	if status.Exception != nil {
		return status.Exception.In(lang)
	}
	return status.Comment
}

// always are the hours of an area that has none.
var always = func() *openinghours.Hours {
	schedule, err := openinghours.Parse("24/7")
	if err != nil {
		panic(err)
	}
	hours, err := openinghours.New(schedule, time.UTC, nil)
	if err != nil {
		panic(err)
	}
	return hours
}()

func hoursOf(a bridge.ServiceArea) *openinghours.Hours {
	if a.Hours == nil {
		return always
	}
	return a.Hours
}

// seconds is null for what is not known.
func seconds(d time.Duration, known bool) *int {
	if !known {
		return nil
	}
	n := int(d.Seconds())
	return &n
}

// moment leaves a time out that is not known.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
