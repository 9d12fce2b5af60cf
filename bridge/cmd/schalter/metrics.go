package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"schalter/bridge"
	"schalter/bridge/store"
)

// metrics is what /metrics shows. What is state is read from the store when it is asked for, what
// are events is counted as they happen. Labels are areas, states and fixed words; nobody's ID.
type metrics struct {
	registry *prometheus.Registry
	calls    *prometheus.HistogramVec
	// listener is web.metrics_listen's; nil: the citizens' listener answers, to this machine.
	listener net.Listener
}

func newMetrics(listen string) (*metrics, error) {
	m := &metrics{registry: prometheus.NewRegistry(), calls: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "schalter_matrix_request_seconds", Help: "Calls to the homeserver, until the answer begins. A sync without news takes 30 s.",
		Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20, 40},
	}, []string{"endpoint", "outcome"})}
	m.registry.MustRegister(m.calls, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if listen == "" {
		return m, nil
	}
	var err error
	m.listener, err = net.Listen("tcp", listen)
	return m, err
}

// observe is a matrix.Observe.
func (m *metrics) observe(endpoint, outcome string, took time.Duration) {
	m.calls.WithLabelValues(endpoint, outcome).Observe(took.Seconds())
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 2})
}

// public is what the citizens' listener serves; nil when metrics have a listener of their own.
func (m *metrics) public() http.Handler {
	if m.listener != nil {
		return nil
	}
	return m.handler()
}

// run serves the metrics' own listener, if there is one, until ctx ends.
func (m *metrics) run(ctx context.Context) error {
	if m.listener == nil {
		return nil
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", m.handler())
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: time.Minute}
	context.AfterFunc(ctx, func() { _ = srv.Close() })
	if err := srv.Serve(m.listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (m *metrics) close() {
	if m.listener != nil {
		_ = m.listener.Close()
	}
}

// gauge describes a metric whose value is read when it is asked for.
func gauge(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("schalter_"+name, help, labels, nil)
}

var (
	databaseUp      = gauge("database_up", "1 when the database answers. When it is 0, what stands in it is missing here.")
	conversations   = gauge("conversations", "Conversations by service area and state.", "area", "state")
	messages        = gauge("messages_total", "Messages stored by this process since its start, by who wrote them.", "direction")
	outboxEntries   = gauge("outbox_entries", "What is still to be done to Matrix, by phase.", "phase")
	outboxOldest    = gauge("outbox_oldest_seconds", "Age of the oldest entry of the outbox; 0 when it is empty.")
	eventsSetAside  = gauge("events_set_aside", "Events that could not be used, by what was wrong with them.", "class")
	driftsFound     = gauge("drifts", "What was found in Matrix otherwise than the bridge keeps it, by what it was and what became of it.", "what", "outcome")
	syncReads       = gauge("sync_reads", "1 when this replica is the one that reads /sync.")
	sinceSync       = gauge("sync_last_seconds", "Time since this replica last stored a response of /sync; long polls take 30 s.")
	sinceEcho       = gauge("echo_last_seconds", "Time since this replica last saw a text of its own come back.")
	deliveryStalled = gauge("delivery_stalled", "1 when texts have been under way for a minute and no echo came.")
	openStreams     = gauge("streams", "Open streams of browsers in this process.")
	typingDropped   = gauge("typing_dropped_total", "How often the homeserver could not be told that a citizen is writing. Nothing is lost by it.")
	homeserverDown  = gauge("homeserver_down", "1 when the homeserver does not answer.")
)

// Describe names no metric in advance: which there are depends on the database.
func (s *service) Describe(chan<- *prometheus.Desc) {}

// Collect reads everything that is state.
func (s *service) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	now := s.core.Now()
	set := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	count := func(direction bridge.Direction) {
		out <- prometheus.MustNewConstMetric(messages, prometheus.CounterValue, float64(s.db.Written(direction)), string(direction))
	}
	flag := func(d *prometheus.Desc, yes bool) {
		if yes {
			set(d, 1)
		} else {
			set(d, 0)
		}
	}
	since := func(d *prometheus.Desc, at time.Time) {
		if !at.IsZero() {
			set(d, now.Sub(at).Seconds())
		}
	}
	v := s.core.Vitals()
	flag(syncReads, v.Reads)
	since(sinceSync, v.Sync)
	since(sinceEcho, v.Echo)
	flag(deliveryStalled, s.alarm.raised.Load())
	flag(homeserverDown, s.core.Delayed())
	set(openStreams, float64(s.hub.Streams()))
	out <- prometheus.MustNewConstMetric(typingDropped, prometheus.CounterValue, float64(s.core.TypingDropped()))
	count(bridge.FromCitizenDirection)
	count(bridge.FromClerkDirection)
	f, err := s.db.Figures(ctx)
	flag(databaseUp, err == nil)
	if err != nil {
		return
	}
	for _, area := range s.core.Areas() {
		for _, state := range []bridge.State{bridge.Waiting, bridge.Active, bridge.Closed} {
			cell := store.AreaState{Area: area.ID, State: state}
			set(conversations, float64(f.Conversations[cell]), string(area.ID), string(state))
		}
	}
	for _, phase := range []bridge.Phase{bridge.Ready, bridge.Trying, bridge.Unsure, bridge.Barred} {
		set(outboxEntries, float64(f.Outbox[phase]), string(phase))
	}
	if f.Oldest.IsZero() {
		f.Oldest = now
	}
	since(outboxOldest, f.Oldest)
	for cell, n := range f.Drifts {
		set(driftsFound, float64(n), string(cell.What), string(cell.Outcome))
	}
	for class, n := range f.SetAside {
		set(eventsSetAside, float64(n), class)
	}
}
