package bridge

import (
	"maps"
	"sync"
)

// names remembers which display names are in the database: the homeserver tells a writer's name
// again with most of what they write. It counts for one holding of the sync lease, because only the
// holder writes names.
type names struct {
	mu         sync.Mutex
	generation int64
	known      map[UserID]string
}

// mostNames bounds the memory; the next batch begins anew.
const mostNames = 10_000

// forLease forgets what was known under another lease.
func (n *names) forLease(l SyncLease) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.generation != l.Generation || n.known == nil || len(n.known) > mostNames {
		n.generation, n.known = l.Generation, map[UserID]string{}
	}
}

// news returns those of the names that are not in the database as they are, and forgets what they
// replace until it is committed.
func (n *names) news(told map[UserID]string) map[UserID]string {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := map[UserID]string{}
	for user, name := range told {
		if known, ok := n.known[user]; !ok || known != name {
			out[user] = name
			delete(n.known, user)
		}
	}
	return out
}

// learn takes what was committed.
func (n *names) learn(told map[UserID]string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	maps.Copy(n.known, told)
}

// of returns what a user is called, if that is known.
func (n *names) of(user UserID) (string, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	name, ok := n.known[user]
	return name, ok
}
