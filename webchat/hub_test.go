package webchat_test

import (
	"sync"
	"testing"

	"schalter/webchat"
)

func TestHubTellsOnceUntilReceived(t *testing.T) {
	h := webchat.NewHub()
	a, cancelA := h.Subscribe("one")
	b, cancelB := h.Subscribe("two")
	defer cancelB()
	for range 3 {
		h.Notify("one") // the second and third must not block
	}
	h.Notify("nobody")
	<-a
	select {
	case <-a:
		t.Error("told twice without a change between")
	case <-b:
		t.Error("told of another conversation")
	default:
	}
	h.NotifyAll()
	<-a
	<-b
	cancelA()
	cancelA() // harmless
	h.Notify("one")
	select {
	case <-a:
		t.Error("told after the end")
	default:
	}
}

func TestHubUnderLoad(t *testing.T) {
	h := webchat.NewHub()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				c, cancel := h.Subscribe("one")
				h.Notify("one")
				<-c
				cancel()
			}
		})
	}
	wg.Wait()
}
