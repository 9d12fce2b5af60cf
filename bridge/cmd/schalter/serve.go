package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/rs/zerolog"

	"schalter/bridge/matrix"
	"schalter/config"
)

type serveCommand struct {
	Config string `help:"Configuration file." type:"path" required:""`
}

// Run serves until SIGINT or SIGTERM.
func (s *serveCommand) Run(ctx context.Context) error {
	c, err := loadConfig(s.Config)
	if err != nil {
		return err
	}
	log, err := newLog(os.Stderr, c.Log.Level)
	if err != nil {
		return err
	}
	// The port first: a second process on the same one must not touch the database.
	l, err := net.Listen("tcp", c.Web.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	service, err := newService(ctx, c, log)
	if err != nil {
		l.Close()
		return err
	}
	log.Info().Str("listen", l.Addr().String()).Str("replica", service.core.Replica()).Msg("serving")
	return service.run(ctx, l)
}

type registrationCommand struct {
	Config string `help:"Configuration file." type:"path" required:""`
}

// Run prints the registration; it holds the two tokens.
func (r *registrationCommand) Run() error {
	c, err := loadConfig(r.Config)
	if err != nil {
		return err
	}
	text, err := registration(c).YAML()
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(text)
	return err
}

func registration(c *config.Config) matrix.Registration {
	return matrix.NewRegistration(c.Appservice.ID, c.Homeserver.ServerName,
		string(c.Appservice.ASToken), string(c.Appservice.HSToken))
}

func loadConfig(path string) (*config.Config, error) {
	c, err := config.Load(path)
	if err != nil {
		return nil, err
	}
	return c, c.Validate()
}

func newLog(w io.Writer, level string) (zerolog.Logger, error) {
	l, err := zerolog.ParseLevel(level)
	if err != nil {
		return zerolog.Nop(), fmt.Errorf("log level: %w", err)
	}
	return zerolog.New(w).Level(l).With().Timestamp().Logger(), nil
}
