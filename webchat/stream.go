package webchat

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/rs/zerolog"

	"schalter/bridge"
)

// rhythm is when a stream does something although nobody told it to.
type rhythm struct {
	// reread is the safety net under the hub, and the ping that keeps proxies from closing.
	reread time.Duration
	// delay is how often a stream asks whether the homeserver answers, which is no change of
	// the conversation.
	delay time.Duration
}

var defaultRhythm = rhythm{reread: 15 * time.Second, delay: 2 * time.Second}

const (
	// streamPage is how many messages a stream reads at a time.
	streamPage = 200
	// writeTimeout is how long a browser may take to receive one page.
	writeTimeout = 20 * time.Second
	// settle is how long a stream waits for further changes after the first: a message is stored and
	// delivered within milliseconds, and one look at the store serves for both. What clerks write does
	// not wait; it comes by Deliver.
	settle = 15 * time.Millisecond
	// mostStreams is how many streams of one conversation are open at a time.
	mostStreams = 20
)

// getStream answers GET /api/v1/conversations/{id}/stream with server-sent events (HTML standard,
// section 9.2): "message" with its seq as ID; and, without an ID, "message_changed" for each message
// that the browser has and that has changed since, and "conversation" and "typing" at the start and
// whenever something beside the messages, or who is writing, has changed. But for the latter it reads
// the store only, so it can be resumed at any replica.
func (s *Server) getStream(c *gin.Context, conversation bridge.Conversation) {
	after, err := resumeAt(c)
	if err != nil {
		s.fail(c, err)
		return
	}
	if !s.streams.enter(conversation.ID, mostStreams) {
		s.refuse(c, problem{kind: tooManyStreams, retryAfter: unavailableRetry})
		return
	}
	defer s.streams.leave(conversation.ID)
	// Before the first read, so that nothing falls between.
	news := s.hub.SubscribeAll(conversation.ID)
	defer news.End()

	st := &stream{
		core: s.core, conversation: conversation.ID, after: after,
		w: c.Writer, control: http.NewResponseController(c.Writer),
		render: func(now bridge.Snapshot) conversationJSON { return s.conversationJSON(now, languageOf(c)) },
	}
	ctx := c.Request.Context()
	if err := st.look(ctx); err != nil {
		s.fail(c, err)
		return
	}
	c.Header("Content-Type", "text/event-stream")
	c.Header("X-Accel-Buffering", "no") // nginx would hold events back
	c.Status(http.StatusOK)
	// Not all at once after a restart.
	st.retry(time.Second + rand.N(2*time.Second))
	// The browser may have missed any change of what it has. What comes now is as it is now.
	if err = st.changes(ctx, st.now.Revision); err == nil {
		err = s.follow(ctx, c, st, news)
	}
	if err != nil && !errors.Is(err, errGone) && !errors.Is(err, bridge.ErrUnauthorized) && !errors.Is(err, bridge.ErrOver) && ctx.Err() == nil {
		zerolog.Ctx(ctx).Warn().Err(err).Msg("stream ended")
	}
}

// follow sends until the browser leaves, the server goes down or something fails. In each case the
// browser comes again and resumes.
func (s *Server) follow(ctx context.Context, c *gin.Context, st *stream, news Subscription) error {
	reread, delay := time.NewTicker(s.rhythm.reread), time.NewTicker(s.rhythm.delay)
	defer reread.Stop()
	defer delay.Stop()
	for {
		if err := st.catchUp(ctx); err != nil {
			return err
		}
		var settled <-chan time.Time
		for idle := true; idle; {
			if err := st.tellTyping(s.hub.Writing(st.conversation)); err != nil {
				return err
			}
			select {
			case <-ctx.Done():
				return errGone
			case <-s.closing:
				st.comment("going down")
				return st.flush()
			case m := <-news.Messages:
				if err := st.deliver(m); err != nil {
					return err
				}
			case <-news.Changed:
				if settled == nil {
					settled = time.After(settle)
				}
			case <-settled:
				idle = false
			case <-reread.C:
				if _, err := s.authorize(ctx, c); err != nil {
					return err // the token may have died meanwhile
				}
				st.comment("ping")
				idle = false
			case <-news.Typing:
			case <-delay.C: // it also finds that somebody's writing has gone stale
				idle = s.core.Delayed() == st.delayed
			}
		}
	}
}

// resumeAt is the seq after which a stream begins. The header is what a browser has seen last; the
// parameter is where a page wanted to begin.
func resumeAt(c *gin.Context) (int64, error) {
	if last := c.GetHeader("Last-Event-ID"); last != "" {
		return number("Last-Event-ID", last, 0, 0, maxSeq)
	}
	return number("after", c.Query("after"), 0, 0, maxSeq)
}

// stream is one browser's view of a conversation. It belongs to one request's goroutine.
type stream struct {
	core         Core
	conversation bridge.ConversationID
	render       func(bridge.Snapshot) conversationJSON
	w            http.ResponseWriter
	control      *http.ResponseController

	// after is the seq sent last; shown and delayed what the last "conversation" said, writing what
	// the last "typing" did.
	after   int64
	shown   []byte
	delayed bool
	writing *string
	now     bridge.Conversation
	// revision is the one of the conversation up to which the browser knows of changes.
	revision int64
	pending  bytes.Buffer
}

// catchUp brings the browser up to date: messages first, because they are what people wait for.
func (st *stream) catchUp(ctx context.Context) error {
	for {
		page, err := st.read(ctx)
		if err != nil {
			return err
		}
		for _, m := range page {
			if err := st.message(m); err != nil {
				return err
			}
		}
		if err := st.flush(); err != nil {
			return err
		}
		if len(page) == streamPage {
			continue
		}
		if err := st.look(ctx); err != nil {
			return err
		}
		// A message that came after the page was read may reach the browser as it was before a
		// change that is counted here. Then all changes are told in the next round.
		if st.now.LastSeq <= st.after {
			if err := st.changes(ctx, st.now.Revision); err != nil {
				return err
			}
		}
		return st.flush()
	}
}

// changes sends the messages that the browser has and that have changed up to a revision.
func (st *stream) changes(ctx context.Context, revision int64) error {
	for after := int64(0); revision > st.revision && after < st.after; {
		page, err := st.readChanged(ctx, after)
		if err != nil {
			return err
		}
		for _, m := range page {
			data, err := json.Marshal(messageOf(m))
			if err != nil {
				return fmt.Errorf("encode message: %w", err)
			}
			fmt.Fprintf(&st.pending, "event: message_changed\ndata: %s\n\n", data)
			after = m.Seq
		}
		if err := st.flush(); err != nil {
			return err
		}
		if len(page) < streamPage {
			break
		}
	}
	st.revision = max(st.revision, revision)
	return nil
}

func (st *stream) readChanged(ctx context.Context, after int64) ([]bridge.Message, error) {
	ctx, cancel := context.WithTimeout(ctx, coreTimeout)
	defer cancel()
	return st.core.Changed(ctx, st.conversation, st.revision, after, st.after, streamPage)
}

// deliver sends a message that was just committed, if it is the next one. Otherwise the browser gets
// it by catchUp, or has it.
func (st *stream) deliver(m bridge.Message) error {
	if m.Seq != st.after+1 {
		return nil
	}
	if err := st.message(m); err != nil {
		return err
	}
	return st.flush()
}

func (st *stream) message(m bridge.Message) error {
	data, err := json.Marshal(messageOf(m))
	if err != nil {
		return fmt.Errorf("encode message: %w", err)
	}
	fmt.Fprintf(&st.pending, "id: %d\nevent: message\ndata: %s\n\n", m.Seq, data)
	st.after = m.Seq
	return nil
}

func (st *stream) read(ctx context.Context) ([]bridge.Message, error) {
	ctx, cancel := context.WithTimeout(ctx, coreTimeout)
	defer cancel()
	return st.core.History(ctx, st.conversation, st.after, streamPage)
}

// look sends the conversation if it is not what the browser knows.
func (st *stream) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, coreTimeout)
	defer cancel()
	now, err := st.core.Look(ctx, st.conversation)
	if err != nil {
		return err
	}
	data, err := json.Marshal(st.render(now))
	if err != nil {
		return fmt.Errorf("encode conversation: %w", err)
	}
	st.delayed, st.now = now.Delayed, now.Conversation
	if !bytes.Equal(data, st.shown) {
		fmt.Fprintf(&st.pending, "event: conversation\ndata: %s\n\n", data)
		st.shown = data
	}
	return nil
}

func (st *stream) comment(s string) { fmt.Fprintf(&st.pending, ": %s\n\n", s) }

func (st *stream) retry(d time.Duration) {
	fmt.Fprintf(&st.pending, "retry: %d\n\n", d.Milliseconds())
}

// errGone says that the browser has left, which is nobody's fault.
var errGone = errors.New("browser has gone")

// flush sends what is pending, if anything. Its error is errGone.
func (st *stream) flush() error {
	if st.pending.Len() == 0 {
		return nil
	}
	// Recorders in tests have no deadlines; a server's connections do.
	_ = st.control.SetWriteDeadline(time.Now().Add(writeTimeout))
	if _, err := st.pending.WriteTo(st.w); err != nil {
		return errGone
	}
	if err := st.control.Flush(); err != nil {
		return errGone
	}
	return nil
}

// streamCount counts the open streams, or uploads, of each conversation.
type streamCount struct {
	mu   sync.Mutex
	open map[bridge.ConversationID]int
}

func (n *streamCount) enter(id bridge.ConversationID, most int) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.open[id] >= most {
		return false
	}
	n.open[id]++
	return true
}

func (n *streamCount) leave(id bridge.ConversationID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.open[id]--; n.open[id] == 0 {
		delete(n.open, id)
	}
}
