package store_test

import (
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"schalter/bridge"
	"schalter/bridge/store"
	"schalter/bridge/store/postgrestest"
)

// A probe changes nothing, so it says the same twice.
func TestProbe(t *testing.T) {
	for name, where := range map[string]func(testing.TB) string{
		"sqlite": func(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "new", "schalter.db") }, "postgres": postgrestest.Database,
	} {
		t.Run(name, func(t *testing.T) {
			u := where(t)
			for range 2 {
				c, err := store.Probe(t.Context(), u)
				if err != nil || c.Schema != 0 || c.Program == 0 || len(c.Areas) != 0 {
					t.Fatalf("before the first start: %+v %v", c, err)
				}
			}
			if path, ok := strings.CutPrefix(u, "sqlite:"); ok {
				if _, err := os.Stat(filepath.Dir(path)); !os.IsNotExist(err) {
					t.Errorf("the probe made something: %v", err)
				}
			}
			db := open(t, u)
			rooms := bridge.AreaRooms{Area: "fundbuero", Space: "!space:localhost", Lobby: "!lobby:localhost"}
			if err := db.Update(t.Context(), func(tx bridge.Tx) error { return tx.SaveAreaRooms(rooms) }); err != nil {
				t.Fatal(err)
			}
			c, err := store.Probe(t.Context(), u) // beside the service
			if err != nil || c.Schema != c.Program || len(c.Areas) != 1 || c.Areas[0] != rooms {
				t.Errorf("%+v %v", c, err)
			}
			db.Close()
			if c, err = store.Probe(t.Context(), u); err != nil || len(c.Areas) != 1 {
				t.Errorf("after it: %+v %v", c, err)
			}
		})
	}
}

func TestProbeOfPostgresThatCannotServe(t *testing.T) {
	good := postgrestest.Database(t)
	u, err := url.Parse(good)
	if err != nil {
		t.Fatal(err)
	}
	raw(t, "postgres", good, `REVOKE CREATE ON SCHEMA public FROM public`, `DROP ROLE IF EXISTS probe_guest`, `CREATE ROLE probe_guest LOGIN PASSWORD '`+secret+`'`)
	t.Cleanup(func() { raw(t, "postgres", good, `DROP ROLE probe_guest`) })
	guest, absent := *u, *u
	guest.User, absent.Path = url.UserPassword("probe_guest", secret), "/nothing"
	for want, where := range map[string]string{
		"may not make tables": guest.String(), "cannot be reached or lets nobody in": absent.String(),
		"is not a URL": "postgres://user:" + secret + "@host/%zz",
	} {
		_, err := store.Probe(t.Context(), where)
		var fault *bridge.Fault
		if !errors.As(err, &fault) || !strings.Contains(fault.What, want) || fault.Remedy == "" {
			t.Errorf("%s: %v", want, err)
		}
		wantNoSecret(t, err)
	}
}
