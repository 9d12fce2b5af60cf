package matrix

import (
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"

	"schalter/bridge"
)

// rawEvent is an event as far as we read it. Everything inside content may be of any type: both
// homeservers let clients write what they like.
type rawEvent struct {
	ID       string                     `json:"event_id"`
	Type     string                     `json:"type"`
	Sender   string                     `json:"sender"`
	StateKey *string                    `json:"state_key"`
	At       int64                      `json:"origin_server_ts"`
	Content  json.RawMessage            `json:"content"`
	Unsigned map[string]json.RawMessage `json:"unsigned"`
	Redacts  any                        `json:"redacts"`
}

// The classes of what is set aside.
const (
	classMalformed   = "malformed"
	classMistyped    = "mistyped"
	classEmpty       = "empty"
	classUnsupported = "unsupported"
)

// read turns an event of a room into what it means to the bridge. Names that it tells are added
// to names. False when it has no ID and therefore can't even be set aside.
func (a *Adapter) read(room bridge.RoomID, raw json.RawMessage, names map[bridge.UserID]string) (bridge.Event, bool) {
	var e rawEvent
	if err := json.Unmarshal(raw, &e); err != nil {
		var only struct {
			ID string `json:"event_id"`
		}
		if json.Unmarshal(raw, &only) != nil || only.ID == "" {
			return bridge.Event{}, false
		}
		return bridge.Event{ID: bridge.EventID(only.ID), Room: room, Kind: bridge.Unreadable, Class: classMalformed}, true
	}
	if e.ID == "" {
		return bridge.Event{}, false
	}
	out := bridge.Event{
		ID: bridge.EventID(e.ID), Room: room, Sender: bridge.UserID(e.Sender), Kind: bridge.Other,
		At: time.UnixMilli(e.At).UTC(),
	}
	var content map[string]any
	if err := json.Unmarshal(e.Content, &content); err != nil {
		content = nil
	}
	switch {
	case e.StateKey != nil:
		a.readState(&out, e, content, names)
	case (e.Type == messageType || e.Type == reactionType) && a.isOurs(e.Sender):
		readEcho(&out, e, content)
	case (e.Type == messageType || e.Type == reactionType) && redacted(e, content):
		out.Kind = bridge.Redacted
	case e.Type == messageType:
		readClerk(&out, content)
	case e.Type == reactionType:
		readReaction(&out, content)
	case e.Type == redactionType:
		readRedaction(&out, e, content)
	}
	return out, true
}

func (a *Adapter) readState(out *bridge.Event, e rawEvent, content map[string]any, names map[bridge.UserID]string) {
	if a.drifts(e, content) {
		out.Kind = bridge.StateChanged
	}
	switch e.Type {
	case createType:
		if owner, ours := ownerOf(content); ours && e.Sender == string(a.BotID()) {
			out.Kind, out.Owner = bridge.RoomCreated, owner
		}
	case barrierType:
		entry, _ := content["entry"].(string)
		nonce, _ := content["nonce"].(string)
		if a.isOurs(e.Sender) && entry != "" {
			out.Kind, out.Marker, out.Nonce = bridge.BarrierEcho, entry, nonce
		}
	case memberType:
		if m := content["membership"]; !a.isOurs(*e.StateKey) && (m == "leave" || m == "ban") && out.Kind != bridge.StateChanged {
			out.Kind, out.Sender = bridge.ClerkLeft, bridge.UserID(*e.StateKey)
		}
		if a.isOurs(*e.StateKey) || content["membership"] != "join" {
			return
		}
		if name, ok := content["displayname"].(string); ok {
			names[bridge.UserID(*e.StateKey)] = cleanLine(name)
		}
		out.Kind, out.Sender = bridge.ClerkJoined, bridge.UserID(*e.StateKey)
	}
}

// drifts reports whether a state event says that somebody else has a hand in a room. A homeserver's
// admin may act as the bot: Synapse makes an admin of a room so, and has everybody leave one by
// themselves when it deletes it.
func (a *Adapter) drifts(e rawEvent, content map[string]any) bool {
	byBot := e.Sender == string(a.BotID())
	switch e.Type {
	case memberType:
		if a.isOurs(*e.StateKey) {
			return content["membership"] == "leave" || content["membership"] == "ban"
		}
		return content["membership"] == "leave" && e.Sender != *e.StateKey && !byBot
	case powerType:
		speak, _ := content["events_default"].(float64)
		return !byBot || !samePower(content, a.power(nil, int(speak)))
	case encryptionType:
		return true
	}
	_, kept := whatOf[e.Type]
	return !byBot && (kept || e.Type == spaceChild)
}

// readEcho reads a message or a reaction of one of our own users: all we want is its marker.
func readEcho(out *bridge.Event, e rawEvent, content map[string]any) {
	if marker, ok := content[markerField].(string); ok && marker != "" {
		out.Kind, out.Marker = bridge.Echo, marker
		return
	}
	if redacted(e, content) {
		out.Kind = bridge.BareEcho
		if e.Type == reactionType {
			out.Kind = bridge.BareReaction
		}
	}
}

// redacted reports whether a redaction has emptied an event (specification, "Redactions"). Not
// every homeserver says because of what.
func redacted(e rawEvent, content map[string]any) bool {
	_, because := e.Unsigned["redacted_because"]
	return because || content != nil && len(content) == 0
}

// readClerk reads a message of anybody else, or its edit.
func readClerk(out *bridge.Event, content map[string]any) {
	relation, _ := content["m.relates_to"].(map[string]any)
	target, edited := relation["event_id"].(string)
	if edited = edited && relation["rel_type"] == "m.replace"; edited {
		// What stands outside is for clients that know no edits.
		content, _ = content["m.new_content"].(map[string]any)
		relation = nil
	}
	kind, typed := content["msgtype"].(string)
	body, bodied := content["body"].(string)
	if !typed || !bodied {
		out.Kind, out.Class = bridge.Unreadable, classMistyped
		return
	}
	switch kind {
	case "m.text", "m.notice", "m.emote":
	case "m.file", "m.image", "m.audio", "m.video":
		if out.Class = readFile(out, content); out.Class != "" {
			out.Kind = bridge.Unreadable
			return
		}
	default:
		out.Kind, out.Class = bridge.Unreadable, classUnsupported
		return
	}
	if relation["rel_type"] == "m.thread" {
		root, _ := relation["event_id"].(string)
		out.Thread = bridge.EventID(root)
	}
	if relation["m.in_reply_to"] != nil {
		out.ReplyTo = repliedTo(relation)
		body = withoutFallback(body)
	}
	out.Text, out.Mentions = CleanText(body), mentioned(content)
	if format, _ := content["format"].(string); format == htmlFormat {
		if formatted, ok := content["formatted_body"].(string); ok {
			out.HTML = CleanHTML(formatted)
		}
	}
	out.Kind, out.Emote = bridge.ClerkText, kind == "m.emote"
	if edited {
		out.Kind, out.ReplyTo = bridge.ClerkEdit, bridge.EventID(target)
	}
	if strings.TrimSpace(out.Text) == "" {
		out.Kind, out.Class = bridge.Unreadable, classEmpty
		out.Text, out.HTML, out.ReplyTo, out.Thread, out.Emote, out.File, out.Captioned = "", "", "", "", false, nil, false
	}
}

// withoutFallback removes the quote that older clients put before a reply's text: it names the
// quoted user by Matrix ID (specification, "Rich replies", fallbacks).
func withoutFallback(body string) string {
	if !strings.HasPrefix(body, "> ") {
		return body
	}
	lines := strings.Split(body, "\n")
	i := 0
	for i < len(lines) && strings.HasPrefix(lines[i], ">") {
		i++
	}
	return strings.TrimPrefix(strings.Join(lines[i:], "\n"), "\n")
}

// CleanText removes what no citizen shall get and no database takes: NUL and the other control
// characters, but for tabs and line breaks. Invalid encoding has become U+FFFD before.
func CleanText(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		if r < 0x20 && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// cleanLine is CleanText for what stands on one line, such as a name; at most 100 characters.
func cleanLine(s string) string {
	s = strings.Join(strings.Fields(CleanText(s)), " ")
	if r := []rune(s); len(r) > 100 {
		s = string(r[:100])
	}
	return s
}

// CleanHTML reduces formatted text to Matrix's allow-list (specification, "m.room.message
// msgtypes"), less what would load from elsewhere or name a Matrix user: pictures and links to
// matrix.to lose their tags and keep their text. Every element that it opens it closes, and no
// other: in a page it can't end what stands around it.
func CleanHTML(s string) string {
	clean := allowList.Sanitize(CleanText(s))
	return strings.TrimSpace(CleanText(balanced(clean))) // «&#1;» has become a control character
}

// maxDepth is how deep elements may be nested (specification, "m.room.message msgtypes").
const maxDepth = 100

// balanced closes what is open and drops end tags of what is not. It returns nothing for what is
// nested too deep; there is the plain text. It works on tokens: a parser's tree of hostile tags
// can be a thousand times as large as its text.
func balanced(s string) string {
	var out strings.Builder
	var open []string
	closeTo := func(depth int) {
		for _, name := range slices.Backward(open[depth:]) {
			out.WriteString("</" + name + ">")
		}
		open = open[:depth]
	}
	tokens := html.NewTokenizer(strings.NewReader(s))
	for {
		switch kind := tokens.Next(); kind {
		case html.ErrorToken:
			closeTo(0)
			return out.String()
		case html.EndTagToken:
			name, _ := tokens.TagName()
			for depth := len(open) - 1; depth >= 0; depth-- {
				if open[depth] == string(name) {
					closeTo(depth)
					break
				}
			}
		default:
			out.Write(tokens.Raw())
			if kind != html.StartTagToken && kind != html.SelfClosingTagToken { // «<b/>» opens, too
				continue
			}
			if name, _ := tokens.TagName(); !slices.Contains(voidElements, string(name)) {
				open = append(open, string(name))
			}
			if len(open) > maxDepth {
				return ""
			}
		}
	}
}

var voidElements = []string{"br", "hr"}

var allowList = newAllowList()

func newAllowList() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("del", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "p", "ul", "ol", "li",
		"sup", "sub", "b", "i", "u", "strong", "em", "s", "code", "hr", "br", "div", "table", "thead",
		"tbody", "tr", "th", "td", "caption", "pre", "span", "details", "summary")
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("start").Matching(bluemonday.Integer).OnElements("ol")
	p.AllowAttrs("class").Matching(codeClass).OnElements("code")
	p.AllowURLSchemes("mailto")
	elsewhere := func(u *url.URL) bool {
		host := strings.TrimSuffix(u.Hostname(), ".")
		return host != "" && !strings.EqualFold(host, "matrix.to")
	}
	p.AllowURLSchemeWithCustomPolicy("https", elsewhere)
	p.AllowURLSchemeWithCustomPolicy("http", elsewhere)
	p.RequireParseableURLs(true)
	p.AllowRelativeURLs(false)
	p.RequireNoFollowOnLinks(false)
	p.RequireNoReferrerOnLinks(true)
	p.AddTargetBlankToFullyQualifiedLinks(true)
	p.SkipElementsContent("mx-reply")
	return p
}

var codeClass = regexp.MustCompile(`^language-[A-Za-z0-9_+-]{1,30}$`)
