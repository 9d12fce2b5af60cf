package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"

	"schalter/bridge"
)

// transaction is one bridge.Tx.
type transaction struct {
	ctx context.Context
	db  querier
	// forUpdate locks the rows of a SELECT; empty on SQLite, whose writer is alone anyway.
	forUpdate string
	depth     int
	// written counts messages by direction.
	written map[bridge.Direction]int64
}

var _ bridge.Tx = (*transaction)(nil)

// attempts is how often a transaction is run that PostgreSQL undoes because of a deadlock.
const attempts = 5

// Update runs f in one transaction; see bridge.Store.
func (db *DB) Update(ctx context.Context, f func(bridge.Tx) error) error {
	f, committed := db.written.counted(f)
	err := db.update(ctx, f)
	if err == nil {
		committed()
	}
	return err
}

func (db *DB) update(ctx context.Context, f func(bridge.Tx) error) error {
	if db.group != nil {
		return db.group.do(ctx, f)
	}
	var err error
	for n := range attempts {
		if err = db.updateOnce(ctx, f); !errors.Is(err, errAgain) {
			break
		}
		// At once, it would snatch the locks again from those that they were taken away for.
		select {
		case <-ctx.Done():
			return err
		case <-time.After(time.Duration(10*n+rand.IntN(20)+5) * time.Millisecond):
		}
	}
	return err
}

func (db *DB) updateOnce(ctx context.Context, f func(bridge.Tx) error) error {
	tx, err := db.read.BeginTxx(ctx, nil)
	if err != nil {
		return classify(fmt.Errorf("begin: %w", err))
	}
	defer tx.Rollback() //nolint:errcheck // after a commit it does nothing
	t := &transaction{ctx: ctx, db: pooled{tx, db.statements}, forUpdate: " FOR UPDATE"}
	if err := f(t); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return classify(fmt.Errorf("commit: %w", err))
	}
	return nil
}

// group is SQLite's one writer. Transactions that wait while one is being written to disk are
// committed together after it: with synchronous=FULL, the disk is what a commit waits for.
type group struct {
	writer
	jobs chan job
	done chan struct{}
	// mu guards closed: no job is handed in after close.
	mu     sync.RWMutex
	closed bool
}

type job struct {
	ctx    context.Context
	f      func(bridge.Tx) error
	result chan error
}

// groupSize is how many transactions share a commit at most.
const groupSize = 64

func newGroup(db *sqlx.DB) *group {
	g := &group{writer: writer{pool: db}, jobs: make(chan job, groupSize), done: make(chan struct{})}
	go g.run()
	return g
}

func (g *group) do(ctx context.Context, f func(bridge.Tx) error) error {
	j := job{ctx: ctx, f: f, result: make(chan error, 1)}
	g.mu.RLock()
	if g.closed {
		g.mu.RUnlock()
		return fmt.Errorf("database is closed: %w", bridge.ErrUnavailable)
	}
	select {
	case g.jobs <- j:
		g.mu.RUnlock()
	case <-ctx.Done():
		g.mu.RUnlock()
		return classify(ctx.Err())
	}
	return <-j.result // the writer answers every job that it was handed
}

func (g *group) stop() {
	g.mu.Lock()
	if !g.closed {
		g.closed = true
		close(g.jobs)
	}
	g.mu.Unlock()
	<-g.done
}

func (g *group) run() {
	defer close(g.done)
	defer g.writer.close()
	for first := range g.jobs {
		batch := []job{first}
	collect:
		for len(batch) < groupSize {
			select {
			case j, ok := <-g.jobs:
				if !ok {
					break collect
				}
				batch = append(batch, j)
			default:
				break collect
			}
		}
		g.write(batch)
	}
}

// write runs the jobs in one transaction, each behind a savepoint of its own unless it is alone.
// Queries run without the callers' contexts: the end of one of those would undo the others' work.
func (g *group) write(batch []job) {
	errs := make([]error, len(batch))
	failAll := func(err error) {
		for i, j := range batch {
			if errs[i] == nil {
				errs[i] = err
			}
			j.result <- errs[i]
		}
	}
	ctx := context.Background()
	if err := g.begin(ctx); err != nil {
		failAll(classify(fmt.Errorf("begin: %w", err)))
		return
	}
	t := &transaction{ctx: ctx, db: g}
	worked := false
	for i, j := range batch {
		if err := j.ctx.Err(); err != nil {
			errs[i] = classify(err)
			continue
		}
		run := func() error { return guard(j.f, t) }
		if len(batch) == 1 {
			errs[i] = run()
		} else {
			errs[i] = t.Savepoint(run)
		}
		worked = worked || errs[i] == nil
	}
	if !worked {
		g.rollback(ctx)
		failAll(nil)
		return
	}
	if err := g.commit(ctx); err != nil {
		g.rollback(ctx)
		failAll(classify(fmt.Errorf("commit: %w", err)))
		return
	}
	failAll(nil)
}

// guard turns a panic of one caller into its own error: the writer serves the others too.
func guard(f func(bridge.Tx) error, t *transaction) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("transaction panicked: %v", r)
		}
	}()
	return f(t)
}

// Savepoint runs f such that its failure undoes f only.
func (t *transaction) Savepoint(f func() error) error {
	t.depth++
	defer func() { t.depth-- }()
	name := fmt.Sprintf("s%d", t.depth)
	if err := t.exec("SAVEPOINT " + name); err != nil {
		return fmt.Errorf("savepoint: %w: %w", bridge.ErrUnavailable, err)
	}
	if err := f(); err != nil {
		if undo := t.exec("ROLLBACK TO SAVEPOINT " + name); undo != nil {
			return fmt.Errorf("roll back to savepoint: %w: %w", bridge.ErrUnavailable, undo)
		}
		if release := t.exec("RELEASE SAVEPOINT " + name); release != nil {
			return fmt.Errorf("release savepoint: %w: %w", bridge.ErrUnavailable, release)
		}
		return err
	}
	return t.exec("RELEASE SAVEPOINT " + name)
}

func (t *transaction) get(into any, query string, args ...any) error {
	return classify(t.db.get(t.ctx, into, query, args...))
}

func (t *transaction) list(into any, query string, args ...any) error {
	return classify(t.db.list(t.ctx, into, query, args...))
}

func (t *transaction) exec(query string, args ...any) error {
	_, err := t.change(query, args...)
	return err
}

// change returns how many rows changed.
func (t *transaction) change(query string, args ...any) (int64, error) {
	r, err := t.db.exec(t.ctx, query, args...)
	if err != nil {
		return 0, classify(err)
	}
	n, err := r.RowsAffected()
	return n, classify(err)
}

// changed reports whether a statement changed anything.
func (t *transaction) changed(query string, args ...any) (bool, error) {
	n, err := t.change(query, args...)
	return n > 0, err
}
