package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"schalter/bridge"
	"schalter/bridge/mail"
	"schalter/bridge/matrix"
	"schalter/bridge/store"
	"schalter/config"
	"schalter/webchat"
)

// service is one replica: the parts, wired.
type service struct {
	db       *store.DB
	core     *bridge.Bridge
	adapter  *matrix.Adapter
	web      *webchat.Server
	hub      *webchat.Hub
	notifier *store.Notifier
	metrics  *metrics
	alarm    *alarm
	log      zerolog.Logger
}

// newService opens the database and wires the parts. The homeserver may be away; it is met when
// it appears.
func newService(ctx context.Context, c *config.Config, log zerolog.Logger) (*service, error) {
	zone, err := c.City.Zone()
	if err != nil {
		return nil, fmt.Errorf("load time zone: %w", err)
	}
	calendar, err := c.City.Calendar()
	if err != nil {
		return nil, fmt.Errorf("holidays: %w", err)
	}
	areas, err := areas(c)
	if err != nil {
		return nil, err
	}
	mailer, err := mailer(c)
	if err != nil {
		return nil, err
	}
	malware, err := newScanner(c.Scanner)
	if err != nil {
		return nil, fmt.Errorf("scanner: %w", err)
	}
	measures, err := newMetrics(c.Web.MetricsListen)
	if err != nil {
		return nil, fmt.Errorf("listen for metrics: %w", err)
	}
	adapter, err := matrix.New(matrix.Options{
		URL: c.Homeserver.URL, ServerName: c.Homeserver.ServerName, Token: string(c.Appservice.ASToken),
		Timeout: c.Homeserver.Timeout(), Log: part(log, "matrix"), Observe: measures.observe,
	})
	if err != nil {
		measures.close()
		return nil, err
	}
	db, err := store.Open(ctx, string(c.Database.URL))
	if err != nil {
		measures.close()
		return nil, err
	}
	s := &service{db: db, adapter: adapter, hub: webchat.NewHub(), notifier: store.NewNotifier(db, part(log, "store")), metrics: measures, log: log}
	s.core, err = bridge.New(bridge.Options{
		Store: db, Rooms: adapter, Browsers: everybody{s.hub, s.notifier}, Areas: areas,
		Log: part(log, "bridge"), Zone: zone, Calendar: calendar, Admins: users(c.Admins),
		PauseAfter: pauseAfter(c.Desk), Template: area(config.NewArea()), Language: c.Desk.Language, Guide: c.Desk.Guide, Boards: boardsEvery,
		Mailer: mailer, Scanner: malware, Hold: minutes(c.Scanner.HoldMinutes), City: c.City.Name, PublicURL: c.Web.PublicURL, PageHosts: c.Pages.Hosts, Now: clock, Patience: patience(c.Homeserver.Timeout()),
	})
	if err == nil {
		s.web, err = webchat.New(webchat.Options{
			Core: s.core, Hub: s.hub, Log: part(log, "webchat"), AllowedOrigins: c.Web.AllowedOrigins,
			TrustedProxies: c.Web.TrustedProxies, Limits: limits(c.Web.Limits), CityName: c.City.Name,
			Notice: c.City.Notice["de"], Notices: c.City.Notice, Controllers: c.City.Controller, PrivacyURL: c.City.PrivacyURL, Ready: db.Ping, Metrics: measures.public(),
		})
	}
	if err != nil {
		measures.close()
		return nil, errors.Join(err, db.Close())
	}
	s.alarm = &alarm{vitals: s.core.Vitals, unconfirmed: db.Unconfirmed, log: log}
	measures.registry.MustRegister(s)
	return s, nil
}

// run serves until ctx ends. Then the web goes first, so that what was accepted is committed;
// the outbox finishes the calls it has begun; the database closes last.
func (s *service) run(ctx context.Context, l net.Listener) error {
	behind, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var wg sync.WaitGroup
	var coreErr, metricsErr error
	wg.Go(func() { s.alarm.run(behind, s.core.Now) })
	wg.Go(func() { metricsErr = s.metrics.run(behind) })
	wg.Go(func() { coreErr = s.core.Run(behind) })
	wg.Go(func() { s.adapter.Run(behind, s.core) })
	wg.Go(func() { s.notifier.Run(behind, others{s}) })
	webErr := s.web.Serve(ctx, l)
	stop()
	wg.Wait()
	return errors.Join(webErr, coreErr, metricsErr, s.db.Close())
}

// others takes what the other replicas tell.
type others struct{ *service }

var _ store.Heard = others{}

func (o others) Notify(id bridge.ConversationID) {
	o.hub.Notify(id)
	if id == bridge.AreasNews {
		o.core.HoursMayHaveChanged()
	}
	o.core.Wake()
}

func (o others) Typing(id bridge.ConversationID, clerk string) { o.hub.Typing(id, clerk) }

func (o others) Missed() {
	o.hub.NotifyAll()
	o.core.HoursMayHaveChanged()
	o.core.Wake()
}

// everybody is all who want to know that a conversation has changed.
type everybody []bridge.Browsers

func (all everybody) Notify(id bridge.ConversationID) {
	for _, b := range all {
		b.Notify(id)
	}
}

func (all everybody) Deliver(m bridge.Message) {
	for _, b := range all {
		b.Deliver(m)
	}
}

func (all everybody) Typing(id bridge.ConversationID, clerk string) {
	for _, b := range all {
		b.Typing(id, clerk)
	}
}

// clock is the service's clock; nil means time.Now. Tests set another one.
var clock func() time.Time

// boardsEvery is how often the lobbies' pinned notices are looked at.
const boardsEvery = 5 * time.Second

// pauseAfter is the core's: there, 0 means the default.
func pauseAfter(d config.Desk) int {
	if d.PauseAfter == 0 {
		return -1
	}
	return d.PauseAfter
}

func areas(c *config.Config) ([]bridge.ServiceArea, error) {
	out := make([]bridge.ServiceArea, len(c.ServiceAreas))
	for i, a := range c.ServiceAreas {
		out[i] = area(a)
		var err error
		if out[i].Hours, err = c.City.OpeningHours(a.Hours); err != nil {
			return nil, fmt.Errorf("hours of %s: %w", a.ID, err)
		}
		for _, f := range a.Forms {
			read, err := f.Read()
			if err != nil {
				return nil, fmt.Errorf("form %s of %s: %w", f.Key, a.ID, err)
			}
			out[i].Forms = append(out[i].Forms, bridge.AreaForm{Key: f.Key, Form: read})
		}
		if a.CounterHours == "" {
			continue
		}
		if out[i].CounterHours, err = c.City.OpeningHours(a.CounterHours); err != nil {
			return nil, fmt.Errorf("counter hours of %s: %w", a.ID, err)
		}
	}
	return out, nil
}

// area is one of the config's, without its hours.
func area(a config.ServiceArea) bridge.ServiceArea {
	return bridge.ServiceArea{
		ID: bridge.ServiceAreaID(a.ID), Name: a.Name, Description: a.Description,
		Clerks: users(a.Clerks), Leads: users(a.Leads), Capacity: a.Capacity, Grace: minutes(a.GraceMinutes), Reopen: minutes(a.ReopenMinutes),
		Canned:  a.Replies,
		Pages:   pages(a.Pages),
		Routing: a.Routing, Training: a.Training,
		Overflow:    bridge.Overflow{To: bridge.ServiceAreaID(a.Overflow.To), After: minutes(a.Overflow.AfterMinutes)},
		RemindAfter: minutes(a.RemindMinutes), EscalateAfter: minutes(a.EscalateMinutes), OfferRequestAfter: minutes(a.OfferRequestMinutes),
		Files: fileRules(a.Files), IdleWarning: minutes(a.IdleWarningMinutes), IdleClose: minutes(a.IdleCloseMinutes),
	}
}

func pages(all []config.Page) []bridge.Page {
	out := make([]bridge.Page, len(all))
	for i, p := range all {
		out[i] = bridge.Page(p)
	}
	return out
}

func fileRules(f config.Files) bridge.FileRules {
	if !f.Enabled {
		return bridge.FileRules{}
	}
	return bridge.FileRules{MaxBytes: int64(f.MaxBytes), MaxCount: f.MaxCount, Types: f.Types, Hold: f.ScannerDown == config.HoldFiles}
}

func minutes(n int) time.Duration { return time.Duration(n) * time.Minute }

// mailer is nil when no mail server is configured.
func mailer(c *config.Config) (bridge.Mailer, error) {
	if !c.Mail.Offered() {
		return nil, nil
	}
	return mail.New(mail.Options{
		Host: c.Mail.Host, Port: c.Mail.Port, TLS: mail.TLS(c.Mail.TLS), Username: c.Mail.Username,
		Password: string(c.Mail.Password), From: c.Mail.From, FromName: c.City.Name,
	})
}

func users(ids []string) []bridge.UserID {
	out := make([]bridge.UserID, len(ids))
	for i, id := range ids {
		out[i] = bridge.UserID(id)
	}
	return out
}

func limits(l config.Limits) webchat.Limits {
	return webchat.Limits{
		ConversationsPerMinute: float64(l.ConversationsPerMinute), ConversationsBurst: l.ConversationsBurst,
		WaitingPerAddress: l.WaitingPerAddress, MessagesPerSecond: float64(l.MessagesPerSecond),
		MessagesBurst: l.MessagesBurst, MaxBodyBytes: int64(l.MaxBodyBytes), Upload: minutes(l.UploadMinutes),
	}
}

// patience follows from how long the homeserver may take for one call.
func patience(timeout time.Duration) bridge.Patience {
	return bridge.Patience{Echo: timeout / 10, Barrier: timeout * 5 / 4, Backoff: timeout / 40}
}

func part(log zerolog.Logger, name string) zerolog.Logger {
	return log.With().Str("part", name).Logger()
}
