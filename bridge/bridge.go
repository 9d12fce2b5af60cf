package bridge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"schalter/bridge/openinghours"
	"schalter/bridge/training"
)

// Bridge is the core. One value per process (a replica); several replicas share one store.
type Bridge struct {
	store    Store
	rooms    Rooms
	browsers Browsers
	areas    []ServiceArea
	// template and always are what areas have, and when they are open, of which nobody says more.
	template ServiceArea
	always   *openinghours.Hours
	log      zerolog.Logger
	now      func() time.Time
	replica  string
	patience Patience
	texts    *texts
	zone     *time.Location
	calendar *openinghours.Calendar
	// pauseAfter is how many unanswered offers make a clerk count as away; negative means never.
	pauseAfter int
	// boards is how often the lobbies' boards are looked at; 0 means that there are none.
	boards time.Duration
	admins []UserID
	// guide: new clerks are sent the guide.
	guide  bool
	mailer Mailer
	// scanner may be nil; hold is how long a file waits for it.
	scanner Scanner
	hold    time.Duration
	// city and publicURL stand in mails, whose words are those of each language.
	city      string
	publicURL string
	// pageHosts are the city's own hosts, with their ports.
	pageHosts []string
	citizens  map[string]*texts
	// scenarios are those of trainings, by ID.
	scenarios map[string]training.Scenario

	// timetable is what is in force; runHours keeps it. configured is the one at the start, before
	// the database was asked.
	timetable  atomic.Pointer[timetable]
	configured *timetable
	hoursNews  chan struct{}
	// staffNews: a transaction has changed who is there. After one that failed, it costs a look.
	staffNews atomic.Bool
	queues    atomic.Pointer[queues]
	suspects  *suspicion
	phantoms  phantoms
	pictures  pictures
	// rounds is how often what /sync does not show is looked for.
	rounds time.Duration
	// roundRooms is at how many rooms a round looks at most.
	roundRooms int

	wake   chan struct{}
	direct chan Entry
	down   atomic.Bool
	vitals vitals
	names  names
	typing *typing

	// doubtMu guards doubtful: the streams in which our claims may be stale (doubt.go).
	doubtMu  sync.Mutex
	doubtful map[string]bool
	// working counts the workers of this replica by stream; also under doubtMu.
	working map[string]int
}

// Options are what New needs. Store, Rooms, Browsers and Areas are required.
type Options struct {
	Store    Store
	Rooms    Rooms
	Browsers Browsers
	// Areas in the order in which citizens see them.
	Areas []ServiceArea
	Log   zerolog.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Language is the desk's language, in which clerks read names and notices, one of Languages; "" means de.
	Language string
	// Zone is the city's time zone; nil means UTC.
	Zone *time.Location
	// Guide sends the clerks' guide to whoever has never had it; on request it is sent anyway.
	Guide bool
	// Admins command in the admin room.
	Admins []UserID
	// Mailer answers requests by e-mail; nil means that e-mail is not offered.
	Mailer Mailer
	// Scanner looks at citizens' files; nil means that they are not scanned.
	Scanner Scanner
	// Hold is how long a file waits for a scanner that does not answer; then it is refused. 0 means
	// DefaultHold.
	Hold time.Duration
	// City and PublicURL stand in mails to citizens.
	City      string
	PublicURL string
	// PageHosts are the city's own hosts, as they stand in addresses: pages there may be opened beside
	// the chat.
	PageHosts []string
	// Template is what areas have that admins make at run time, beside ID, name, hours and clerks.
	Template ServiceArea
	// Calendar is the city's holidays, for hours that admins set; may be nil.
	Calendar *openinghours.Calendar
	// PauseAfter is how many unanswered offers in a row make a clerk count as away; 0 means
	// DefaultPauseAfter, a negative number never.
	PauseAfter int
	// Boards is how often the pinned notices of the lobbies are looked at; 0 means that there are none.
	Boards time.Duration
	// Rounds is how often the rooms are looked at for what /sync does not show; 0 means 30 s.
	Rounds time.Duration
	// RoundRooms is at how many conversations' rooms a round looks at most although nothing points at
	// them; 0 means 100.
	RoundRooms int
	// Patience may be the zero value.
	Patience Patience
}

// Patience says how long the outbox waits before it does the next careful thing. The zero value
// of a field means its default.
type Patience struct {
	// Echo: from an unanswered send to the barrier. Default 2 s.
	Echo time.Duration
	// Barrier: from a barrier whose echo does not come to the next one; more than a call to the
	// homeserver may take. Default 25 s.
	Barrier time.Duration
	// Backoff: first pause after a call that certainly had no effect; doubles up to 32 times
	// this. Default 500 ms.
	Backoff time.Duration
}

// New wires a core together. Nothing runs until Run.
func New(o Options) (*Bridge, error) {
	if o.Store == nil || o.Rooms == nil || o.Browsers == nil || len(o.Areas) == 0 {
		return nil, errors.New("bridge: store, rooms, browsers and at least one service area are required")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	o.Patience = o.Patience.withDefaults()
	words, err := newTexts(tagOf(cmp.Or(o.Language, "de")), o.Zone)
	if err != nil {
		return nil, err
	}
	areas, err := withHours(o.Areas, o.Zone)
	if err != nil {
		return nil, err
	}
	b := &Bridge{
		store: o.Store, rooms: o.Rooms, browsers: o.Browsers, areas: areas, zone: o.Zone, calendar: o.Calendar, admins: o.Admins, mailer: o.Mailer, city: o.City, publicURL: o.PublicURL, pageHosts: o.PageHosts, citizens: map[string]*texts{},
		log: o.Log, now: o.Now, replica: NewID(), patience: o.Patience, texts: words,
		wake: make(chan struct{}, 1), direct: make(chan Entry, outboxWorkers),
		doubtful: map[string]bool{}, working: map[string]int{}, hoursNews: make(chan struct{}, 1), suspects: newSuspicion(), pictures: pictures{known: map[UserID]*keptPicture{}},
		typing: newTyping(),
	}
	for _, lang := range Languages {
		if b.citizens[lang], err = newTexts(tagOf(lang), o.Zone); err != nil {
			return nil, err
		}
	}
	if b.scenarios, err = training.Scenarios(); err != nil {
		return nil, err
	}
	b.pauseAfter = cmp.Or(o.PauseAfter, DefaultPauseAfter)
	b.boards, b.rounds, b.guide = o.Boards, cmp.Or(o.Rounds, roundEvery), o.Guide
	b.roundRooms = cmp.Or(o.RoundRooms, roundRooms)
	b.template = o.Template
	b.scanner, b.hold = o.Scanner, cmp.Or(o.Hold, DefaultHold)
	if b.always, err = aroundTheClock(o.Zone); err != nil {
		return nil, err
	}
	b.configured = b.inForce(0, nil, nil)
	b.timetable.Store(b.configured)
	b.queues.Store(&queues{})
	return b, nil
}

func (p Patience) withDefaults() Patience {
	if p.Echo == 0 {
		p.Echo = 2 * time.Second
	}
	if p.Barrier == 0 {
		p.Barrier = 25 * time.Second
	}
	if p.Backoff == 0 {
		p.Backoff = 500 * time.Millisecond
	}
	return p
}

// Replica is this process's name among the replicas: a ULID made at start.
func (b *Bridge) Replica() string { return b.replica }

// Delayed reports whether the homeserver does not answer at present, so that messages are stored
// and queued, but not delivered.
func (b *Bridge) Delayed() bool { return b.down.Load() }

// Run does the outbox's work and keeps this replica alive among the others until ctx ends; then
// it gives everything back. Reading /sync is the caller's second loop (TakeSync, FromMatrix).
func (b *Bridge) Run(ctx context.Context) error {
	// The first heartbeat stands before the first claim; a database that is away now is met later.
	_ = b.store.Heartbeat(ctx, b.replica, b.now())
	var wg sync.WaitGroup
	wg.Go(func() { b.beat(ctx) })
	wg.Go(func() { b.releaseDoubtful(ctx) })
	wg.Go(func() { b.setUpAreas(ctx) })
	wg.Go(func() { b.runHours(ctx) })
	wg.Go(func() { b.watchRooms(ctx) })
	wg.Go(func() { b.runTyping(ctx) })
	wg.Go(func() { b.keepBoards(ctx) })
	b.runOutbox(ctx)
	wg.Wait()
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := b.store.Retire(end, b.replica); err != nil {
		return fmt.Errorf("retire replica: %w", err)
	}
	return nil
}

func (b *Bridge) beat(ctx context.Context) {
	every := time.NewTicker(HeartbeatEvery)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
			if err := b.store.Heartbeat(ctx, b.replica, b.now()); err != nil && ctx.Err() == nil {
				b.log.Warn().Err(err).Msg("heartbeat failed")
			}
		}
	}
}
