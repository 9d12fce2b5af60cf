package webchat

import (
	"context"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"schalter/bridge"
)

// Without JavaScript nothing can be pushed. What shows hours therefore fetches itself anew at the
// next edge (header Refresh), and is a page or a frame into which nobody types.

// plainArea is an area as the plain pages show it.
type plainArea struct {
	ID, Name, Description, Status string
	Open                          bool
	// Hours, and Counter, are those of the chat and of the counter on site; Counter may be empty.
	Hours, Counter string
	CounterOpen    bool
	// Comment says why it is open or closed; may be empty.
	Comment string
}

// placePlain says which page shows the areas, or the one that was chosen, and fills it in.
func (s *Server) placePlain(c *gin.Context, p *plainPage) string {
	lang, areas := languageOf(c), s.areas(languageOf(c)).ServiceAreas
	i := slices.IndexFunc(areas, func(a areaJSON) bool { return string(a.ID) == p.Area })
	if i < 0 {
		for _, a := range areas {
			p.Areas = append(p.Areas, plainArea{ID: string(a.ID), Name: a.Name, Description: a.Description, Status: a.Status, Open: a.State == bridge.AreaOpen})
		}
		s.refreshAtEdge(c, "/plain?language="+catalogueFor(c), areas...)
		return "plain_areas.html"
	}
	p.Chosen, p.AreaName = &plainArea{ID: string(areas[i].ID), Name: areas[i].Name}, areas[i].Name
	if areas[i].State == bridge.AreaOpen {
		return "plain.html"
	}
	p.Offer, p.ByMail = s.requestOffer(lang), s.core.AnswersByMail()
	return "plain_request.html"
}

// getPlainState answers GET /plain/state: the state of one area, in a frame beside a form.
func (s *Server) getPlainState(c *gin.Context) {
	s.plainHeaders(c)
	data := s.pageData(c)
	area, err := s.core.Area(bridge.ServiceAreaID(c.Query("area")))
	if err != nil {
		s.fail(c, err)
		return
	}
	a := s.areaJSON(area, languageOf(c), s.core.Now())
	shown := &plainArea{ID: string(a.ID), Name: a.Name, Status: a.Status, Open: a.State == bridge.AreaOpen, Hours: a.Hours.Text, Comment: a.Comment}
	if a.CounterHours != nil {
		shown.Counter = strings.ReplaceAll(data.Words["counter_hours"], "{hours}", a.CounterHours.Text)
		shown.CounterOpen = a.CounterHours.Open
	}
	s.refreshAtEdge(c, "/plain/state?language="+data.Lang+"&area="+string(a.ID), a)
	data.Body = plainPage{Chosen: shown}
	s.showPage(c, "plain_state.html", data)
}

// refreshAtEdge has the browser fetch a page again at the next edge of any of the areas.
func (s *Server) refreshAtEdge(c *gin.Context, url string, areas ...areaJSON) {
	now := s.core.Now()
	var next time.Time
	for _, a := range areas {
		edges := []*time.Time{a.OpensAt, a.ClosesAt}
		if a.CounterHours != nil {
			edges = append(edges, a.CounterHours.ChangesAt)
		}
		for _, e := range edges {
			if e != nil && e.After(now) && (next.IsZero() || e.Before(next)) {
				next = *e
			}
		}
	}
	// Browsers keep such a time in 32 bits of milliseconds.
	if wait := next.Sub(now); !next.IsZero() && wait < 24*24*time.Hour {
		c.Header("Refresh", strconv.Itoa(int(math.Ceil(wait.Seconds())))+"; url="+url)
	}
}

func (s *Server) requestPlain(ctx context.Context, c *gin.Context, in plainPage) (bridge.Request, error) {
	if wait := s.opening.allow(addressKey(c.ClientIP())); wait > 0 {
		return bridge.Request{}, &refusedError{problem{kind: rateLimited, retryAfter: wait}}
	}
	key, err := idempotencyKey(c.PostForm("key"))
	if err != nil {
		return bridge.Request{}, err
	}
	left, err := s.core.LeaveRequest(ctx, bridge.NewRequest{
		Area: bridge.ServiceAreaID(in.Area), Language: languageOf(c), Name: in.Name, Email: in.Email, Phone: in.Phone, Text: in.Text, Address: addressKey(c.ClientIP()), Key: key,
	})
	return left.Request, err
}

// showPlainLeft confirms a request. Sent again, the form gives the same.
func (s *Server) showPlainLeft(c *gin.Context, r bridge.Request) {
	s.plainHeaders(c)
	data := s.pageData(c)
	p := plainPage{Number: strings.ReplaceAll(data.Words["request_done"], "{n}", strconv.FormatInt(r.Number, 10))}
	_, p.Left = s.leftText(r)
	data.Body = p
	s.showPageAs(c, http.StatusOK, "plain_left.html", data)
}
