package matrix

import (
	"encoding/json"
	"testing"

	"schalter/bridge"
)

// Only what gives power to somebody, or takes it from the bot, has drifted.
func TestSamePower(t *testing.T) {
	a := &Adapter{server: "example.org"}
	want := a.power([]bridge.UserID{"@clerk:example.org"}, 0)
	with := func(change func(map[string]any)) map[string]any {
		have := asJSON(want)
		change(have)
		return have
	}
	users := func(m map[string]any) map[string]any { return m["users"].(map[string]any) }
	for name, tc := range map[string]struct {
		have map[string]any
		same bool
	}{
		"as it should be":          {with(func(map[string]any) {}), true},
		"a homeserver's additions": {with(func(m map[string]any) { m["historical"] = 100.; m["events"].(map[string]any)["m.room.name"] = 50. }), true},
		"a clerk who has left":     {with(func(m map[string]any) { delete(users(m), "@clerk:example.org") }), true},
		"a clerk with more":        {with(func(m map[string]any) { users(m)["@clerk:example.org"] = 50. }), false},
		"somebody else":            {with(func(m map[string]any) { users(m)["@chief:example.org"] = 100. }), false},
		"the bot lowered":          {with(func(m map[string]any) { users(m)["@schalter_bot:example.org"] = 50. }), false},
		"invitations for all":      {with(func(m map[string]any) { m["invite"] = 0. }), false},
		"names for all":            {with(func(m map[string]any) { m["events"].(map[string]any)["m.room.name"] = 0. }), false},
		"no barriers":              {with(func(m map[string]any) { m["events"] = map[string]any{} }), false},
		"nothing":                  {nil, false},
		"nonsense":                 {map[string]any{"users": "all", "events": []any{}}, false},
	} {
		if got := samePower(tc.have, want); got != tc.same {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// Who went by themselves is not brought back; who was put out is, and a stranger is found.
func TestInspectMembers(t *testing.T) {
	member := func(user, membership, sender string) (stateKey, stateValue) {
		return stateKey{memberType, user}, stateValue{sender: sender, content: map[string]any{"membership": membership}}
	}
	for name, tc := range map[string]struct {
		user, membership, sender string
		drifted                  bool
	}{
		"in":             {"@clerk", "join", "@clerk", false},
		"invited":        {"@clerk", "invite", "@bot", false},
		"left":           {"@clerk", "leave", "@clerk", false},
		"put out":        {"@clerk", "leave", "@chief", true},
		"banned":         {"@clerk", "ban", "@chief", false},
		"stranger":       {"@stranger", "join", "@stranger", true},
		"stranger asked": {"@stranger", "invite", "@chief", true},
		"stranger gone":  {"@stranger", "leave", "@bot", false},
		"the bot":        {"@bot", "join", "@bot", false},
	} {
		key, value := member(tc.user, tc.membership, tc.sender)
		got := inspectMembers(nil, roomState{key: value}, []bridge.UserID{"@clerk"}, "@bot")
		if (len(got) > 0) != tc.drifted {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestDriftsAreRead(t *testing.T) {
	a := &Adapter{server: "example.org"}
	raw, err := json.Marshal(map[string]any{
		"event_id": "$1", "type": "m.room.power_levels", "sender": "@schalter_bot:example.org", "state_key": "",
		"content": a.power([]bridge.UserID{"@clerk:example.org"}, clerkPower),
	})
	if err != nil {
		t.Fatal(err)
	}
	ours := string(raw)
	for name, tc := range map[string]struct {
		event string
		kind  bridge.EventKind
	}{
		"a name":     {`{"event_id":"$1","type":"m.room.name","sender":"@chief:example.org","state_key":"","content":{"name":"x"}}`, bridge.StateChanged},
		"ours":       {`{"event_id":"$1","type":"m.room.name","sender":"@schalter_bot:example.org","state_key":"","content":{"name":"x"}}`, bridge.Other},
		"encryption": {`{"event_id":"$1","type":"m.room.encryption","sender":"@chief:example.org","state_key":"","content":{}}`, bridge.StateChanged},
		"a child":    {`{"event_id":"$1","type":"m.space.child","sender":"@chief:example.org","state_key":"!r","content":{}}`, bridge.StateChanged},
		"the bot":    {`{"event_id":"$1","type":"m.room.member","sender":"@chief:example.org","state_key":"@schalter_bot:example.org","content":{"membership":"leave"}}`, bridge.StateChanged},
		"a ghost":    {`{"event_id":"$1","type":"m.room.member","sender":"@chief:example.org","state_key":"@citizen_1:example.org","content":{"membership":"ban"}}`, bridge.StateChanged},
		// Synapse has everybody leave a room that it deletes, as if by themselves.
		"a ghost going":                {`{"event_id":"$1","type":"m.room.member","sender":"@citizen_1:example.org","state_key":"@citizen_1:example.org","content":{"membership":"leave"}}`, bridge.StateChanged},
		"the bot going":                {`{"event_id":"$1","type":"m.room.member","sender":"@schalter_bot:example.org","state_key":"@schalter_bot:example.org","content":{"membership":"leave"}}`, bridge.StateChanged},
		"a clerk going":                {`{"event_id":"$1","type":"m.room.member","sender":"@clerk:example.org","state_key":"@clerk:example.org","content":{"membership":"leave"}}`, bridge.ClerkLeft},
		"a clerk whom we put out":      {`{"event_id":"$1","type":"m.room.member","sender":"@schalter_bot:example.org","state_key":"@clerk:example.org","content":{"membership":"leave"}}`, bridge.ClerkLeft},
		"a clerk put out":              {`{"event_id":"$1","type":"m.room.member","sender":"@chief:example.org","state_key":"@clerk:example.org","content":{"membership":"leave"}}`, bridge.StateChanged},
		"a clerk banned":               {`{"event_id":"$1","type":"m.room.member","sender":"@chief:example.org","state_key":"@clerk:example.org","content":{"membership":"ban"}}`, bridge.ClerkLeft},
		"power by an admin as the bot": {`{"event_id":"$1","type":"m.room.power_levels","sender":"@schalter_bot:example.org","state_key":"","content":{"users":{"@schalter_bot:example.org":100,"@chief:example.org":100}}}`, bridge.StateChanged},
		"our power levels":             {ours, bridge.Other},
		"another type":                 {`{"event_id":"$1","type":"org.example","sender":"@chief:example.org","state_key":"","content":{}}`, bridge.Other},
	} {
		ev, ok := a.read("!room", json.RawMessage(tc.event), map[bridge.UserID]string{})
		if !ok || ev.Kind != tc.kind {
			t.Errorf("%s: %s, want %s", name, ev.Kind, tc.kind)
		}
	}
}
