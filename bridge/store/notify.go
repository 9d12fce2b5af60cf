package store

import (
	"context"
	"encoding/base64"
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
	// self stands before what this process tells. PostgreSQL sends it back too, and whoever said it
	// need not look again.
	self string

	// mu guards pending: words that wait for the next NOTIFY, the newest of each kind. Commits with
	// NOTIFY are serialised by PostgreSQL, so many changes share one.
	mu      sync.Mutex
	pending map[word]string
	more    chan struct{}
}

// word is one thing that is told: on the wire the conversation's ID, or for who is typing the ID, a
// «~» and the name in base64.
type word struct {
	conversation bridge.ConversationID
	typing       bool
}

// Heard is who listens to the other replicas.
type Heard interface {
	// Notify and Typing are those of the others' bridge.Browsers.
	Notify(bridge.ConversationID)
	Typing(id bridge.ConversationID, clerk string)
	// Missed says that news may have been missed.
	Missed()
}

var _ bridge.Browsers = (*Notifier)(nil)

// NewNotifier returns a notifier that works once Run runs.
func NewNotifier(db *DB, log zerolog.Logger) *Notifier {
	return &Notifier{db: db, log: log, self: "@" + bridge.NewID(), pending: map[word]string{}, more: make(chan struct{}, 1)}
}

// Notify tells the other replicas soon. It never blocks.
func (n *Notifier) Notify(id bridge.ConversationID) { n.tell(word{conversation: id}, string(id)) }

// Typing tells the other replicas soon who is typing. It never blocks.
func (n *Notifier) Typing(id bridge.ConversationID, clerk string) {
	n.tell(word{id, true}, string(id)+"~"+base64.RawURLEncoding.EncodeToString([]byte(clerk)))
}

func (n *Notifier) tell(w word, text string) {
	if n.db.dialect != migrations.Postgres {
		return
	}
	n.mu.Lock()
	n.pending[w] = text
	n.mu.Unlock()
	select {
	case n.more <- struct{}{}:
	default:
	}
}

// Deliver does nothing: the other replicas read the store when Notify tells them.
func (n *Notifier) Deliver(bridge.Message) {}

// Run sends what Notify and Typing were told and tells heard what the other replicas tell, until ctx
// ends.
func (n *Notifier) Run(ctx context.Context, heard Heard) {
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
		pending := n.pending
		n.pending = map[word]string{}
		n.mu.Unlock()
		for _, payload := range payloads(pending) {
			call, cancel := context.WithTimeout(ctx, 5*time.Second)
			_, err := n.db.read.ExecContext(call, `SELECT pg_notify($1, $2)`, channel, n.self+" "+payload)
			cancel()
			if err != nil && ctx.Err() == nil {
				n.log.Warn().Err(err).Msg("other replicas not told")
			}
		}
	}
}

func payloads(words map[word]string) []string {
	var out []string
	var b strings.Builder
	for _, text := range words {
		if b.Len()+len(text)+1 > payloadLimit {
			out = append(out, b.String())
			b.Reset()
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(text)
	}
	if b.Len() > 0 {
		out = append(out, b.String())
	}
	return out
}

func (n *Notifier) listen(ctx context.Context, heard Heard) {
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
				heard.Missed()
				continue
			}
			from, told, _ := strings.Cut(m.Extra, " ")
			if from == n.self {
				continue
			}
			for _, text := range strings.Fields(told) {
				id, name, typing := strings.Cut(text, "~")
				if !typing {
					heard.Notify(bridge.ConversationID(id))
				} else if clerk, err := base64.RawURLEncoding.DecodeString(name); err == nil {
					heard.Typing(bridge.ConversationID(id), string(clerk))
				}
			}
		}
	}
}
