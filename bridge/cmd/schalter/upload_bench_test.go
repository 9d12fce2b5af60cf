package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"schalter/bridge/store/postgrestest"
)

// BenchmarkUploads measures what ten citizens who send 20 MB at once cost the service in memory, until
// all of it is in the rooms: the peak above what it held before, in MB. Run it with -benchtime=1x.
func BenchmarkUploads(b *testing.B) {
	if runtime.GOOS != "linux" {
		b.Skip("the peak is read from /proc")
	}
	for _, kind := range []string{"dendrite", "synapse"} {
		b.Run(kind, func(b *testing.B) {
			b.Run("sqlite", func(b *testing.B) { benchmarkUploads(b, kind, "sqlite") })
			b.Run("postgres", func(b *testing.B) { benchmarkUploads(b, kind, postgrestest.Database(b)) })
		})
	}
}

func benchmarkUploads(b *testing.B, kind, database string) {
	const atOnce, size = 10, 20 << 20
	ctx, cancel := context.WithTimeout(b.Context(), 10*time.Minute)
	defer cancel()
	hs, reg := home(b, kind)
	s := newSystemAt(b, hs, reg, hs.URL(), database, 25)
	s.mustStart()
	file := bytes.Repeat([]byte("Aarau..\n"), size/8)
	copy(file, "%PDF-1.7\n")
	b.ResetTimer()
	for i := range b.N {
		citizens := make([]*citizen, atOnce)
		for k := range citizens {
			citizens[k] = &citizen{t: b, base: s.base, index: k}
			if err := citizens[k].open(ctx, areaA, "Grüezi"); err != nil {
				b.Fatal(err)
			}
		}
		arrived := func(seq int64) {
			for _, c := range citizens {
				eventually(b, 5*time.Minute, func() string {
					var look apiConversation
					if err := c.get("", &look); err != nil || look.DeliveredSeq < seq {
						return fmt.Sprintf("delivered up to %d: %v", look.DeliveredSeq, err)
					}
					return ""
				})
			}
		}
		arrived(1)
		s.forgetPeak()
		before := s.memory("VmRSS")
		var all sync.WaitGroup
		for _, c := range citizens {
			all.Go(func() {
				status, answer, err := c.upload(ctx, fmt.Sprintf("file-%d", i), "Mietvertrag.pdf", file)
				if err != nil || status != http.StatusAccepted {
					b.Errorf("upload answered %d %s %v", status, answer, err)
				}
			})
		}
		all.Wait()
		if b.Failed() {
			return
		}
		arrived(2)
		b.ReportMetric(before, "MB-before")
		b.ReportMetric(s.memory("VmHWM")-before, "MB-above")
	}
}

// memory is a figure of the service's process, in MB.
func (s *system) memory(name string) float64 {
	s.t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.process.Process.Pid))
	if err != nil {
		s.t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			if err != nil {
				s.t.Fatal(err)
			}
			return kb / 1024
		}
	}
	s.t.Fatalf("no %s", name)
	return 0
}

// forgetPeak begins a new peak (proc(5), clear_refs).
func (s *system) forgetPeak() {
	s.t.Helper()
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", s.process.Process.Pid), []byte("5"), 0); err != nil {
		s.t.Fatal(err)
	}
}
