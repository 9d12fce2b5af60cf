package bridge

// Fault is something that is wrong around the bridge and that only an operator can put right.
// Neither text holds a secret.
type Fault struct {
	// What is wrong, as a clause: "the homeserver does not know the token".
	What string
	// Remedy is what to do about it, as a sentence without its full stop.
	Remedy string
}

func (f *Fault) Error() string { return f.What }
