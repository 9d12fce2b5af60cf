package webchat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/rs/zerolog"

	"schalter/bridge"
	"schalter/bridge/form"
)

// Core is what the web asks of the bridge.
type Core interface {
	Areas() []bridge.ServiceArea
	ExpectedWait(bridge.ServiceAreaID) (time.Duration, bool)
	Area(bridge.ServiceAreaID) (bridge.ServiceArea, error)
	Open(context.Context, bridge.Opening) (bridge.Opened, error)
	FromCitizen(context.Context, bridge.ConversationID, bridge.CitizenMessage) (bridge.Message, error)
	Authorize(ctx context.Context, id bridge.ConversationID, token string) (bridge.Conversation, error)
	EditFromCitizen(context.Context, bridge.ConversationID, bridge.MessageID, bridge.CitizenMessage) (bridge.Message, error)
	DeleteFromCitizen(context.Context, bridge.ConversationID, bridge.MessageID) (bridge.Message, error)
	ReactFromCitizen(ctx context.Context, id bridge.ConversationID, message bridge.MessageID, key string) (bridge.Message, error)
	ShowLocation(ctx context.Context, id bridge.ConversationID, asked bridge.MessageID, title, page string) (bridge.Message, error)
	HideLocation(ctx context.Context, id bridge.ConversationID, asked bridge.MessageID) (bridge.Message, error)
	Form(context.Context, bridge.ConversationID, bridge.MessageID) (*form.Form, time.Time, error)
	AnswerForm(context.Context, bridge.ConversationID, bridge.MessageID, bridge.FormAnswers) (bridge.Message, error)
	UnreactFromCitizen(ctx context.Context, id bridge.ConversationID, message bridge.MessageID, key string) (bridge.Message, error)
	History(ctx context.Context, id bridge.ConversationID, after int64, limit int) ([]bridge.Message, error)
	Changed(ctx context.Context, id bridge.ConversationID, since, after, upTo int64, limit int) ([]bridge.Message, error)
	Look(context.Context, bridge.ConversationID) (bridge.Snapshot, error)
	Delayed() bool
	FileFromCitizen(context.Context, bridge.ConversationID, bridge.NewFile) (bridge.Message, error)
	Fingerprints(context.Context, bridge.ConversationID) ([]bridge.Message, error)
	TicketFor(context.Context, bridge.ConversationID, bridge.MessageID) (string, error)
	FileContent(ctx context.Context, id bridge.ConversationID, file bridge.MessageID, ticket string) (bridge.Content, error)
	FilePreview(ctx context.Context, id bridge.ConversationID, file bridge.MessageID, ticket string) (bridge.Picture, error)
	ClerkPicture(context.Context, bridge.Conversation) (bridge.Picture, error)
	Close(context.Context, bridge.ConversationID) error
	TypingByCitizen(c bridge.Conversation, writes bool)
	ReadByCitizen(ctx context.Context, c bridge.Conversation, seq int64) error
	Stay(context.Context, bridge.ConversationID) error
	SetLanguage(ctx context.Context, id bridge.ConversationID, language string) error
	Forget(context.Context, bridge.ConversationID) error
	Rate(context.Context, bridge.ConversationID, bridge.Rating) error
	Reopen(context.Context, bridge.ConversationID) (bridge.Conversation, error)
	LeaveRequest(context.Context, bridge.NewRequest) (bridge.LeftRequest, error)
	AnswersByMail() bool
	// Now is the clock by which areas are open.
	Now() time.Time
}

var _ Core = (*bridge.Bridge)(nil)

// Options are what New needs. Core and Hub are required; the zero value of the others means their
// default.
type Options struct {
	Core Core
	Hub  *Hub
	Log  zerolog.Logger
	// AllowedOrigins are the origins of foreign pages that may call the API, exactly as browsers
	// send them. Same-origin pages need no entry.
	AllowedOrigins []string
	// TrustedProxies are addresses or networks whose X-Forwarded-For counts. Default: none.
	TrustedProxies []string
	Limits         Limits
	// CityName, Notice and PrivacyURL are what citizens are told before they write; the latter two
	// may be empty. Notice is German, Notices has it by language and goes before it.
	CityName   string
	Notice     string
	Notices    map[string]string
	PrivacyURL string
	// Controllers say by language who is responsible for the citizens' data; may be nil.
	Controllers map[string]string
	// Ready says why the service cannot serve at present; nil means it always can.
	Ready func(context.Context) error
	// Metrics is served on /metrics, to this machine only; nil means not at all.
	Metrics http.Handler
	// Now is the clock of the rate limits; nil means time.Now.
	Now func() time.Time
}

// coreTimeout bounds each call to the core, and with it every query.
const coreTimeout = 10 * time.Second

// Server serves the API, the widget and the pages.
type Server struct {
	core    Core
	hub     *Hub
	log     zerolog.Logger
	origins map[string]bool
	limits  Limits
	ready   func(context.Context) error
	metrics http.Handler
	now     func() time.Time

	opening *limiter[string]
	sending *limiter[bridge.ConversationID]
	signals *limiter[bridge.ConversationID]
	waiting *waitingChats
	streams streamCount
	uploads streamCount
	rhythm  rhythm
	texts   texts
	city    city
	pages   pages
	assets  assets
	api     description
	engine  *gin.Engine

	// closing is closed when the server goes down, so that streams end.
	closing   chan struct{}
	closeOnce sync.Once
}

func init() {
	// Debug mode prints every route to stdout. Process-wide, so set once.
	gin.SetMode(gin.ReleaseMode)
}

// New wires a server. It fails on options that make no sense.
func New(o Options) (*Server, error) {
	if o.Core == nil || o.Hub == nil {
		return nil, errors.New("webchat: core and hub are required")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Ready == nil {
		o.Ready = func(context.Context) error { return nil }
	}
	o.Limits = o.Limits.withDefaults()
	s := &Server{
		core: o.Core, hub: o.Hub, log: o.Log, origins: map[string]bool{}, limits: o.Limits,
		ready: o.Ready, metrics: o.Metrics, now: o.Now,
		opening: newLimiter[string](o.Limits.ConversationsPerMinute/60, o.Limits.ConversationsBurst, o.Now),
		sending: newLimiter[bridge.ConversationID](o.Limits.MessagesPerSecond, o.Limits.MessagesBurst, o.Now),
		signals: newLimiter[bridge.ConversationID](signalsPerSecond, signalsBurst, o.Now),
		waiting: newWaitingChats(o.Limits.WaitingPerAddress),
		streams: streamCount{open: map[bridge.ConversationID]int{}},
		uploads: streamCount{open: map[bridge.ConversationID]int{}},
		rhythm:  defaultRhythm,
		closing: make(chan struct{}),
	}
	s.city = city{name: o.CityName, notices: map[string]string{"de": o.Notice}, privacyURL: o.PrivacyURL}
	maps.Copy(s.city.notices, o.Notices)
	s.city.controllers = maps.Clone(o.Controllers)
	if _, plain := s.city.controllers[bridge.PlainGerman]; !plain && s.city.controllers != nil {
		s.city.controllers[bridge.PlainGerman] = s.city.controllers["de"] // mostly a name and an address
	}
	for _, origin := range o.AllowedOrigins {
		s.origins[origin] = true
	}
	var err error
	if s.texts, err = newTexts(); err != nil {
		return nil, err
	}
	if s.api, err = newDescription(); err != nil {
		return nil, err
	}
	if s.assets, err = newAssets(); err != nil {
		return nil, err
	}
	if s.pages, err = newPages(o.AllowedOrigins); err != nil {
		return nil, err
	}
	if s.engine, err = s.routes(o.TrustedProxies); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Server) routes(trustedProxies []string) (*gin.Engine, error) {
	e := gin.New()
	e.HandleMethodNotAllowed = true
	e.RedirectTrailingSlash = false
	e.RemoteIPHeaders = []string{"X-Forwarded-For"}
	if err := e.SetTrustedProxies(trustedProxies); err != nil {
		return nil, fmt.Errorf("trusted proxies: %w", err)
	}
	e.Use(s.logged, s.recovered, secured, s.crossOrigin)
	e.NoRoute(func(c *gin.Context) { s.refuse(c, problem{kind: notFound}) })
	e.NoMethod(func(c *gin.Context) { s.refuse(c, problem{kind: methodNotAllowed}) })

	api := e.Group("/api/v1")
	api.GET("/counter", s.getCounter)
	api.GET("/service-areas", s.getServiceAreas)
	api.GET("/service-areas/stream", s.getAreaStream)
	api.GET("/service-areas/:id/hours.ics", s.getHoursCalendar)
	api.GET("/service-areas/:id/hours.jsonld", s.getHoursSchema)
	api.GET("/openapi.json", s.getOpenAPI)
	api.GET("/openapi.yaml", s.getOpenAPI)
	api.POST("/conversations", s.postConversation)
	api.POST("/requests", s.postRequest)
	api.GET("/conversations/:id", s.authorized(s.getConversation))
	api.GET("/conversations/:id/clerk-avatar", s.authorized(s.getClerkAvatar))
	api.POST("/conversations/:id/close", s.authorized(s.postClose))
	api.DELETE("/conversations/:id", s.authorized(s.deleteConversation))
	api.POST("/conversations/:id/rating", s.authorized(s.postRating))
	api.POST("/conversations/:id/stay", s.authorized(s.postStay))
	api.POST("/conversations/:id/reopen", s.authorized(s.postReopen))
	api.POST("/conversations/:id/messages", s.authorized(s.postMessage))
	api.PATCH("/conversations/:id/messages/:message", s.authorized(s.patchMessage))
	api.DELETE("/conversations/:id/messages/:message", s.authorized(s.deleteMessage))
	api.PUT("/conversations/:id/messages/:message/reactions/:key", s.authorized(s.putReaction))
	api.DELETE("/conversations/:id/messages/:message/reactions/:key", s.authorized(s.deleteReaction))
	api.PUT("/conversations/:id/messages/:message/location", s.authorized(s.putLocation))
	api.DELETE("/conversations/:id/messages/:message/location", s.authorized(s.deleteLocation))
	api.GET("/conversations/:id/forms/:message", s.authorized(s.getForm))
	api.POST("/conversations/:id/forms/:message/answers", s.authorized(s.postAnswers))
	api.GET("/conversations/:id/transcript", s.authorized(s.getTranscript))
	api.GET("/conversations/:id/messages", s.authorized(s.getMessages))
	api.POST("/conversations/:id/typing", s.authorized(s.postTyping))
	api.POST("/conversations/:id/language", s.authorized(s.postLanguage))
	api.POST("/conversations/:id/read", s.authorized(s.postRead))
	api.POST("/conversations/:id/files", s.authorized(s.postFile))
	api.POST("/conversations/:id/files/:file/ticket", s.authorized(s.postTicket))
	api.GET("/conversations/:id/files/:file", s.ticketed(s.getFile))
	api.HEAD("/conversations/:id/files/:file", s.ticketed(s.getFile))
	api.GET("/conversations/:id/files/:file/preview", s.ticketed(s.getPreview))
	api.GET("/conversations/:id/stream", s.authorized(s.getStream))

	e.GET("/healthz", s.getHealth)
	e.GET("/readyz", s.getReadiness)
	if s.metrics != nil {
		e.GET("/metrics", s.getMetrics)
	}
	e.GET("/", s.getPage)
	e.GET("/frame", s.getFrame)
	e.GET("/plain", s.getPlain)
	e.POST("/plain", s.postPlain)
	e.GET("/plain/log", s.getPlainLog)
	e.GET("/plain/files", s.getPlainFiles)
	e.POST("/plain/files", s.postPlainFiles)
	e.GET("/plain/files/:file", s.getPlainFile)
	e.GET("/plain/transcript", s.getPlainTranscript)
	e.GET("/plain/state", s.getPlainState)
	e.GET("/accessibility", s.getAccessibility)
	e.GET("/page/:file", s.getPageFile)
	e.GET("/widget.js", s.getLoader)
	e.GET("/widget/:file", s.getAsset)
	return e, nil
}

// Handler serves everything. It may be mounted in a server of the caller's own; then streams end
// with their connections only.
func (s *Server) Handler() http.Handler { return s.engine }

// Serve serves l until ctx ends; then it takes no new connection, ends the streams so that
// browsers come again (to another replica, or to this one after its restart), and lets requests
// that are being answered finish, for at most 10 s. It may be called once.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	srv := &http.Server{
		Handler: s.engine,
		// No WriteTimeout and no ReadTimeout: streams live for hours. Bodies and single writes
		// have deadlines of their own.
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		// net/http's own lines carry remote addresses, which no log of ours may.
		ErrorLog: log.New(io.Discard, "", 0),
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve web: %w", err)
	case <-ctx.Done():
	}
	s.closeOnce.Do(func() { close(s.closing) })
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	if err := srv.Shutdown(end); err != nil {
		_ = srv.Close()
		return fmt.Errorf("shut down web: %w", err)
	}
	return nil
}

// shutdownTimeout is how long requests in flight may take to finish; more than coreTimeout would
// be of no use.
const shutdownTimeout = 10 * time.Second
