package homeservertest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"schalter/bridge/homeserver"
)

// Dendrite starts the pinned Dendrite, building it first if this machine never did, with the
// appservice registration files given.
func Dendrite(t testing.TB, registrations ...string) *Homeserver {
	t.Helper()
	binary, err := homeserver.Build(context.Background(), "", func(line string) { t.Log(line) })
	if err != nil {
		t.Fatal(err)
	}
	port := freePort(t)
	dir := t.TempDir()
	log, err := os.Create(filepath.Join(dir, "homeserver.log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	d := &dendrite{options: homeserver.Options{Binary: binary, Dir: filepath.Join(dir, "dendrite"), Port: port,
		ServerName: ServerName, Registrations: registrations, Log: log}}
	h := &Homeserver{name: "dendrite", url: fmt.Sprintf("http://127.0.0.1:%d", port), backend: d}
	run(t, h, log.Name())
	return h
}

type dendrite struct {
	options homeserver.Options
	server  *homeserver.Server
}

func (d *dendrite) start(ctx context.Context) (err error) {
	d.server, err = homeserver.Start(ctx, d.options)
	return err
}

func (d *dendrite) stop(ctx context.Context) error { return d.server.Stop(ctx) }

func (d *dendrite) kill() error { return d.server.Kill() }

func (d *dendrite) ended() <-chan struct{} { return d.server.Done() }

func (d *dendrite) register(ctx context.Context, a homeserver.Account) error {
	return d.server.Register(ctx, a.Localpart, a.Password, a.DisplayName, a.Admin)
}
