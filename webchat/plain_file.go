package webchat

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"schalter/bridge"
)

// Files without JavaScript. Those of the clerks are links. What sends one is a frame of its own, so that a text
// that is being written beside it is never lost.

// plainFiles is what the frame shows that sends files.
type plainFiles struct {
	// Limits say what is taken, and Types are those of the file dialog; empty where nothing is.
	Limits, Types string
	ClientID      string
	// Sent tells what has become of the last one, Trouble why it was not taken.
	Sent, Trouble string
}

// getPlainFile answers GET /plain/files/{file}: it leads to the file, with a ticket.
func (s *Server) getPlainFile(c *gin.Context) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), coreTimeout)
	defer cancel()
	conversation, err := s.fromCookie(ctx, c)
	if err != nil {
		s.fail(c, err)
		return
	}
	file, ok := fileID(c)
	if !ok {
		s.fail(c, bridge.ErrUnknownFile)
		return
	}
	ticket, err := s.core.TicketFor(ctx, conversation.ID, file)
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Header("Cache-Control", "no-store")
	c.Redirect(http.StatusSeeOther, ticketPath(conversation.ID, file, "", ticket))
}

// getPlainFiles answers GET /plain/files: the frame that sends files.
func (s *Server) getPlainFiles(c *gin.Context) {
	snapshot, ok := s.plainConversation(c)
	if !ok {
		s.refuse(c, problem{kind: unauthorized})
		return
	}
	s.showPlainFiles(c, http.StatusOK, snapshot.Conversation, plainFiles{})
}

// postPlainFiles answers POST /plain/files: the body is that of the API's uploads.
func (s *Server) postPlainFiles(c *gin.Context) {
	if !sameOrigin(c) {
		s.refuse(c, problem{kind: originNotAllowed})
		return
	}
	snapshot, ok := s.plainConversation(c)
	if !ok {
		s.refuse(c, problem{kind: unauthorized})
		return
	}
	words := s.pages.words[catalogueFor(c)]
	m, err := s.takeFile(c, snapshot.Conversation)
	status, p := http.StatusOK, plainFiles{}
	switch {
	case err != nil:
		why := problemOf(err)
		status, p.Trouble = why.kind.status, s.texts.detail(languageOf(c), why)
	case m.File.Verdict == bridge.Infected:
		p.Trouble = words["upload_infected"]
	case m.File.Verdict != "":
		p.Sent = words["upload_checking"] + ": " + m.File.Name
	default:
		p.Sent = words["upload_done"] + ": " + m.File.Name
	}
	s.showPlainFiles(c, status, snapshot.Conversation, p)
}

func (s *Server) showPlainFiles(c *gin.Context, status int, conversation bridge.Conversation, p plainFiles) {
	s.plainHeaders(c)
	data := s.pageData(c)
	if rules := s.filesTaken(conversation); rules != nil {
		p.ClientID, p.Types = bridge.NewID(), strings.Join(rules.Types, ",")
		var kinds []string
		for _, t := range rules.Types {
			kinds = append(kinds, kindOfType(t))
		}
		p.Limits = strings.NewReplacer("{mb}", strconv.FormatInt(max(1, rules.MaxBytes>>20), 10), "{n}", strconv.Itoa(rules.MaxCount), "{types}", strings.Join(kinds, ", ")).
			Replace(data.Words["page_file_limits"])
	}
	data.Body = p
	s.showPageAs(c, status, "plain_files.html", data)
}

// filesTaken are the rules of the files that a conversation takes now; nil for none.
func (s *Server) filesTaken(conversation bridge.Conversation) *filesJSON {
	area, err := s.core.Area(conversation.Area)
	if err != nil || conversation.State == bridge.Closed {
		return nil
	}
	return filesOf(area)
}

// kindOfType is what people call a type.
func kindOfType(t string) string {
	last := t[strings.LastIndexAny(t, "/.")+1:]
	if name, ok := map[string]string{"plain": "TXT", "jpeg": "JPG", "document": "DOCX", "sheet": "XLSX", "text": "ODT", "spreadsheet": "ODS"}[last]; ok {
		return name
	}
	return strings.ToUpper(last)
}
