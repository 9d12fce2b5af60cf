// Package bridge is the core of Schalter: citizens' web chats on one side, Matrix rooms on the
// other, and everything between them that must survive a crash.
//
// It knows no HTTP, no SQL and no Matrix client. What it needs of them it states as the
// interfaces Store, Rooms and Browsers; the packages store, matrix and webchat fill them in, and
// cmd/schalter wires them together.
//
// The two walks:
//
//	citizen → Matrix   FromCitizen (citizen.go) → Store → outbox.go → Rooms.Send → echo (echo.go)
//	Matrix → citizen   FromMatrix (sync.go) → FromClerk (clerk.go) → Store → Browsers.Notify
//
// One rule runs through both: persist, then tell. A citizen is answered after the commit, the
// homeserver is called after the commit, and a browser is told after the commit.
package bridge
