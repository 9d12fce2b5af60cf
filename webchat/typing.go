package webchat

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"schalter/bridge"
)

// writer is a clerk who is writing to a citizen.
type writer struct {
	clerk string
	until time.Time
}

// writingLasts is how long a clerk is shown as writing when the end of it gets lost. A homeserver
// tells the end itself, but not that somebody goes on.
const writingLasts = 2 * time.Minute

// Typing takes which clerk is writing in a conversation now; "" means nobody. It is kept for
// streams that are open, and given up with the last of them.
func (h *Hub) Typing(id bridge.ConversationID, clerk string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.writers[id].clerk == "" && clerk == "" {
		return // as it mostly is when a message comes
	}
	if clerk == "" || len(h.streams[id]) == 0 {
		delete(h.writers, id)
	} else {
		h.writers[id] = writer{clerk, time.Now().Add(writingLasts)}
	}
	for l := range h.streams[id] {
		tell(l.typing)
	}
}

// Writing is which clerk is writing now; "" means nobody.
func (h *Hub) Writing(id bridge.ConversationID) string {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if w := h.writers[id]; time.Now().Before(w.until) {
		return w.clerk
	}
	return ""
}

// typingJSON is who is writing to the citizen; null means nobody.
type typingJSON struct {
	Clerk *string `json:"clerk"`
}

// tellTyping sends who is writing, if that is not what the browser knows.
func (st *stream) tellTyping(clerk string) error {
	if st.writing != nil && *st.writing == clerk {
		return nil
	}
	var out typingJSON
	if clerk != "" {
		out.Clerk = &clerk
	}
	data, err := json.Marshal(out)
	if err != nil {
		return fmt.Errorf("encode typing: %w", err)
	}
	st.writing = &clerk
	fmt.Fprintf(&st.pending, "event: typing\ndata: %s\n\n", data)
	return st.flush()
}

// postTyping answers POST /api/v1/conversations/{id}/typing with 204. Nothing is promised.
func (s *Server) postTyping(c *gin.Context, conversation bridge.Conversation) {
	var typing bool
	if s.readSignal(c, conversation, "typing", flag("typing", &typing)) {
		s.core.TypingByCitizen(conversation, typing)
		c.Status(http.StatusNoContent)
	}
}

// readSignal reads a body of one field, which is required. False when the request is answered.
func (s *Server) readSignal(c *gin.Context, conversation bridge.Conversation, field string, take func(json.RawMessage) error) bool {
	if wait := s.signals.allow(conversation.ID); wait > 0 {
		s.refuse(c, problem{kind: rateLimited, retryAfter: wait})
		return false
	}
	given := false
	raw, err := s.readJSON(c)
	if err == nil {
		err = decodeObject(raw, "", fields{field: func(value json.RawMessage) error {
			given = true
			return take(value)
		}})
	}
	if err == nil && !given {
		err = &bridge.InvalidError{Field: field, Reason: bridge.ReasonRequired}
	}
	if err != nil {
		s.fail(c, err)
	}
	return err == nil
}
