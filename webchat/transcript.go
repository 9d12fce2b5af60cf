package webchat

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html/template"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"schalter/bridge"
)

// The transcript is a page that needs nothing beside itself, for it is saved and printed. It is made from
// our own record, so it exists as long as the citizen's access does, whatever becomes of the room.

// transcriptPage is what the transcript shows beside the words.
type transcriptPage struct {
	Number     int64
	AreaName   string
	Name       string
	Begun      string
	Controller string
	Ended      bool
	Days       []plainDay
	// Files are those of both sides.
	Files []bridge.File
	Style template.CSS
}

// fingerprintsFor is how long a transcript waits for files to be read whose fingerprint is not known yet.
const fingerprintsFor = 20 * time.Second

// getTranscript answers GET /api/v1/conversations/{id}/transcript, in the conversation's language.
func (s *Server) getTranscript(c *gin.Context, conversation bridge.Conversation) {
	c.Header("Content-Disposition", fmt.Sprintf(`attachment; filename="chat-%d.html"`, conversation.Number))
	s.showTranscript(c, conversation)
}

// getPlainTranscript answers GET /plain/transcript: the same page, for the one with the cookie.
func (s *Server) getPlainTranscript(c *gin.Context) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), coreTimeout)
	defer cancel()
	conversation, err := s.fromCookie(ctx, c)
	if err != nil {
		s.fail(c, err)
		return
	}
	s.showTranscript(c, conversation)
}

func (s *Server) showTranscript(c *gin.Context, conversation bridge.Conversation) {
	lang := catalogueOf[conversation.Language]
	words := s.pages.words[lang]
	zone := s.zoneOf(conversation.Area)
	plain := plainPage{}
	err := s.eachMessage(c, conversation.ID, func(m bridge.Message) {
		if m.Deleted() {
			m.Text = words["deleted"]
		}
		plain.add(m, words, zone)
	})
	if err != nil {
		s.fail(c, err)
		return
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), fingerprintsFor)
	defer cancel()
	withFiles, err := s.core.Fingerprints(ctx, conversation.ID)
	if err != nil && withFiles == nil {
		s.fail(c, err)
		return
	}
	var files []bridge.File // without a fingerprint where the homeserver is away
	for _, m := range withFiles {
		files = append(files, *m.File)
	}
	c.Header("Content-Security-Policy", s.pages.transcriptPolicy)
	s.showPage(c, "transcript.html", pageData{Lang: lang, Words: words, City: s.city.name, PrivacyURL: s.city.privacyURL, Body: transcriptPage{
		Number: conversation.Number, AreaName: s.areaRef(conversation.Area, conversation.Language).Name, Name: conversation.Name,
		Begun: plainDate(conversation.CreatedAt.In(zone)) + ", " + plainTime(conversation.CreatedAt.In(zone), words), Controller: s.city.controllers[conversation.Language],
		Ended: conversation.State == bridge.Closed, Days: plain.Days, Files: files, Style: s.pages.style,
	}})
}

// eachMessage goes through all messages, the oldest first.
func (s *Server) eachMessage(c *gin.Context, id bridge.ConversationID, f func(bridge.Message)) error {
	for after := int64(0); ; {
		ctx, cancel := context.WithTimeout(c.Request.Context(), coreTimeout)
		page, err := s.core.History(ctx, id, after, historyMost)
		cancel()
		if err != nil {
			return err
		}
		for _, m := range page {
			after = m.Seq
			f(m)
		}
		if len(page) < historyMost {
			return nil
		}
	}
}

// zoneOf is where an area's clocks are read; of one that is no more, the server's.
func (s *Server) zoneOf(id bridge.ServiceAreaID) *time.Location {
	area, err := s.core.Area(id)
	if err != nil {
		return time.Local
	}
	return hoursOf(area).Zone()
}

// styleSource is a style sheet as the source list of a policy that allows no other (CSP level 3).
func styleSource(css string) string {
	sum := sha256.Sum256([]byte(css))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

func plainDate(t time.Time) string { return t.Format("02.01.2006") }

// plainTime writes «8.04 Uhr».
func plainTime(t time.Time, words map[string]string) string {
	return strings.TrimPrefix(strings.NewReplacer("{h}", t.Format("15"), "{m}", t.Format("04")).Replace(words["time"]), "0")
}
