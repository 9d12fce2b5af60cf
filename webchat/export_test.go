package webchat

import "time"

// SetRhythm sets how often streams reread and ask for a delay.
func (s *Server) SetRhythm(reread, delay time.Duration) { s.rhythm = rhythm{reread, delay} }

// AddressKey is addressKey.
var AddressKey = addressKey

// HasLoneSurrogate is hasLoneSurrogate.
var HasLoneSurrogate = hasLoneSurrogate

// MostStreams is mostStreams.
const MostStreams = mostStreams

// LetWritingGoStale makes everybody's writing as old as it may get.
func (h *Hub) LetWritingGoStale() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, w := range h.writers {
		w.until = time.Now()
		h.writers[id] = w
	}
}
