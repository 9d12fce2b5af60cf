package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"schalter/bridge/homeserver"
	"schalter/bridge/homeserver/homeservertest"
	"schalter/bridge/store/postgrestest"
)

func read(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(text)
}

// TestMetrics: the numbers of a small chat, and nobody's name or ID among them.
func TestMetrics(t *testing.T) {
	homes(t, func(t *testing.T, kind string) {
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
		defer cancel()
		ch := newChat(ctx, t, kind, "sqlite")
		if err := ch.nora.say(ctx, ch.room, "Grüezi"); err != nil {
			t.Fatal(err)
		}
		ch.awaitText("Grüezi/1")
		want := []string{
			`schalter_database_up 1`, `schalter_sync_reads 1`, `schalter_delivery_stalled 0`, `schalter_homeserver_down 0`,
			`schalter_conversations{area="einwohnerkontrolle",state="active"} 1`, `schalter_conversations{area="fundbuero",state="waiting"} 0`,
			`schalter_messages_total{direction="clerk"} 1`, `schalter_outbox_entries{phase="ready"} 0`, `schalter_outbox_oldest_seconds 0`,
			`schalter_matrix_request_seconds_count{endpoint="send",outcome="ok"}`, `schalter_matrix_request_seconds_count{endpoint="sync",outcome="ok"}`,
			`schalter_sync_last_seconds `, `schalter_echo_last_seconds `, `schalter_streams `, `go_goroutines `,
		}
		var text string
		eventually(t, 30*time.Second, func() string {
			status, body := read(t, ch.base+"/metrics")
			text = body
			for _, w := range want {
				if status != http.StatusOK || !strings.Contains(body, w) {
					return fmt.Sprintf("%d: no %s in\n%s", status, w, body)
				}
			}
			return ""
		})
		for _, private := range []string{"@", "nora", "Anna", "citizen_", ch.room, ch.citizen.id, strings.ToLower(ch.citizen.id), "Grüezi"} {
			if strings.Contains(text, private) {
				t.Errorf("the metrics show %q", private)
			}
		}
	})
}

// TestMetricsAndReadinessWithoutDatabase: the operator sees that it is away, and that it is back.
// With a listener of their own, the citizens' one has no metrics.
func TestMetricsAndReadinessWithoutDatabase(t *testing.T) {
	cluster := postgrestest.Start(t)
	s := newSystem(t, homeservertest.Dendrite(t), homeservertest.NewRegistration(t), cluster.Database(t), 1)
	port, err := homeserver.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(s.dir, "config.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	own := fmt.Sprintf("127.0.0.1:%d", port)
	if err := os.WriteFile(path, []byte(strings.Replace(string(text), "web:\n", "web:\n  metrics_listen: "+own+"\n", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	s.mustStart()
	if status, _ := read(t, s.base+"/metrics"); status != http.StatusNotFound {
		t.Errorf("the citizens' listener answers %d", status)
	}
	if status, body := read(t, "http://"+own+"/metrics"); status != http.StatusOK || !strings.Contains(body, "schalter_database_up 1") {
		t.Errorf("its own answers %d: %s", status, body)
	}
	if status, _ := read(t, "http://"+own+"/healthz"); status != http.StatusNotFound {
		t.Errorf("its own serves more than metrics: %d", status)
	}
	ready := func(want int, metric string) {
		t.Helper()
		eventually(t, 30*time.Second, func() string {
			status, _ := read(t, s.base+"/readyz")
			_, body := read(t, "http://"+own+"/metrics")
			if status != want || !strings.Contains(body, metric) || !strings.Contains(body, "schalter_streams 0") {
				return fmt.Sprintf("ready: %d; metrics:\n%s", status, body)
			}
			return ""
		})
	}
	ready(http.StatusOK, "schalter_database_up 1")
	if err := cluster.Stop(postgrestest.Fast); err != nil {
		t.Fatal(err)
	}
	ready(http.StatusServiceUnavailable, "schalter_database_up 0")
	if err := cluster.Start(); err != nil {
		t.Fatal(err)
	}
	ready(http.StatusOK, "schalter_database_up 1")
}
