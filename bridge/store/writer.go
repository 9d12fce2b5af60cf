package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"

	"github.com/jmoiron/sqlx"
)

// writer is SQLite's one connection that writes, with its statements prepared. It belongs to one
// goroutine. Transactions are begun and ended by statements of their own: database/sql prepares
// every statement of a Tx anew.
type writer struct {
	pool  *sqlx.DB
	conn  *sqlx.Conn
	known map[string]*sqlx.Stmt
}

var _ querier = (*writer)(nil)

func (w *writer) begin(ctx context.Context) error {
	if w.conn == nil {
		conn, err := w.pool.Connx(ctx)
		if err != nil {
			return err
		}
		w.conn, w.known = conn, map[string]*sqlx.Stmt{}
	}
	_, err := w.exec(ctx, "BEGIN IMMEDIATE")
	if err != nil {
		w.reset()
	}
	return err
}

func (w *writer) commit(ctx context.Context) error {
	_, err := w.exec(ctx, "COMMIT")
	return err
}

// rollback undoes the transaction, if need be together with the connection.
func (w *writer) rollback(ctx context.Context) {
	if w.conn == nil {
		return
	}
	if _, err := w.exec(ctx, "ROLLBACK"); err != nil {
		w.reset()
	}
}

// reset closes the connection; what it had begun is undone. The next transaction takes another.
func (w *writer) reset() {
	for _, s := range w.known {
		s.Close()
	}
	if w.conn != nil {
		// Raw returning ErrBadConn keeps the connection from going back to the pool.
		_ = w.conn.Raw(func(any) error { return driver.ErrBadConn })
		w.conn.Close()
	}
	w.conn, w.known = nil, nil
}

func (w *writer) close() error {
	w.reset()
	return w.pool.Close()
}

func (w *writer) prepared(ctx context.Context, query string) (*sqlx.Stmt, error) {
	if s := w.known[query]; s != nil {
		return s, nil
	}
	if len(w.known) >= mostStatements {
		return nil, fmt.Errorf("more than %d statements", mostStatements)
	}
	s, err := w.conn.PreparexContext(ctx, query)
	if err == nil {
		w.known[query] = s
	}
	return s, err
}

func (w *writer) get(ctx context.Context, into any, query string, args ...any) error {
	s, err := w.prepared(ctx, query)
	if err != nil {
		return err
	}
	return s.GetContext(ctx, into, args...)
}

func (w *writer) list(ctx context.Context, into any, query string, args ...any) error {
	s, err := w.prepared(ctx, query)
	if err != nil {
		return err
	}
	return s.SelectContext(ctx, into, args...)
}

func (w *writer) exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	s, err := w.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(ctx, args...)
}
