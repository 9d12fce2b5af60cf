package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"schalter/bridge/homeserver/homeservertest"
	"schalter/bridge/store/postgrestest"
)

// databases runs f on both databases.
func databases(t *testing.T, f func(t *testing.T, url string)) {
	t.Run("sqlite", func(t *testing.T) { f(t, "sqlite") })
	t.Run("postgres", func(t *testing.T) { f(t, postgrestest.Database(t)) })
}

// underFire has everybody talk while trouble runs, and verifies afterwards. calm is closed when
// the trouble is over.
func underFire(t *testing.T, s *system, trouble func(ctx context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 8*time.Minute)
	defer cancel()
	s.mustStart()
	clerks := []*clerk{s.clerk("nora"), s.clerk("reto")}
	for _, c := range clerks {
		if err := c.acceptInvites(ctx, 4); err != nil {
			t.Fatal(err)
		}
	}
	calm := make(chan struct{})
	failed := make(chan error, 1)
	go func() {
		defer close(calm)
		failed <- trouble(ctx)
	}()
	began := time.Now()
	tr := s.talk(ctx, fullLoad(), clerks, calm)
	if err := <-failed; err != nil {
		t.Fatal(err)
	}
	t.Logf("all across after %s", time.Since(began).Round(time.Second))
	tr.verify(ctx)
}

// TestDeliverySurvivesBridgeKills: SIGKILL for the bridge at random moments, twenty times, and
// four times an end in order.
func TestDeliverySurvivesBridgeKills(t *testing.T) {
	homes(t, func(t *testing.T, kind string) {
		databases(t, func(t *testing.T, database string) {
			hs, reg := home(t, kind)
			s := newSystem(t, hs, reg, database, 10)
			underFire(t, s, func(ctx context.Context) error {
				for i := range 24 {
					pause(ctx, time.Duration(100+rand.IntN(900))*time.Millisecond)
					if i%6 == 5 {
						s.stop()
					} else {
						s.kill()
					}
					if err := s.start(); err != nil {
						return err
					}
				}
				return nil
			})
		})
	})
}

// TestDeliverySurvivesHomeserverCrashes: SIGKILL for the homeserver, under load and in the middle
// of createRoom.
func TestDeliverySurvivesHomeserverCrashes(t *testing.T) {
	homes(t, func(t *testing.T, kind string) {
		databases(t, func(t *testing.T, database string) {
			hs, reg := home(t, kind)
			s := newSystem(t, hs, reg, database, 10)
			creating := make(chan struct{}, 1)
			isCreate := homeservertest.Endpoints("createRoom")
			underFire(t, s, func(ctx context.Context) error {
				s.proxy.Answer(func(r *http.Request) (int, string, string, bool) {
					if isCreate(r) {
						select {
						case creating <- struct{}{}:
						default:
						}
					}
					return 0, "", "", false
				})
				for i := range 6 {
					if i%2 == 0 {
						select {
						case <-creating:
						case <-time.After(5 * time.Second): // all rooms are made
						}
						// A createRoom takes 100 to 200 ms: this is somewhere inside.
						pause(ctx, time.Duration(rand.IntN(150))*time.Millisecond)
					} else {
						pause(ctx, time.Duration(300+rand.IntN(1000))*time.Millisecond)
					}
					if err := hs.Crash(); err != nil {
						return err
					}
				}
				return nil
			})
		})
	})
}

// TestDeliverySurvivesLostAnswers: every third answer is lost after the act.
func TestDeliverySurvivesLostAnswers(t *testing.T) {
	homes(t, func(t *testing.T, kind string) {
		databases(t, func(t *testing.T, database string) {
			hs, reg := home(t, kind)
			s := newSystem(t, hs, reg, database, 10)
			s.proxy.LoseEvery(3)
			underFire(t, s, func(ctx context.Context) error {
				pause(ctx, 10*time.Second)
				return nil
			})
			if lost := s.proxy.Counts().Lost; lost < 100 {
				t.Errorf("only %d answers were lost: the test has tested nothing", lost)
			}
		})
	})
}

// TestDeliverySurvivesLateAnswers: every fourth answer comes after the bridge has given up
// waiting, so that a repeat would meet the running original; and some requests reach the
// homeserver late.
func TestDeliverySurvivesLateAnswers(t *testing.T) {
	homes(t, func(t *testing.T, kind string) {
		databases(t, func(t *testing.T, database string) {
			hs, reg := home(t, kind)
			s := newSystem(t, hs, reg, database, 2)
			s.proxy.DelayEvery(4, 5*time.Second)
			underFire(t, s, func(ctx context.Context) error {
				pause(ctx, 10*time.Second)
				return nil
			})
			if delayed := s.proxy.Counts().Delayed; delayed < 100 {
				t.Errorf("only %d answers were delayed: the test has tested nothing", delayed)
			}
		})
	})
}

// TestDeliverySurvivesPostgresOutages: PostgreSQL is stopped, also in the middle of things, and
// started again.
func TestDeliverySurvivesPostgresOutages(t *testing.T) {
	homes(t, func(t *testing.T, kind string) {
		cluster := postgrestest.Start(t)
		hs, reg := home(t, kind)
		s := newSystem(t, hs, reg, cluster.Database(t), 10)
		underFire(t, s, func(ctx context.Context) error {
			for i := range 6 {
				pause(ctx, time.Duration(500+rand.IntN(1500))*time.Millisecond)
				how := postgrestest.Fast
				if i%2 == 1 {
					how = postgrestest.Immediate
				}
				if err := cluster.Stop(how); err != nil {
					return err
				}
				pause(ctx, time.Duration(200+rand.IntN(800))*time.Millisecond)
				if err := cluster.Start(); err != nil {
					return errors.Join(errors.New("PostgreSQL did not start again"), err)
				}
			}
			return nil
		})
	})
}
