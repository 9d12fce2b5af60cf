package matrix

import "testing"

func TestEndpointsHoldNoIDs(t *testing.T) {
	for path, want := range map[string]string{
		"/_matrix/client/v3/sync": "sync",
		"/_matrix/client/v3/rooms/!abc:localhost/send/m.room.message/01K":    "send",
		"/_matrix/client/v3/rooms/!sync:localhost/state/ch.schalter.barrier": "state",
		"/_matrix/client/v3/rooms/sync/send/x/y":                             "send",
		"/_matrix/client/v3/profile/@sync:localhost/displayname":             "displayname",
		"/_matrix/client/v3/profile/@nora:localhost":                         "other",
		"/_matrix/client/v3/directory/room/#schalter_1:localhost":            "directory",
		"/_matrix/client/versions":                                           "other",
		"/":                                                                  "other",
	} {
		if got := endpoint(path); got != want {
			t.Errorf("%s: %q", path, got)
		}
	}
}
