package matrix

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"maunium.net/go/mautrix"

	"schalter/bridge"
)

// Core is what the way in needs of the core.
type Core interface {
	TakeSync(ctx context.Context) (bridge.SyncLease, bool, error)
	FromMatrix(ctx context.Context, batch bridge.Batch) error
	ShowTyping(ctx context.Context, typing map[bridge.RoomID][]bridge.UserID)
	KnownEvents(ctx context.Context, ids []bridge.EventID) (map[bridge.EventID]bool, error)
	HomeserverAnswers(yes bool)
	KnownRooms(ctx context.Context) (map[bridge.RoomID]bool, error)
	FoundRoom(ctx context.Context, owner bridge.RoomOwner, room bridge.RoomID) error
}

var _ Core = (*bridge.Bridge)(nil)

const (
	// timelineLimit is what Dendrite honours; Synapse caps it at 100 and says limited.
	timelineLimit = 10_000
	// pollFor is how long the homeserver may hold a /sync without news.
	pollFor = 30 * time.Second
	// gapPage is the size of a page of /messages, gapPages the most that are fetched for one gap.
	gapPage, gapPages = 500, 2000
	// keepFor is how long the token of responses that hold nothing to be stored is only remembered.
	// Its commit also tells whether the lease is still ours.
	keepFor = 10 * time.Second
)

// filter keeps from /sync what the bridge does not use.
var filter = fmt.Sprintf(`{"room":{"timeline":{"limit":%d},"state":{"lazy_load_members":true},`+
	`"ephemeral":{"types":["m.typing","m.receipt"]},"account_data":{"not_types":["*"]}},`+
	`"presence":{"not_types":["*"]},"account_data":{"not_types":["*"]}}`, timelineLimit)

// response is a /sync response with its events unread: mautrix's own type decodes all of them at
// once, and one event that it can't decode would hide all others, for ever.
type response struct {
	NextBatch string `json:"next_batch"`
	Rooms     struct {
		Join  map[bridge.RoomID]roomResponse `json:"join"`
		Leave map[bridge.RoomID]roomResponse `json:"leave"`
	} `json:"rooms"`
}

type roomResponse struct {
	State struct {
		Events []json.RawMessage `json:"events"`
	} `json:"state"`
	Timeline struct {
		Events    []json.RawMessage `json:"events"`
		Limited   bool              `json:"limited"`
		PrevBatch string            `json:"prev_batch"`
	} `json:"timeline"`
	Ephemeral struct {
		Events []json.RawMessage `json:"events"`
	} `json:"ephemeral"`
}

// Run reads the bot's /sync into the core until ctx ends. Of several replicas one reads, the
// others wait for its lease.
func (a *Adapter) Run(ctx context.Context, core Core) {
	for ctx.Err() == nil {
		lease, ours, err := core.TakeSync(ctx)
		if err != nil && ctx.Err() == nil {
			a.log.Error().Err(err).Msg("sync lease not available")
		}
		if err != nil || !ours {
			pause(ctx, time.Second)
			continue
		}
		a.readUnder(ctx, core, lease)
	}
}

// readUnder reads for as long as every response is committed under the lease. One that says only who
// is typing costs no commit: since runs ahead of lease.Since, the committed token, until there is
// something to store. After a crash that stretch is read again.
func (a *Adapter) readUnder(ctx context.Context, core Core, lease bridge.SyncLease) {
	failures, swept := 0, false
	since, committed := lease.Since, time.Time{}
	for ctx.Err() == nil {
		batch, err := a.next(ctx, core, lease, since)
		if err != nil {
			if ctx.Err() != nil {
				return
			}
			swept = false
			core.HomeserverAnswers(false)
			failures++
			if failures == 1 || failures%20 == 0 {
				a.log.Warn().Err(err).Int("failures", failures).Msg("sync failed")
			}
			pause(ctx, min(time.Duration(failures)*250*time.Millisecond, 2*time.Second))
			if failures%20 == 0 {
				return // look whether the lease is still ours
			}
			continue
		}
		failures = 0
		core.HomeserverAnswers(true)
		since = batch.Next
		if !batch.Durable() && time.Since(committed) < a.keep {
			core.ShowTyping(ctx, batch.Typing)
			continue
		}
		if err := core.FromMatrix(ctx, batch); err != nil {
			if ctx.Err() == nil && !errors.Is(err, bridge.ErrLost) {
				a.log.Error().Err(err).Msg("sync response not stored; it will be read again")
			}
			// Whether the commit happened is read from the database, with the lease.
			pause(ctx, 250*time.Millisecond)
			return
		}
		lease.Since, committed = batch.Next, time.Now()
		if !swept {
			if err := a.sweep(ctx, core); err != nil {
				a.log.Warn().Err(err).Msg("joined rooms not looked through")
			} else {
				swept = true
			}
		}
	}
}

// next waits for the response after since, and fills its gaps before anything is committed.
func (a *Adapter) next(ctx context.Context, core Core, lease bridge.SyncLease, since string) (bridge.Batch, error) {
	if err := a.ensureBot(ctx); err != nil {
		return bridge.Batch{}, err
	}
	r, err := a.sync(ctx, since)
	if err != nil {
		return bridge.Batch{}, err
	}
	batch := bridge.Batch{Lease: lease, Next: r.NextBatch, Names: map[bridge.UserID]string{}, Typing: map[bridge.RoomID][]bridge.UserID{}}
	for _, rooms := range []map[bridge.RoomID]roomResponse{r.Rooms.Join, r.Rooms.Leave} {
		for _, room := range slices.Sorted(maps.Keys(rooms)) {
			events, err := a.timeline(ctx, core, lease, room, rooms[room])
			if err != nil {
				return bridge.Batch{}, err
			}
			// State that is not in the timeline counts for its names, and for the creation of a
			// room whose first events lie beyond the limit.
			for _, raw := range rooms[room].State.Events {
				if ev, ok := a.read(room, raw, batch.Names); ok && ev.Kind == bridge.RoomCreated {
					batch.Events = append(batch.Events, ev)
				}
			}
			for _, raw := range rooms[room].Ephemeral.Events {
				a.readSignal(&batch, room, raw)
			}
			for _, raw := range events {
				if ev, ok := a.read(room, raw, batch.Names); ok {
					batch.Events = append(batch.Events, ev)
				} else {
					a.log.Error().Str("room", string(room)).Msg("event without an ID ignored")
				}
			}
		}
	}
	return batch, nil
}

func (a *Adapter) sync(ctx context.Context, since string) (response, error) {
	request := mautrix.ReqSync{Since: since, FilterID: filter, Timeout: int(pollFor.Milliseconds())}
	if since == "" {
		request.Timeout = 0
	}
	ctx, cancel := context.WithTimeout(ctx, pollFor+a.timeout)
	defer cancel()
	c := a.as(a.BotID())
	var r response
	_, err := c.MakeFullRequest(ctx, mautrix.FullRequest{
		Method: http.MethodGet, MaxAttempts: 1, ResponseJSON: &r,
		URL: c.BuildURLWithQuery(mautrix.ClientURLPath{"v3", "sync"}, request.BuildQuery()),
	})
	if err == nil && r.NextBatch == "" {
		return response{}, fmt.Errorf("sync: answer without next_batch: %w", bridge.ErrUnanswered)
	}
	if err != nil {
		return response{}, fmt.Errorf("sync: %w", classify(err))
	}
	return r, nil
}

// timeline returns the room's new events, oldest first, with the gap before them filled. A gap is
// paged backwards until a whole page is known: events of one moment may stand in either order, so
// one known event alone proves nothing.
func (a *Adapter) timeline(ctx context.Context, core Core, lease bridge.SyncLease, room bridge.RoomID, r roomResponse) ([]json.RawMessage, error) {
	events := r.Timeline.Events
	if !r.Timeline.Limited || r.Timeline.PrevBatch == "" || lease.Since == "" {
		return events, nil
	}
	var before []json.RawMessage // newest first
	from := r.Timeline.PrevBatch
	for range gapPages {
		chunk, end, err := a.page(ctx, room, from)
		if errors.Is(err, bridge.ErrForbidden) {
			break // we have been removed and may not look back
		}
		if err != nil {
			return nil, err
		}
		unknown, err := a.unknown(ctx, core, chunk)
		if err != nil {
			return nil, err
		}
		before = append(before, unknown...)
		if len(unknown) == 0 || end == "" || end == from {
			break
		}
		from = end
	}
	if len(before) > 0 {
		a.log.Info().Str("room", string(room)).Int("events", len(before)).Msg("sync gap filled")
	}
	slices.Reverse(before)
	return append(before, events...), nil
}

func (a *Adapter) page(ctx context.Context, room bridge.RoomID, from string) ([]json.RawMessage, string, error) {
	ctx, cancel := a.deadline(ctx)
	defer cancel()
	c := a.as(a.BotID())
	query := map[string]string{"dir": "b", "from": from, "limit": fmt.Sprint(gapPage)}
	var answer struct {
		Chunk []json.RawMessage `json:"chunk"`
		End   string            `json:"end"`
	}
	_, err := c.MakeRequest(ctx, http.MethodGet,
		c.BuildURLWithQuery(mautrix.ClientURLPath{"v3", "rooms", string(room), "messages"}, query), nil, &answer)
	if err != nil {
		return nil, "", fmt.Errorf("page back: %w", classify(err))
	}
	return answer.Chunk, answer.End, nil
}

// unknown returns those events of a page that were not taken yet.
func (a *Adapter) unknown(ctx context.Context, core Core, chunk []json.RawMessage) ([]json.RawMessage, error) {
	ids := make([]bridge.EventID, len(chunk))
	for i, raw := range chunk {
		var e struct {
			ID bridge.EventID `json:"event_id"`
		}
		if err := json.Unmarshal(raw, &e); err == nil {
			ids[i] = e.ID
		}
	}
	known, err := core.KnownEvents(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("look for known events: %w", err)
	}
	var out []json.RawMessage
	for i, raw := range chunk {
		if !known[ids[i]] {
			out = append(out, raw)
		}
	}
	return out, nil
}

// pause waits before another try; there is no event that tells when a server is back.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
