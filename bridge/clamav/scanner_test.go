package clamav_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"schalter/bridge/clamav"
	"schalter/bridge/clamav/clamavtest"
)

func TestRealClamd(t *testing.T) {
	c := clamavtest.Start(t)
	s := clamav.New(clamav.Options{Network: "unix", Address: c.Address})
	ctx := t.Context()
	version, err := s.Version(ctx)
	if err != nil || !strings.HasPrefix(version, "ClamAV ") {
		t.Errorf("version %q %v", version, err)
	}
	big := bytes.Repeat([]byte("Grüezi mitenand. "), 20<<20/18)
	for name, v := range map[string]struct {
		data     []byte
		infected bool
	}{
		"nothing":       {nil, false},
		"text":          {[]byte("Guten Tag"), false},
		"twenty MB":     {big, false},
		"EICAR":         {clamavtest.EICAR(), true},
		"EICAR in more": {append(append([]byte("vorher "), clamavtest.EICAR()...), big[:100_000]...), true},
	} {
		verdict, err := s.Scan(ctx, bytes.NewReader(v.data))
		if err != nil || verdict.Infected() != v.infected {
			t.Errorf("%s: %+v %v", name, verdict, err)
		}
		if v.infected && !strings.HasPrefix(verdict.Signature, clamavtest.Signature) {
			t.Errorf("%s: %q", name, verdict.Signature)
		}
	}
	if _, err := s.Scan(ctx, bytes.NewReader(make([]byte, clamavtest.Limit+chunkOver))); !errors.Is(err, clamav.ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
	broken := errors.New("disk")
	if _, err := s.Scan(ctx, io.MultiReader(strings.NewReader("half"), iotest.ErrReader(broken))); !errors.Is(err, broken) || errors.Is(err, clamav.ErrUnavailable) {
		t.Errorf("file that can't be read: %v", err)
	}
	c.Stop()
	if _, err := s.Scan(ctx, strings.NewReader("x")); !errors.Is(err, clamav.ErrUnavailable) {
		t.Errorf("stopped: %v", err)
	}
	c.Restart()
	if v, err := s.Scan(ctx, bytes.NewReader(clamavtest.EICAR())); err != nil || !v.Infected() {
		t.Errorf("after a restart: %+v %v", v, err)
	}
}

// chunkOver is enough beyond the limit that clamd notices before the end.
const chunkOver = 1 << 20

// What is no verdict is never taken for a clean file: clamd that says something else, half of
// something, nothing, or does not answer.
func TestNoVerdict(t *testing.T) {
	for name, answer := range map[string]string{
		"nothing":         "",
		"half an answer":  "stream: OK",
		"an error":        "stream: Can't allocate memory ERROR\x00",
		"another's":       "other: OK\x00",
		"found without":   "stream:  FOUND\x00",
		"too much":        strings.Repeat("stream: OK", 1000),
		"something else":  "HTTP/1.1 400 Bad Request\r\n\r\n\x00",
		"OK with a tail":  "stream: OK but\x00",
		"unknown command": "UNKNOWN COMMAND\x00",
	} {
		s := fake(t, func(conn net.Conn) {
			if got := received(t, conn); got != "Guten Tag" {
				t.Errorf("%s: received %q", name, got)
			}
			io.WriteString(conn, answer)
		})
		v, err := s.Scan(t.Context(), strings.NewReader("Guten Tag"))
		if !errors.Is(err, clamav.ErrUnavailable) || v.Infected() {
			t.Errorf("%s: %+v %v", name, v, err)
		}
	}
	quiet := fake(t, func(conn net.Conn) { io.Copy(io.Discard, conn) })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := quiet.Scan(ctx, strings.NewReader("x")); !errors.Is(err, clamav.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("silence: %v", err)
	}
	if v, err := fake(t, func(conn net.Conn) { io.WriteString(conn, "hello\x00") }).Version(t.Context()); !errors.Is(err, clamav.ErrUnavailable) {
		t.Errorf("version of something else: %q %v", v, err)
	}
}

func TestParseAddress(t *testing.T) {
	for in, want := range map[string]clamav.Options{
		"unix:/run/clamav/clamd.ctl": {Network: "unix", Address: "/run/clamav/clamd.ctl"},
		"tcp:127.0.0.1:3310":         {Network: "tcp", Address: "127.0.0.1:3310"},
		"tcp:[::1]:3310":             {Network: "tcp", Address: "[::1]:3310"},
	} {
		if got, err := clamav.ParseAddress(in); err != nil || got != want {
			t.Errorf("%s: %+v %v", in, got, err)
		}
	}
	for _, in := range []string{"", "unix:", "unix:relative", "tcp:", "tcp:host", "tcp:host:", "udp:host:1", "/run/clamav/clamd.ctl"} {
		if got, err := clamav.ParseAddress(in); err == nil {
			t.Errorf("%q is taken for %+v", in, got)
		}
	}
}

// fake is a server that answers what a real one won't on demand.
func fake(t *testing.T, answer func(net.Conn)) *clamav.Scanner {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			answer(conn)
			conn.Close()
		}
	}()
	return clamav.New(clamav.Options{Network: "tcp", Address: l.Addr().String()})
}

// received reads an INSTREAM command to its end.
func received(t *testing.T, conn net.Conn) string {
	command := make([]byte, len("zINSTREAM\x00"))
	if _, err := io.ReadFull(conn, command); err != nil || string(command) != "zINSTREAM\x00" {
		t.Errorf("command %q %v", command, err)
	}
	var data []byte
	for {
		var n uint32
		if err := binary.Read(conn, binary.BigEndian, &n); err != nil {
			t.Error(err)
			return ""
		}
		if n == 0 {
			return string(data)
		}
		part := make([]byte, n)
		if _, err := io.ReadFull(conn, part); err != nil {
			t.Error(err)
			return ""
		}
		data = append(data, part...)
	}
}
