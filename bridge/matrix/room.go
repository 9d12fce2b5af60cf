package matrix

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"schalter/bridge"
)

// roomVersion has restricted rooms and is known to every homeserver that is worth running.
const roomVersion = "10"

// stateEvent is one piece of a room's state as it should be.
type stateEvent struct {
	Type    string         `json:"type"`
	Key     string         `json:"state_key"`
	Content map[string]any `json:"content"`
}

// roomSpec is a room as it should be.
type roomSpec struct {
	owner   bridge.RoomOwner
	alias   string // without sigil and server
	space   bool   // the room is a space itself
	invite  []bridge.UserID
	power   map[string]any
	state   []stateEvent
	retry   bool
	seconds int
	// returns has the bot come in again where it was put out. A room that was never complete is
	// replaced instead: on Dendrite, a creation that was cut short leaves one that can be entered, and
	// in which invitations and /sync do not work.
	returns bool
}

func (s roomSpec) creationContent() map[string]any {
	c := map[string]any{}
	if s.space {
		c["type"] = "m.space"
	}
	if s.owner.Conversation != "" {
		c[ownerField] = string(s.owner.Conversation)
	} else {
		c[partField] = string(s.owner.Part)
		if s.owner.Area != "" {
			c[areaField] = string(s.owner.Area)
		}
		if s.owner.User != "" {
			c[userField] = string(s.owner.User)
		}
	}
	return c
}

// ownerOf reads what creationContent wrote; false when it is not one of ours.
func ownerOf(content map[string]any) (bridge.RoomOwner, bool) {
	text := func(key string) string { s, _ := content[key].(string); return s }
	o := bridge.RoomOwner{Conversation: bridge.ConversationID(text(ownerField))}
	if o.Conversation == "" {
		o.Area, o.Part = bridge.ServiceAreaID(text(areaField)), bridge.AreaPart(text(partField))
		if o.Part == bridge.DirectRoom {
			o.User = bridge.UserID(text(userField))
			return o, o.User != ""
		}
		return o, o.Area != "" && (o.Part == bridge.Space || o.Part == bridge.Lobby) || o.Area == "" && o.Part == bridge.AdminRoom
	}
	return o, true
}

// OpenRoom makes or completes a conversation's room; see bridge.Rooms.
func (a *Adapter) OpenRoom(ctx context.Context, p bridge.RoomPlan, found func(bridge.RoomID) (bridge.RoomID, error)) (bridge.RoomID, error) {
	c := p.Conversation
	local := strings.TrimSuffix(strings.TrimPrefix(string(c.Ghost), "@"), ":"+a.server)
	if err := a.ensureUser(ctx, c.Ghost, local, p.GhostName); err != nil {
		return "", err
	}
	spec := a.conversationSpec(p)
	room, fresh, err := a.obtain(ctx, spec, c.Room, found)
	if err != nil {
		return room, err
	}
	if err := a.admit(ctx, c.Ghost, room, fresh, p.Complete); err != nil {
		if errors.Is(err, bridge.ErrRoomBroken) {
			err = a.dropAlias(ctx, a.AliasFor(spec.alias), room, err)
		}
		return room, err
	}
	invite := slices.Clone(p.Invite)
	for _, user := range a.release(ctx, room) {
		if p.Area.Staffs(user) || slices.Contains(p.Guests, user) {
			invite = append(invite, user)
		}
	}
	for _, clerk := range invite {
		if err := a.Invite(ctx, room, clerk); err != nil {
			// The clerk can join by the space.
			a.log.Warn().Err(err).Str("room", string(room)).Msg("clerk not invited")
		}
	}
	return room, a.putChild(ctx, p, room)
}

func (a *Adapter) conversationSpec(p bridge.RoomPlan) roomSpec {
	c := p.Conversation
	spec := roomSpec{
		owner: bridge.RoomOwner{Conversation: c.ID}, alias: bridge.ConversationAlias(c.Number),
		invite: []bridge.UserID{c.Ghost}, power: a.power(p.Area.Clerks, 0),
		retry: p.Retry, seconds: p.AgeSeconds, returns: p.Complete,
		state: []stateEvent{inviteOnly, historyShared, noGuests, named(p.Name), topic(p.Topic)},
	}
	if p.Space != "" {
		spec.state[0] = restrictedTo(p.Space)
		spec.state = append(spec.state, stateEvent{Type: spaceParent, Key: string(p.Space), Content: parentOf(a.server)})
	}
	return spec
}

// admit has the ghost enter the room, which invited it when it was made. In a room that is not
// fresh it may be already, or not any more; a join that is not needed must not be tried: for a
// member of a restricted room that no rule admits, Dendrite answers it with 500. A room that has not
// served and in which the ghost can't act, although the bot invites it, is broken.
func (a *Adapter) admit(ctx context.Context, ghost bridge.UserID, room bridge.RoomID, fresh, served bool) error {
	if fresh {
		return a.join(ctx, ghost, room)
	}
	err := a.admitAgain(ctx, ghost, room)
	var answer *callError
	if errors.As(err, &answer) && answer.status == http.StatusInternalServerError && !served {
		return fmt.Errorf("%w: %w", bridge.ErrRoomBroken, err)
	}
	return broken(err)
}

func (a *Adapter) admitAgain(ctx context.Context, ghost bridge.UserID, room bridge.RoomID) error {
	now, err := a.membership(ctx, ghost, room)
	if err != nil {
		return err
	}
	if now == "join" {
		return a.comeAgain(ctx, ghost, room)
	}
	if now != "invite" {
		if err := a.letIn(ctx, ghost, room); err != nil {
			return err
		}
	}
	err = a.join(ctx, ghost, room)
	var answer *callError
	if !errors.As(err, &answer) || answer.status != http.StatusInternalServerError {
		return err
	}
	// A Dendrite that was killed can show an invitation of which it knows nothing itself, or one of
	// somebody who is in already: then it refuses another.
	switch again := a.invite(ctx, ghost, room); {
	case again == nil:
		return a.join(ctx, ghost, room)
	case errors.Is(again, bridge.ErrForbidden):
		return a.comeAgain(ctx, ghost, room)
	}
	return err
}

// UpdateRoom brings name, topic and the space's child entry in step with the conversation.
func (a *Adapter) UpdateRoom(ctx context.Context, p bridge.RoomPlan) error {
	for _, s := range []stateEvent{named(p.Name), topic(p.Topic)} {
		if err := a.putState(ctx, a.BotID(), p.Conversation.Room, s.Type, s.Key, s.Content); err != nil {
			return fmt.Errorf("set %s: %w", s.Type, err)
		}
	}
	return a.putChild(ctx, p, p.Conversation.Room)
}

// putChild lists the room in the area's space; suggested, while the chat waits. The order is the
// number: clients show only the first suggestions, and the oldest chat comes first.
func (a *Adapter) putChild(ctx context.Context, p bridge.RoomPlan, room bridge.RoomID) error {
	if p.Space == "" {
		return nil
	}
	if err := a.putState(ctx, a.BotID(), p.Space, spaceChild, string(room), a.child(p)); err != nil {
		return fmt.Errorf("list room in its space: %w", err)
	}
	return nil
}

func (a *Adapter) child(p bridge.RoomPlan) map[string]any {
	if p.Unlisted {
		return map[string]any{} // (specification, "m.space.child": no via, no child)
	}
	return map[string]any{
		"via": []any{a.server}, "suggested": p.Suggested, "order": fmt.Sprintf("%012d", p.Conversation.Number),
	}
}

// obtain returns the room that serves spec.owner, in the shape of spec; fresh, if this call has
// made it. known is the room that serves it already, or "".
func (a *Adapter) obtain(ctx context.Context, spec roomSpec, known bridge.RoomID, found func(bridge.RoomID) (bridge.RoomID, error)) (room bridge.RoomID, fresh bool, err error) {
	if err := a.ensureBot(ctx); err != nil {
		return "", false, err
	}
	room = known
	if room == "" && spec.retry {
		if room, err = a.behindAlias(ctx, spec); err != nil {
			return "", false, err
		}
	}
	if room == "" {
		created, err := a.create(ctx, spec)
		if code(err) == "M_ROOM_IN_USE" {
			if room, err = a.behindAlias(ctx, spec); err == nil && room == "" {
				err = &callError{kind: bridge.ErrNotSent, code: "alias in use and not found"}
			}
		}
		if err != nil {
			return "", false, err
		}
		if created != "" {
			serving, err := found(created)
			if err != nil || serving == created {
				return created, err == nil, err
			}
			room = serving // an earlier attempt's room came to light meanwhile
		}
	}
	if room != known {
		if room, err = found(room); err != nil {
			return "", false, err
		}
	}
	err = a.complete(ctx, spec, room)
	if errors.Is(err, bridge.ErrRoomBroken) {
		err = a.dropAlias(ctx, a.AliasFor(spec.alias), room, err)
	}
	if err == nil && !spec.returns {
		err = a.unmute(ctx, room)
	}
	return room, false, err
}

func (a *Adapter) create(ctx context.Context, spec roomSpec) (bridge.RoomID, error) {
	request := map[string]any{
		"preset": "private_chat", "room_version": roomVersion, "room_alias_name": spec.alias,
		"creation_content": spec.creationContent(), "power_level_content_override": spec.power,
		"initial_state": spec.state, "visibility": "private",
	}
	if len(spec.invite) > 0 {
		request["invite"] = spec.invite
	}
	var answer struct {
		RoomID string `json:"room_id"`
	}
	err := a.call(ctx, a.BotID(), http.MethodPost, request, &answer, "createRoom")
	if err == nil && answer.RoomID == "" {
		err = &callError{kind: bridge.ErrUnanswered, status: http.StatusOK}
	}
	if err != nil {
		return "", fmt.Errorf("create room: %w", err)
	}
	return bridge.RoomID(answer.RoomID), nil
}

// complete brings a room that we did not just create into the shape of spec: it may have been
// left half made.
func (a *Adapter) complete(ctx context.Context, spec roomSpec, room bridge.RoomID) error {
	have, err := a.state(ctx, room)
	if spec.returns && gone(err, have, a.BotID()) && a.join(ctx, a.BotID(), room) == nil { // put out, and let in again
		have, err = a.state(ctx, room)
	}
	if err == nil && gone(nil, have, a.BotID()) {
		err = &callError{kind: bridge.ErrForbidden, code: "not in the room"}
	}
	if err != nil {
		return broken(err)
	}
	if err := a.completeAlias(ctx, spec, room); err != nil {
		return err
	}
	for _, s := range a.wanted(spec) {
		if same(have[stateKey{s.Type, s.Key}].content, s.Content) {
			continue
		}
		err := a.putState(ctx, a.BotID(), room, s.Type, s.Key, s.Content)
		if s.Type == powerType && errors.Is(err, bridge.ErrForbidden) && hasPower(have, a.BotID()) {
			// Somebody has as much power as we have, and that can't be taken away. The room serves.
			a.log.Warn().Str("room", string(room)).Msg("power levels not as they should be")
			continue
		}
		if err != nil {
			return broken(fmt.Errorf("complete %s: %w", s.Type, err))
		}
	}
	for _, user := range spec.invite {
		if m := membership(have, user); m == "join" || m == "invite" {
			continue
		}
		if err := a.letIn(ctx, user, room); err != nil {
			return broken(err)
		}
	}
	return nil
}

// gone reports whether a room's state, or what came of asking for it, says that a user is not in it.
func gone(err error, have roomState, user bridge.UserID) bool {
	return errors.Is(err, bridge.ErrForbidden) || err == nil && membership(have, user) != "join"
}

// hasPower reports whether a user may do everything in a room.
func hasPower(have roomState, user bridge.UserID) bool {
	users, _ := have[stateKey{powerType, ""}].content["users"].(map[string]any)
	level, _ := users[string(user)].(float64)
	return level >= botPower
}

// wanted is the state that a room should have.
func (a *Adapter) wanted(spec roomSpec) []stateEvent {
	want := append([]stateEvent{{Type: powerType, Content: spec.power}}, spec.state...)
	return append(want, stateEvent{Type: canonicalType, Content: map[string]any{"alias": a.AliasFor(spec.alias)}})
}

// broken marks what forbids completing a room: it can't be served and is replaced.
func broken(err error) error {
	if errors.Is(err, bridge.ErrForbidden) {
		return fmt.Errorf("%w: %w", bridge.ErrRoomBroken, err)
	}
	return err
}

type stateKey struct{ kind, key string }

type stateValue struct {
	sender  string
	content map[string]any
}

type roomState map[stateKey]stateValue

func (a *Adapter) state(ctx context.Context, room bridge.RoomID) (roomState, error) {
	var events []struct {
		Type     string         `json:"type"`
		StateKey string         `json:"state_key"`
		Sender   string         `json:"sender"`
		Content  map[string]any `json:"content"`
	}
	if err := a.call(ctx, a.BotID(), http.MethodGet, nil, &events, "rooms", string(room), "state"); err != nil {
		return nil, fmt.Errorf("read room state: %w", err)
	}
	out := make(roomState, len(events))
	for _, e := range events {
		out[stateKey{e.Type, e.StateKey}] = stateValue{sender: e.Sender, content: e.Content}
	}
	return out, nil
}

func membership(s roomState, user bridge.UserID) string {
	m, _ := s[stateKey{memberType, string(user)}].content["membership"].(string)
	return m
}

// same compares contents as JSON.
func same(have, want map[string]any) bool {
	plain := asJSON(want)
	return plain != nil && reflect.DeepEqual(have, plain)
}

// asJSON is a content as it is read from JSON; nil for what can't be written.
func asJSON(content map[string]any) map[string]any {
	raw, err := json.Marshal(content)
	if err != nil {
		return nil
	}
	var plain map[string]any
	if json.Unmarshal(raw, &plain) != nil {
		return nil
	}
	return plain
}
