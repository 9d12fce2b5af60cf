// Package mail sends the answers to citizens' requests through a city's SMTP server.
package mail

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"schalter/bridge"
)

// TLS says how the connection is protected.
type TLS string

// The kinds of protection. NoTLS is for a server on this machine.
const (
	StartTLS    TLS = "starttls"
	ImplicitTLS TLS = "tls"
	NoTLS       TLS = "none"
)

// Options of a Sender.
type Options struct {
	Host string
	Port int
	TLS  TLS
	// Username and Password may be empty: then no authentication is tried.
	Username string
	Password string
	// From is the sender's address, FromName the name before it.
	From     string
	FromName string
	// Timeout bounds one mail; 0 means 20 s. It must stay below bridge.ClaimFor / 2.
	Timeout time.Duration
}

// Sender sends one mail at a time over a connection of its own. Safe for concurrent use.
type Sender struct{ o Options }

var _ bridge.Mailer = (*Sender)(nil)

// New checks the options; nothing is sent yet.
func New(o Options) (*Sender, error) {
	if o.Timeout == 0 {
		o.Timeout = 20 * time.Second
	}
	s := &Sender{o: o}
	if _, err := s.client(); err != nil {
		return nil, fmt.Errorf("mail server: %w", err)
	}
	if err := gomail.NewMsg().FromFormat(o.FromName, o.From); err != nil {
		return nil, fmt.Errorf("mail sender: %w", err)
	}
	return s, nil
}

func (s *Sender) client() (*gomail.Client, error) {
	options := []gomail.Option{gomail.WithPort(s.o.Port), gomail.WithTimeout(s.o.Timeout)}
	switch s.o.TLS {
	case ImplicitTLS:
		options = append(options, gomail.WithSSL())
	case NoTLS:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if s.o.Username != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover),
			gomail.WithUsername(s.o.Username), gomail.WithPassword(s.o.Password))
	}
	return gomail.NewClient(s.o.Host, options...)
}

// Send sends a mail as plain text. Errors name neither address nor text.
func (s *Sender) Send(ctx context.Context, m bridge.Mail) error {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := msg.FromFormat(s.o.FromName, s.o.From); err != nil {
		return errors.New("mail sender cannot be written")
	}
	if err := msg.To(m.To); err != nil {
		return fmt.Errorf("mail address cannot be written: %w", bridge.ErrRefused)
	}
	_, domain, _ := strings.Cut(s.o.From, "@")
	msg.SetMessageIDWithValue(m.ID + "@" + domain)
	msg.SetDate()
	msg.Subject(m.Subject)
	msg.SetGenHeader("Auto-Submitted", "no")
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	client, err := s.client()
	if err != nil {
		return errors.New("mail server's options changed")
	}
	ctx, cancel := context.WithTimeout(ctx, s.o.Timeout)
	defer cancel()
	return classify(client.DialAndSendWithContext(ctx, msg))
}

// classify keeps of a failure what may stand in a log. go-mail's own text shows addresses.
func classify(err error) error {
	if err == nil {
		return nil
	}
	var failed *gomail.SendError
	if !errors.As(err, &failed) {
		return fmt.Errorf("mail server cannot be reached: %w", bridge.ErrNotSent)
	}
	code := failed.ErrorCode()
	// 5yz after RCPT or DATA is for good (RFC 5321, section 4.2.1); about the sender it is the
	// operator's mistake, which can be mended.
	forGood := failed.Reason == gomail.ErrSMTPRcptTo || failed.Reason == gomail.ErrSMTPData || failed.Reason == gomail.ErrSMTPDataClose
	if code >= 500 && code < 600 && forGood {
		return fmt.Errorf("mail server refused with %d: %w", code, bridge.ErrRefused)
	}
	return fmt.Errorf("mail server answered with %d: %w", code, bridge.ErrNotSent)
}
