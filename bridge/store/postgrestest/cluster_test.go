package postgrestest_test

import (
	"database/sql"
	"testing"

	"schalter/bridge/store/postgrestest"
)

func exec1(t *testing.T, url, statement string) error {
	t.Helper()
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	_, err = db.Exec(statement)
	return err
}

func TestServerKeepsItsDataAcrossStopsAndKills(t *testing.T) {
	c := postgrestest.Start(t)
	url := c.Database(t)
	if err := exec1(t, url, "CREATE TABLE kept (n INTEGER)"); err != nil {
		t.Fatal(err)
	}
	for name, stop := range map[string]func() error{
		"fast":      func() error { return c.Stop(postgrestest.Fast) },
		"immediate": func() error { return c.Stop(postgrestest.Immediate) },
		"kill":      c.Kill,
	} {
		if err := stop(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if c.Running() {
			t.Fatalf("%s: server still runs", name)
		}
		if err := stop(); err == nil {
			t.Errorf("%s: stopping a stopped server succeeded", name)
		}
		if err := exec1(t, url, "INSERT INTO kept VALUES (1)"); err == nil {
			t.Fatalf("%s: a stopped server took a statement", name)
		}
		if err := c.Start(); err != nil {
			t.Fatalf("start after %s: %v", name, err)
		}
		if err := exec1(t, url, "INSERT INTO kept VALUES (1)"); err != nil {
			t.Fatalf("after %s: %v", name, err)
		}
	}
	if err := c.Start(); err == nil {
		t.Error("starting a running server succeeded")
	}
}

func TestDatabasesAreApart(t *testing.T) {
	one, two := postgrestest.Database(t), postgrestest.Database(t)
	if one == two {
		t.Fatal("two tests were given the same database")
	}
	for _, url := range []string{one, two} {
		if err := exec1(t, url, "CREATE TABLE mine (n INTEGER)"); err != nil {
			t.Fatal(err)
		}
	}
}
