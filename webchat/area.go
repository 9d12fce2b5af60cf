package webchat

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"schalter/bridge"
)

// AreaStatus says whether a service area takes new conversations, and when that changes.
type AreaStatus struct {
	State bridge.AreaState
	// OpensAt goes with closed, ClosesAt with open; zero means not known or never.
	OpensAt  time.Time
	ClosesAt time.Time
	// Hours and CounterHours are what the area's hours say, in words.
	Hours        string
	CounterHours string
}

// alwaysOpen stands in where nobody computes hours: every area is open, and the words are the spec.
func alwaysOpen(a bridge.ServiceArea, _ string) AreaStatus {
	return AreaStatus{State: bridge.AreaOpen, Hours: a.Hours, CounterHours: a.CounterHours}
}

type hoursJSON struct {
	Text string `json:"text"`
	Spec string `json:"spec"`
}

type areaJSON struct {
	ID           bridge.ServiceAreaID `json:"id"`
	Name         string               `json:"name"`
	Description  string               `json:"description"`
	State        bridge.AreaState     `json:"state"`
	OpensAt      *time.Time           `json:"opens_at,omitempty"`
	ClosesAt     *time.Time           `json:"closes_at,omitempty"`
	Hours        hoursJSON            `json:"hours"`
	CounterHours *hoursJSON           `json:"counter_hours,omitempty"`
}

// getServiceAreas answers GET /api/v1/service-areas.
func (s *Server) getServiceAreas(c *gin.Context) {
	lang := languageOf(c)
	areas := []areaJSON{}
	for _, a := range s.core.Areas() {
		status := s.areaStatus(a, lang)
		area := areaJSON{
			ID: a.ID, Name: a.NameIn(lang), Description: a.DescriptionIn(lang), State: status.State,
			Hours: hoursJSON{Text: status.Hours, Spec: a.Hours},
		}
		if a.CounterHours != "" {
			area.CounterHours = &hoursJSON{Text: status.CounterHours, Spec: a.CounterHours}
		}
		if !status.OpensAt.IsZero() {
			area.OpensAt = &status.OpensAt
		}
		if !status.ClosesAt.IsZero() {
			area.ClosesAt = &status.ClosesAt
		}
		areas = append(areas, area)
	}
	c.Header("Content-Language", lang)
	c.JSON(http.StatusOK, gin.H{"service_areas": areas})
}
