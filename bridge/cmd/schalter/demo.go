package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"schalter/bridge/homeserver"
	"schalter/config"
)

type demoCommand struct {
	Dir            string `help:"Folder for the demo's data." default:"schalter-demo" type:"path"`
	Listen         string `help:"Address of the page." default:"127.0.0.1:8080"`
	HomeserverPort int    `help:"Port of the homeserver." default:"8008"`
	RealHours      bool   `help:"Keep the example's opening hours instead of being open around the clock."`
}

// demoFile is DIR/demo.json: what a person or a program needs to join in.
type demoFile struct {
	WebchatURL    string    `json:"webchat_url"`
	CityURL       string    `json:"city_url"`
	HomeserverURL string    `json:"homeserver_url"`
	ServerName    string    `json:"server_name"`
	Clerks        []account `json:"clerks"`
	Admins        []account `json:"admins"`
	Areas         []string  `json:"areas"`
}

type account struct {
	UserID      string `json:"user_id"`
	Password    string `json:"password"`
	DisplayName string `json:"display_name"`
}

func (a account) localpart() string {
	local, _, _ := strings.Cut(strings.TrimPrefix(a.UserID, "@"), ":")
	return local
}

// demoServer is the demo homeserver's name in Matrix IDs.
const demoServer = "localhost"

// Run starts everything and serves until Ctrl-C. The page is there at once; the homeserver is
// built on the first start and the chats catch up when it answers.
func (d *demoCommand) Run(ctx context.Context) error {
	l, err := net.Listen("tcp", d.Listen)
	if err != nil {
		return fmt.Errorf("listen for the page: %w", err)
	}
	defer l.Close()
	site, err := listenForCity(l.Addr(), d.HomeserverPort)
	if err != nil {
		return err
	}
	defer site.Close()
	if err := os.MkdirAll(d.Dir, 0o700); err != nil {
		return fmt.Errorf("create the demo's folder: %w", err)
	}
	secrets, err := d.secrets()
	if err != nil {
		return err
	}
	demo := d.describe(l.Addr(), site.Addr(), secrets)
	c := d.config(demo, secrets)
	if err := d.write(demo, c); err != nil {
		return err
	}
	logFile, err := os.OpenFile(d.file("schalter.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	defer logFile.Close()
	log, err := newLog(logFile, "info")
	if err != nil {
		return err
	}
	service, err := newService(ctx, c, log)
	if err != nil {
		return err
	}
	fmt.Printf("\nDie Seite:  %s   der Chat allein:  %s   (data and logs: %s)\n", demo.CityURL, demo.WebchatURL, d.Dir)
	ctx, stop := context.WithCancelCause(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for tries := 1; ; tries++ {
			err := d.runHomeserver(ctx, demo, log)
			if err == nil || ctx.Err() != nil {
				return
			}
			// As a service manager would: a Dendrite that was killed can fail on its first start.
			if !errors.Is(err, errHomeserverEnded) || tries == 5 {
				stop(err)
				return
			}
			log.Warn().Err(err).Msg("homeserver is started again")
		}
	}()
	served := make(chan struct{})
	go func() {
		defer close(served)
		if err := serveCity(ctx, site, demo.WebchatURL); err != nil {
			stop(err)
		}
	}()
	err = service.run(ctx, l)
	stop(nil)
	<-ended
	<-served
	if cause := context.Cause(ctx); err == nil && !errors.Is(cause, context.Canceled) {
		err = cause
	}
	return err
}

var errHomeserverEnded = errors.New("the homeserver has ended; see dendrite.log")

// runHomeserver builds and starts Dendrite, makes the accounts and waits for ctx to end.
func (d *demoCommand) runHomeserver(ctx context.Context, demo demoFile, log zerolog.Logger) error {
	binary, err := homeserver.Build(ctx, "", func(line string) { fmt.Println("  homeserver:", line) })
	if err != nil {
		return fmt.Errorf("build the homeserver: %w", err)
	}
	out, err := os.OpenFile(d.file("dendrite.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open the homeserver's log: %w", err)
	}
	defer out.Close()
	hs, err := homeserver.Start(ctx, homeserver.Options{
		Binary: binary, Dir: d.file("dendrite"), Port: d.HomeserverPort, ServerName: demoServer,
		Registrations: []string{d.file("registration.yaml")}, Log: out,
	})
	if err != nil {
		return fmt.Errorf("start the homeserver: %w", err)
	}
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
		defer cancel()
		if err := hs.Stop(end); err != nil {
			log.Error().Err(err).Msg("homeserver not stopped in order")
		}
	}()
	for i, a := range append(append([]account{}, demo.Clerks...), demo.Admins...) {
		if err := hs.Register(ctx, a.localpart(), a.Password, a.DisplayName, i >= len(demo.Clerks)); err != nil {
			return fmt.Errorf("make account: %w", err)
		}
	}
	d.help(os.Stdout, demo)
	select {
	case <-ctx.Done():
		return nil
	case <-hs.Done():
		return errHomeserverEnded
	}
}

func (d *demoCommand) help(w io.Writer, demo demoFile) {
	fmt.Fprintf(w, "\nThe homeserver answers. To be a clerk, sign in with Element (or any Matrix client):\n")
	fmt.Fprintf(w, "  homeserver  %s\n", demo.HomeserverURL)
	for _, a := range append(append([]account{}, demo.Clerks...), demo.Admins...) {
		fmt.Fprintf(w, "  %-20s password %s   (%s)\n", a.UserID, a.Password, a.DisplayName)
	}
	fmt.Fprintf(w, "Without a Matrix client, in a second terminal:\n  go run ./bridge/cmd/schalter clerk --dir %s\nCtrl-C stops everything; the next start goes on where this one ended.\n\n", d.Dir)
}

func (d *demoCommand) file(name string) string { return filepath.Join(d.Dir, name) }

// demoSecrets are made on the first start and kept.
type demoSecrets struct {
	ASToken   string            `json:"as_token"`
	HSToken   string            `json:"hs_token"`
	Passwords map[string]string `json:"passwords"`
}

func (d *demoCommand) secrets() (demoSecrets, error) {
	path := d.file("secrets.json")
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		s := demoSecrets{ASToken: randomText(32), HSToken: randomText(32), Passwords: map[string]string{}}
		for _, a := range demoPeople {
			s.Passwords[a.UserID] = randomText(8)
		}
		data, err = json.MarshalIndent(s, "", "  ")
		if err == nil {
			err = os.WriteFile(path, data, 0o600)
		}
	}
	var s demoSecrets
	if err == nil {
		err = json.Unmarshal(data, &s)
	}
	if err != nil {
		return demoSecrets{}, fmt.Errorf("demo's secrets: %w", err)
	}
	return s, nil
}

// demoPeople are three clerks and an admin.
var demoPeople = []account{
	{UserID: "@nora:" + demoServer, DisplayName: "Nora Keller"},
	{UserID: "@reto:" + demoServer, DisplayName: "Reto Frey"},
	{UserID: "@lea:" + demoServer, DisplayName: "Lea Baumann"},
	{UserID: "@admin:" + demoServer, DisplayName: "Admin Stadtbüro"},
}

func (d *demoCommand) describe(page, site net.Addr, s demoSecrets) demoFile {
	out := demoFile{
		WebchatURL: "http://" + page.String(), CityURL: "http://" + site.String(), HomeserverURL: fmt.Sprintf("http://127.0.0.1:%d", d.HomeserverPort),
		ServerName: demoServer,
	}
	for i, a := range demoPeople {
		a.Password = s.Passwords[a.UserID]
		if i < 3 {
			out.Clerks = append(out.Clerks, a)
		} else {
			out.Admins = append(out.Admins, a)
		}
	}
	for _, a := range config.Example().ServiceAreas {
		out.Areas = append(out.Areas, a.ID)
	}
	return out
}

// config is the example's, on this machine and with the demo's people: every clerk serves every
// area, and every area takes files, though nothing scans them.
func (d *demoCommand) config(demo demoFile, s demoSecrets) *config.Config {
	c := config.Example()
	c.Homeserver.URL, c.Homeserver.ServerName = demo.HomeserverURL, demoServer
	c.Appservice.ASToken, c.Appservice.HSToken = config.Secret(s.ASToken), config.Secret(s.HSToken)
	c.Database.URL = config.Secret("sqlite:" + d.file("schalter.db"))
	c.Web.PublicURL = demo.WebchatURL
	onSite(c, demo.CityURL)
	c.Web.TrustedProxies = nil
	c.Admins, c.Desk.PauseAfter = nil, 0
	for _, a := range demo.Admins {
		c.Admins = append(c.Admins, a.UserID)
	}
	for i := range c.ServiceAreas {
		c.ServiceAreas[i].Clerks, c.ServiceAreas[i].Leads = nil, nil
		c.ServiceAreas[i].Files.Enabled = true
		for _, a := range demo.Clerks {
			c.ServiceAreas[i].Clerks = append(c.ServiceAreas[i].Clerks, a.UserID)
		}
		if !d.RealHours {
			c.ServiceAreas[i].Hours = "24/7"
		}
	}
	return c
}

func (d *demoCommand) write(demo demoFile, c *config.Config) error {
	text, err := registration(c).YAML()
	if err != nil {
		return err
	}
	if err := os.WriteFile(d.file("registration.yaml"), text, 0o600); err != nil {
		return fmt.Errorf("write registration: %w", err)
	}
	data, err := json.MarshalIndent(demo, "", "  ")
	if err != nil {
		return fmt.Errorf("write demo.json: %w", err)
	}
	if err := os.WriteFile(d.file("demo.json"), append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("write demo.json: %w", err)
	}
	return nil
}
