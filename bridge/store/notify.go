package store

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/lib/pq"
	"github.com/rs/zerolog"

	"schalter/bridge"
	"schalter/migrations"
)

// channel is where replicas tell each other which conversations have changed.
const channel = "schalter"

// payloadLimit keeps below the 8,000 bytes of a NOTIFY payload.
const payloadLimit = 7000

// Notifier tells the other replicas of changes, over PostgreSQL's NOTIFY. With SQLite there are
// no others and it does nothing. What is told may be lost with a process; streams therefore look
// by themselves now and then.
type Notifier struct {
	db  *DB
	log zerolog.Logger

	// mu guards pending: changes that wait for the next NOTIFY. Commits with NOTIFY are
	// serialised by PostgreSQL, so many changes share one.
	mu      sync.Mutex
	pending map[bridge.ConversationID]bool
	more    chan struct{}
}

var _ bridge.Browsers = (*Notifier)(nil)

// NewNotifier returns a notifier that works once Run runs.
func NewNotifier(db *DB, log zerolog.Logger) *Notifier {
	return &Notifier{db: db, log: log, pending: map[bridge.ConversationID]bool{}, more: make(chan struct{}, 1)}
}

// Notify tells the other replicas soon. It never blocks.
func (n *Notifier) Notify(id bridge.ConversationID) {
	if n.db.dialect != migrations.Postgres {
		return
	}
	n.mu.Lock()
	n.pending[id] = true
	n.mu.Unlock()
	select {
	case n.more <- struct{}{}:
	default:
	}
}

// Deliver does nothing: the other replicas read the store when Notify tells them.
func (n *Notifier) Deliver(bridge.Message) {}

// Run sends what Notify was told and calls heard with what the other replicas tell, until ctx
// ends. heard gets "" when news may have been missed. It must not block.
func (n *Notifier) Run(ctx context.Context, heard func(bridge.ConversationID)) {
	if n.db.dialect != migrations.Postgres {
		<-ctx.Done()
		return
	}
	var wg sync.WaitGroup
	wg.Go(func() { n.listen(ctx, heard) })
	defer wg.Wait()
	for {
		select {
		case <-ctx.Done():
			return
		case <-n.more:
		}
		n.mu.Lock()
		ids := n.pending
		n.pending = map[bridge.ConversationID]bool{}
		n.mu.Unlock()
		for _, payload := range payloads(ids) {
			call, cancel := context.WithTimeout(ctx, 5*time.Second)
			_, err := n.db.read.ExecContext(call, `SELECT pg_notify($1, $2)`, channel, payload)
			cancel()
			if err != nil && ctx.Err() == nil {
				n.log.Warn().Err(err).Msg("other replicas not told")
			}
		}
	}
}

func payloads(ids map[bridge.ConversationID]bool) []string {
	var out []string
	var b strings.Builder
	for id := range ids {
		if b.Len()+len(id)+1 > payloadLimit {
			out = append(out, b.String())
			b.Reset()
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(string(id))
	}
	if b.Len() > 0 {
		out = append(out, b.String())
	}
	return out
}

func (n *Notifier) listen(ctx context.Context, heard func(bridge.ConversationID)) {
	l := pq.NewListener(n.db.url, 250*time.Millisecond, 5*time.Second, nil)
	// Listen waits for a connection, however long that takes; closing ends the wait.
	defer context.AfterFunc(ctx, func() { l.Close() })()
	defer l.Close()
	for ctx.Err() == nil {
		if err := l.Listen(channel); err == nil || err == pq.ErrChannelAlreadyOpen {
			break
		}
	}
	for {
		select {
		case <-ctx.Done():
			return
		case m := <-l.Notify:
			if m == nil { // the connection was lost and made again
				heard("")
				continue
			}
			for _, id := range strings.Fields(m.Extra) {
				heard(bridge.ConversationID(id))
			}
		}
	}
}
