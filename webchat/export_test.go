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
