package webchat

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"schalter/bridge"
)

// The chat without JavaScript: first an area is chosen (plain_area.go), then there is a form, and a
// frame beside it that fetches itself anew, so that a text being written is never lost. The token
// lives in the one cookie of this service.

// plainPolicy allows no script at all.
const plainPolicy = "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"

// The cookie, over TLS and without it. __Host- binds it to this host (RFC 6265bis, section 4.1.3);
// browsers refuse that prefix where there is no TLS, as on a developer's machine.
const (
	plainCookie    = "__Host-schalter"
	insecureCookie = "schalter"
)

// plainPage is what the plain pages show beside the words.
type plainPage struct {
	// Areas are to choose from, unless Chosen is; the one with the name Area.
	Areas  []plainArea
	Chosen *plainArea
	// Area, Name and Text, for a request also Email and Phone, are what the citizen has chosen and
	// typed; they come back after a refusal.
	Area, Name, Text, Email, Phone string
	// Offer says how a request can be answered.
	Offer requestOffer
	// ByMail: an address may be given. Number and Left are of a request that was left.
	ByMail       bool
	Number, Left string
	// ClientID and Key make a form that is sent twice take effect once.
	ClientID, Key string
	// Trouble says what was refused.
	Trouble            string
	Notice, Controller string

	Conversation *bridge.Snapshot
	AreaName     string
	// TakesFiles: the citizen can send some.
	TakesFiles bool
	Days       []plainDay
	// Seconds after which the log is fetched anew; 0 means that the reader has stopped it.
	Seconds int
	// Turn makes each address differ from the last: one that differs in its fragment only would
	// scroll instead of fetching.
	Turn int
}

type plainDay struct {
	Date     string
	Messages []plainMessage
}

type plainMessage struct {
	Own                       bool
	Sender, Text, Time, State string
	// Quote is what it answers; empty for nothing.
	Quote string
	// Link is the page that it shows, with Text as its title; empty for none.
	Link string
	// File is what it brings along.
	File *plainMessageFile
}

// plainMessageFile is a file of a message; Path leads to it, and is empty where it can't be had.
type plainMessageFile struct{ Name, Path string }

// plainRefresh is how often the log is fetched, in seconds.
const plainRefresh = 8

// getPlain answers GET /plain.
func (s *Server) getPlain(c *gin.Context) {
	s.showPlain(c, http.StatusOK, plainPage{Area: c.Query("area")})
}

// showPlain shows the conversation that the cookie opens, else the areas, or what one of them offers.
func (s *Server) showPlain(c *gin.Context, status int, p plainPage) {
	s.plainHeaders(c)
	data := s.pageData(c)
	name := "plain.html"
	p.Notice, p.Controller = s.noticeIn(languageOf(c)), s.city.controllers[languageOf(c)]
	p.ClientID, p.Key = bridge.NewID(), bridge.NewID()
	if snapshot, ok := s.plainConversation(c); ok {
		p.Conversation, name = &snapshot, "plain_chat.html"
		p.AreaName, p.TakesFiles = s.areaRef(snapshot.Conversation.Area, languageOf(c)).Name, s.filesTaken(snapshot.Conversation) != nil
	} else {
		name = s.placePlain(c, &p)
	}
	data.Body = p
	s.showPageAs(c, status, name, data)
}

// plainHeaders lets forms say where they come from (Fetch standard, "append a request Origin
// header"), which is how a foreign page's form is told apart.
func (s *Server) plainHeaders(c *gin.Context) {
	c.Header("Content-Security-Policy", plainPolicy)
	c.Header("Referrer-Policy", "same-origin")
}

// postPlain answers POST /plain: what its forms do.
func (s *Server) postPlain(c *gin.Context) {
	if !sameOrigin(c) {
		s.refuse(c, problem{kind: originNotAllowed})
		return
	}
	lang := catalogueFor(c)
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, s.limits.MaxBodyBytes)
	in := plainPage{
		Area: c.PostForm("area"), Name: strings.TrimSpace(c.PostForm("name")), Text: strings.TrimSpace(strings.ReplaceAll(c.PostForm("text"), "\r\n", "\n")),
		Email: strings.TrimSpace(c.PostForm("email")), Phone: strings.TrimSpace(c.PostForm("phone")),
	}
	message := bridge.CitizenMessage{ClientID: c.PostForm("client_id"), Text: in.Text}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request.Context()), coreTimeout)
	defer cancel()
	var err error
	switch c.PostForm("do") {
	case "open":
		err = s.openPlain(ctx, c, in, message)
	case "send":
		err = s.sendPlain(ctx, c, message)
	case "request":
		var left bridge.Request
		if left, err = s.requestPlain(ctx, c, in); err == nil {
			s.showPlainLeft(c, left)
			return
		}
	case "forget":
		if conversation, known := s.fromCookie(ctx, c); known == nil {
			err = s.core.Forget(ctx, conversation.ID)
		}
		if err == nil {
			setPlainCookie(c, "")
		}
	default:
		err = &badRequestError{field: "do", reason: reasonMalformed}
	}
	if err != nil {
		p := problemOf(err)
		in.Trouble = s.texts.detail(languageOf(c), p)
		switch {
		case p.field == "text" && p.reason == bridge.ReasonRequired:
			in.Trouble = s.texts.say(languageOf(c), "reason_"+p.reason, nil)
		case p.field == "email" || p.field == "phone":
			in.Trouble = s.pages.words[lang]["request_"+p.field] + ": " + s.texts.say(languageOf(c), "reason_"+p.reason, nil)
		}
		s.showPlain(c, p.kind.status, in)
		return
	}
	// A reload then repeats nothing.
	c.Redirect(http.StatusSeeOther, "/plain?language="+lang)
}

func (s *Server) openPlain(ctx context.Context, c *gin.Context, in plainPage, message bridge.CitizenMessage) error {
	address := addressKey(c.ClientIP())
	if wait := s.opening.allow(address); wait > 0 {
		return &refusedError{problem{kind: rateLimited, retryAfter: wait}}
	}
	key, err := idempotencyKey(c.PostForm("key"))
	if err != nil {
		return err
	}
	opened, err := s.begin(ctx, address, bridge.Opening{
		Area: bridge.ServiceAreaID(in.Area), Language: languageOf(c), Name: in.Name, Message: &message, Address: address, Key: key,
	})
	if err != nil {
		return err
	}
	setPlainCookie(c, string(opened.Conversation.ID)+"."+opened.Token)
	return nil
}

func (s *Server) sendPlain(ctx context.Context, c *gin.Context, message bridge.CitizenMessage) error {
	conversation, err := s.fromCookie(ctx, c)
	if err != nil {
		return err
	}
	if wait := s.sending.allow(conversation.ID); wait > 0 {
		return &refusedError{problem{kind: rateLimited, retryAfter: wait}}
	}
	_, err = s.core.FromCitizen(ctx, conversation.ID, message)
	return err
}

// getPlainLog answers GET /plain/log: the messages, in a frame of the page.
func (s *Server) getPlainLog(c *gin.Context) {
	s.plainHeaders(c)
	data := s.pageData(c)
	snapshot, ok := s.plainConversation(c)
	if !ok {
		s.refuse(c, problem{kind: unauthorized})
		return
	}
	p := plainPage{Conversation: &snapshot, Seconds: plainRefresh, Turn: 1}
	if c.Query("turn") == "1" {
		p.Turn = 2
	}
	if c.Query("hold") != "" || snapshot.Conversation.State == bridge.Closed {
		p.Seconds = 0
	}
	zone := s.zoneOf(snapshot.Conversation.Area)
	err := s.eachMessage(c, snapshot.Conversation.ID, func(m bridge.Message) {
		if !m.Deleted() {
			p.add(m, data.Words, zone)
		}
	})
	if err != nil {
		s.fail(c, err)
		return
	}
	data.Body = p
	s.showPage(c, "plain_log.html", data)
}

// add appends a message under its day. Times are the city's, for the reader's are not known.
func (p *plainPage) add(m bridge.Message, words map[string]string, zone *time.Location) {
	at := m.CreatedAt.In(zone)
	if date := plainDate(at); len(p.Days) == 0 || p.Days[len(p.Days)-1].Date != date {
		p.Days = append(p.Days, plainDay{Date: date})
	}
	out := plainMessage{Own: m.Direction == bridge.FromCitizenDirection, Sender: m.Sender, Text: m.Text, State: words["state_"+stateOf(m)]}
	if m.Emote {
		out.Text = "* " + m.Text
	}
	if m.Card != nil && m.Card.Kind == bridge.PageCard && !m.Deleted() {
		out.Text, out.Link = m.Card.Title, m.Card.URL
	}
	if m.File != nil {
		out.File = &plainMessageFile{Name: m.File.Name}
		if p.Conversation != nil && m.File.Verdict == "" && !out.Own {
			out.File.Path = "/plain/files/" + string(m.ID)
		}
	}
	if q := m.Quote; q.Text != "" {
		out.Quote = q.Text
		if q.Direction == bridge.FromClerkDirection {
			out.Quote = q.Sender + ": " + q.Text
		}
	}
	out.Time = plainTime(at, words)
	if !out.Own {
		out.State = ""
	}
	day := &p.Days[len(p.Days)-1]
	day.Messages = append(day.Messages, out)
}

// plainConversation is the conversation of the cookie as it stands now.
func (s *Server) plainConversation(c *gin.Context) (bridge.Snapshot, bool) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), coreTimeout)
	defer cancel()
	conversation, err := s.fromCookie(ctx, c)
	if err != nil {
		return bridge.Snapshot{}, false
	}
	snapshot, err := s.core.Look(ctx, conversation.ID)
	return snapshot, err == nil
}

func (s *Server) fromCookie(ctx context.Context, c *gin.Context) (bridge.Conversation, error) {
	value, err := c.Cookie(plainCookie)
	if errors.Is(err, http.ErrNoCookie) {
		value, err = c.Cookie(insecureCookie)
	}
	id, token, ok := strings.Cut(value, ".")
	if err != nil || !ok {
		return bridge.Conversation{}, bridge.ErrUnauthorized
	}
	return s.core.Authorize(ctx, bridge.ConversationID(id), token)
}

// setPlainCookie keeps the token until the browser is closed; "" deletes it.
func setPlainCookie(c *gin.Context, value string) {
	secure := strings.HasPrefix(c.GetHeader("Origin"), "https://")
	cookie := &http.Cookie{Name: insecureCookie, Value: value, Path: "/", HttpOnly: true, Secure: secure, SameSite: http.SameSiteStrictMode}
	if secure {
		cookie.Name = plainCookie
	}
	if value == "" {
		cookie.MaxAge = -1
	}
	http.SetCookie(c.Writer, cookie)
}

// sameOrigin reports whether a form was sent from a page of this host. Browsers say so with every
// POST; the scheme is left out, because a proxy may have ended TLS.
func sameOrigin(c *gin.Context) bool {
	_, host, ok := strings.Cut(c.GetHeader("Origin"), "://")
	return ok && strings.EqualFold(host, c.Request.Host)
}
