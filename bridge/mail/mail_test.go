package mail_test

import (
	"errors"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"schalter/bridge"
	sender "schalter/bridge/mail"
)

// inbox is a real SMTP server on this machine.
type inbox struct {
	port int

	mu       sync.Mutex
	refuse   *smtp.SMTPError // what RCPT is answered with
	received []string
}

func newInbox(t *testing.T) *inbox {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	in := &inbox{port: l.Addr().(*net.TCPAddr).Port}
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{in: in}, nil }))
	s.Domain = "localhost"
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	return in
}

type session struct {
	in *inbox
	to string
}

func (s *session) Mail(string, *smtp.MailOptions) error { return nil }
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.in.mu.Lock()
	defer s.in.mu.Unlock()
	if s.in.refuse != nil {
		return s.in.refuse
	}
	s.to = to
	return nil
}

func (s *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	s.in.mu.Lock()
	defer s.in.mu.Unlock()
	s.in.received = append(s.in.received, string(data))
	return err
}
func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

func newSender(t *testing.T, port int) *sender.Sender {
	t.Helper()
	s, err := sender.New(sender.Options{
		Host: "127.0.0.1", Port: port, TLS: sender.NoTLS, From: "stadtbuero@aarau.test", FromName: "Stadt Aarau", Timeout: 5 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var answer = bridge.Mail{
	ID: "01JDANSWER", To: "anna@aarau.test", Subject: "Ihre Anfrage Nr. 4711 · Stadt Aarau",
	Text: "Guten Tag Anna\n\n.Hunde melden Sie am Schalter an – oder hier:\nhttps://chat.aarau.test/#request=" + strings.Repeat("x", 43) + "\n",
}

func TestSend(t *testing.T) {
	in := newInbox(t)
	s := newSender(t, in.port)
	for range 2 { // sent again, it is the same mail
		if err := s.Send(t.Context(), answer); err != nil {
			t.Fatal(err)
		}
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if len(in.received) != 2 {
		t.Fatalf("%d mails", len(in.received))
	}
	for _, raw := range in.received {
		m, err := mail.ReadMessage(strings.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(quoted(m))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.ReplaceAll(string(body), "\r\n", "\n"); strings.TrimSpace(got) != strings.TrimSpace(answer.Text) {
			t.Errorf("text %q", got)
		}
		if m.Header.Get("Message-ID") != "<01JDANSWER@aarau.test>" || m.Header.Get("From") != `"Stadt Aarau" <stadtbuero@aarau.test>` || m.Header.Get("To") != "<anna@aarau.test>" {
			t.Errorf("header %v", m.Header)
		}
		if subject, err := decode(m.Header.Get("Subject")); err != nil || subject != answer.Subject {
			t.Errorf("subject %q %v", subject, err)
		}
	}
}

func TestFailures(t *testing.T) {
	in := newInbox(t)
	s := newSender(t, in.port)
	for _, tc := range []struct {
		code int
		want error
	}{{550, bridge.ErrRefused}, {450, bridge.ErrNotSent}} {
		in.mu.Lock()
		in.refuse = &smtp.SMTPError{Code: tc.code, EnhancedCode: smtp.EnhancedCode{tc.code / 100, 1, 1}, Message: "anna@aarau.test unknown"}
		in.mu.Unlock()
		err := s.Send(t.Context(), answer)
		if !errors.Is(err, tc.want) || strings.Contains(err.Error(), "anna") || !strings.Contains(err.Error(), strconv.Itoa(tc.code)) {
			t.Errorf("%d: %v", tc.code, err)
		}
	}
	bad := answer
	bad.To = "anna"
	if err := s.Send(t.Context(), bad); !errors.Is(err, bridge.ErrRefused) {
		t.Errorf("an address that is none: %v", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	_ = l.Close()
	if err := newSender(t, port).Send(t.Context(), answer); !errors.Is(err, bridge.ErrNotSent) {
		t.Errorf("nobody listens: %v", err)
	}
	// TLS that is asked for and not there is never done without.
	strict, err := sender.New(sender.Options{Host: "127.0.0.1", Port: in.port, TLS: sender.StartTLS, From: "a@aarau.test", Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	in.mu.Lock()
	in.refuse = nil
	in.mu.Unlock()
	if err := strict.Send(t.Context(), answer); !errors.Is(err, bridge.ErrNotSent) {
		t.Errorf("without TLS: %v", err)
	}
	if _, err := sender.New(sender.Options{Host: "127.0.0.1", Port: 25, From: "nobody"}); err == nil {
		t.Error("a sender without an address")
	}
}

func quoted(m *mail.Message) io.Reader {
	if m.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
		return quotedprintable.NewReader(m.Body)
	}
	return m.Body
}

func decode(s string) (string, error) { return new(mime.WordDecoder).DecodeHeader(s) }
