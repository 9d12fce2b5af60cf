package store

import (
	"context"
	"database/sql"
	"sync"

	"github.com/jmoiron/sqlx"
)

// querier runs statements, with ? for parameters.
type querier interface {
	get(ctx context.Context, into any, query string, args ...any) error
	list(ctx context.Context, into any, query string, args ...any) error
	exec(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// statements keeps a pool's statements prepared: parsing and planning one costs more than most of
// them take. A statement that is new is run as it is and prepared behind the caller's back, because
// preparing needs a connection, and all of them may be held by transactions that wait for one.
type statements struct {
	db *sqlx.DB
	// mu guards known and coming: what is prepared, and what is about to be; and ended: nothing more is.
	mu     sync.RWMutex
	known  map[string]*sqlx.Stmt
	coming map[string]bool
	ended  bool
	// work counts what is being prepared.
	work sync.WaitGroup
}

var _ querier = (*statements)(nil)

func newStatements(db *sqlx.DB) *statements {
	return &statements{db: db, known: map[string]*sqlx.Stmt{}, coming: map[string]bool{}}
}

// mostStatements bounds what is kept; the program has fewer texts of SQL than that.
const mostStatements = 500

// prepared returns nil when the statement is not prepared yet.
func (s *statements) prepared(query string) *sqlx.Stmt {
	s.mu.RLock()
	stmt, coming := s.known[query], s.coming[query]
	s.mu.RUnlock()
	if stmt == nil && !coming {
		s.mu.Lock()
		if !s.coming[query] && len(s.coming) < mostStatements && !s.ended {
			s.coming[query] = true
			s.work.Go(func() { s.prepare(query) })
		}
		s.mu.Unlock()
	}
	return stmt
}

func (s *statements) prepare(query string) {
	stmt, err := s.db.Preparex(s.db.Rebind(query))
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		delete(s.coming, query) // the database is away, or the caller learns what is wrong with it
		return
	}
	s.known[query] = stmt
}

// end waits until nothing is being prepared any more. The pool must be closed, or else it waits for a free connection.
func (s *statements) end() {
	s.mu.Lock()
	s.ended = true
	s.mu.Unlock()
	s.work.Wait()
}

func (s *statements) get(ctx context.Context, into any, query string, args ...any) error {
	if stmt := s.prepared(query); stmt != nil {
		return stmt.GetContext(ctx, into, args...)
	}
	return s.db.GetContext(ctx, into, s.db.Rebind(query), args...)
}

func (s *statements) list(ctx context.Context, into any, query string, args ...any) error {
	if stmt := s.prepared(query); stmt != nil {
		return stmt.SelectContext(ctx, into, args...)
	}
	return s.db.SelectContext(ctx, into, s.db.Rebind(query), args...)
}

func (s *statements) exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if stmt := s.prepared(query); stmt != nil {
		return stmt.ExecContext(ctx, args...)
	}
	return s.db.ExecContext(ctx, s.db.Rebind(query), args...)
}

// pooled is a transaction on one of the pool's connections.
type pooled struct {
	tx         *sqlx.Tx
	statements *statements
}

func (p pooled) get(ctx context.Context, into any, query string, args ...any) error {
	if stmt := p.statements.prepared(query); stmt != nil {
		return p.tx.StmtxContext(ctx, stmt).GetContext(ctx, into, args...)
	}
	return p.tx.GetContext(ctx, into, p.tx.Rebind(query), args...)
}

func (p pooled) list(ctx context.Context, into any, query string, args ...any) error {
	if stmt := p.statements.prepared(query); stmt != nil {
		return p.tx.StmtxContext(ctx, stmt).SelectContext(ctx, into, args...)
	}
	return p.tx.SelectContext(ctx, into, p.tx.Rebind(query), args...)
}

func (p pooled) exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if stmt := p.statements.prepared(query); stmt != nil {
		return p.tx.StmtxContext(ctx, stmt).ExecContext(ctx, args...)
	}
	return p.tx.ExecContext(ctx, p.tx.Rebind(query), args...)
}
