// Package clamav asks a ClamAV daemon (clamd) whether a file is malware. The file goes to it over
// INSTREAM, in pieces, so neither side needs it as a whole; clamd needs no access to our disk.
// The protocol is described in clamd(8).
package clamav

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// Errors of a Scanner. In each case it is unknown what the file is.
var (
	// ErrUnavailable: clamd can't be reached, hangs up or answers what is no answer.
	ErrUnavailable = errors.New("malware scanner is not available")
	// ErrTooLarge: the file is over clamd's StreamMaxLength. It would be so again.
	ErrTooLarge = errors.New("file is over the malware scanner's StreamMaxLength")
)

// Options of a Scanner.
type Options struct {
	// Network is "unix" or "tcp", Address the socket's path or host and port, as in clamd.conf's
	// LocalSocket or TCPSocket.
	Network, Address string
	// Timeout bounds one scan from the connection to the verdict; 0 means two minutes.
	Timeout time.Duration
}

// Scanner asks one clamd, over a connection of its own for each question. Safe for concurrent use.
type Scanner struct{ o Options }

// Verdict is what clamd found. Signature names the malware; empty for a file that is clean.
type Verdict struct{ Signature string }

// Infected reports whether the file is malware.
func (v Verdict) Infected() bool { return v.Signature != "" }

// ParseAddress reads "unix:/path/to/clamd.ctl" or "tcp:host:port".
func ParseAddress(s string) (Options, error) {
	network, address, _ := strings.Cut(s, ":")
	switch {
	case network == "unix" && strings.HasPrefix(address, "/"):
		return Options{Network: network, Address: address}, nil
	case network == "tcp":
		if _, port, err := net.SplitHostPort(address); err == nil && port != "" {
			return Options{Network: network, Address: address}, nil
		}
	}
	return Options{}, errors.New("write unix:/path/to/clamd.ctl or tcp:host:port")
}

// New returns a scanner. It does not connect yet.
func New(o Options) *Scanner {
	o.Timeout = cmp.Or(o.Timeout, 2*time.Minute)
	return &Scanner{o: o}
}

// chunk is how much is sent at a time, in bytes.
const chunk = 64 << 10

// answerLimit is how long an answer may be, in bytes: a line with a signature's name.
const answerLimit = 4 << 10

// Scan reads r to its end and returns clamd's verdict. Errors: ErrUnavailable, ErrTooLarge, or that
// of r.
func (s *Scanner) Scan(ctx context.Context, r io.Reader) (Verdict, error) {
	var verdict Verdict
	err := s.ask(ctx, "INSTREAM", func(conn net.Conn) error { return send(conn, r) }, func(answer string) error {
		var err error
		verdict, err = judge(answer)
		return err
	})
	return verdict, err
}

// Version is clamd's own, with its signatures' number and date, such as
// "ClamAV 1.4.3/27700/Mon Jul 14 10:33:12 2025". Error: ErrUnavailable.
func (s *Scanner) Version(ctx context.Context) (string, error) {
	var version string
	err := s.ask(ctx, "VERSION", func(net.Conn) error { return nil }, func(answer string) error {
		if !strings.HasPrefix(answer, "ClamAV ") {
			return fmt.Errorf("%w: it answers nothing that clamd would", ErrUnavailable)
		}
		version = answer
		return nil
	})
	return version, err
}

// ask sends a command and what goes with it, and has the answer read.
func (s *Scanner) ask(ctx context.Context, command string, send func(net.Conn) error, read func(answer string) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.o.Timeout)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, s.o.Network, s.o.Address)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })() // ends what waits
	_, sendErr := io.WriteString(conn, "z"+command+"\x00")
	if sendErr == nil {
		sendErr = send(conn)
	}
	var own *readError
	if errors.As(sendErr, &own) {
		return own.err
	}
	// clamd that takes no more says why before it hangs up.
	answer, err := io.ReadAll(io.LimitReader(conn, answerLimit))
	line, _, whole := bytes.Cut(answer, []byte{0})
	if !whole {
		return fmt.Errorf("%w: it hung up: %w", ErrUnavailable, cmp.Or(ctx.Err(), sendErr, err, io.ErrUnexpectedEOF))
	}
	return read(string(line))
}

// readError is one of the file's, not of the connection's.
type readError struct{ err error }

func (e *readError) Error() string { return e.err.Error() }

// send sends r in pieces, each behind its length; none ends it.
func send(conn net.Conn, r io.Reader) error {
	buf := make([]byte, 4+chunk)
	for {
		n, err := io.ReadFull(r, buf[4:])
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return &readError{fmt.Errorf("read file to scan: %w", err)}
		}
		if n > 0 {
			binary.BigEndian.PutUint32(buf, uint32(n))
			if _, err := conn.Write(buf[:4+n]); err != nil {
				return err
			}
		}
		if err != nil {
			_, err := conn.Write(make([]byte, 4))
			return err
		}
	}
}

// judge reads the answer to INSTREAM. What clamd can't say is no verdict: never a clean one.
func judge(answer string) (Verdict, error) {
	if strings.HasPrefix(answer, "INSTREAM size limit exceeded") {
		return Verdict{}, ErrTooLarge
	}
	result, ours := strings.CutPrefix(answer, "stream: ")
	if ours && result == "OK" {
		return Verdict{}, nil
	}
	if signature, found := strings.CutSuffix(result, " FOUND"); ours && found && signature != "" {
		return Verdict{Signature: signature}, nil
	}
	return Verdict{}, fmt.Errorf("%w: it could not scan the file", ErrUnavailable)
}
