package matrix

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/net/html"
	"pgregory.net/rapid"

	"schalter/bridge"
)

const (
	testRoom  = "!room:example.org"
	testClerk = "@keller:example.org"
	testGhost = "@citizen_01hzy:example.org"
	testBot   = "@schalter_bot:example.org"
)

func testAdapter(t testing.TB) *Adapter {
	t.Helper()
	a, err := New(Options{URL: "http://127.0.0.1:1", ServerName: "example.org", Token: "token"})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// message is an event of a clerk's with a content.
func message(content string) string { return event(testClerk, "m.room.message", "", content) }

func event(sender, kind, more, content string) string {
	return fmt.Sprintf(`{"event_id":"$1","type":%q,"sender":%q,"origin_server_ts":1765432100123,%s"content":%s}`, kind, sender, more, content)
}

func TestRead(t *testing.T) {
	const echo = `{"msgtype":"m.text","body":"x","ch.schalter.message_id":"01MARK"}`
	const state = `"state_key":"",`
	text := func(s string) bridge.Event { return bridge.Event{Kind: bridge.ClerkText, Text: s} }
	unreadable := func(class string) bridge.Event { return bridge.Event{Kind: bridge.Unreadable, Class: class} }
	other := bridge.Event{Kind: bridge.Other}
	inThread := func(ev bridge.Event) bridge.Event { ev.Thread = "$0"; return ev }
	for name, try := range map[string]struct {
		raw  string
		want bridge.Event // ID, room and time are checked for all, the sender unless it is set here
	}{
		"plain":                    {message(`{"msgtype":"m.text","body":"Grüezi 👋"}`), text("Grüezi 👋")},
		"notice":                   {message(`{"msgtype":"m.notice","body":"Grüezi"}`), text("Grüezi")},
		"emote":                    {message(`{"msgtype":"m.emote","body":"nickt"}`), bridge.Event{Kind: bridge.ClerkText, Text: "nickt", Emote: true}},
		"formatted":                {message(`{"msgtype":"m.text","body":"**x**","format":"org.matrix.custom.html","formatted_body":"<b>x</b><script>y</script>"}`), bridge.Event{Kind: bridge.ClerkText, Text: "**x**", HTML: "<b>x</b>"}},
		"other format":             {message(`{"msgtype":"m.text","body":"x","format":"text/html","formatted_body":"<b>x</b>"}`), text("x")},
		"formatted_body mistyped":  {message(`{"msgtype":"m.text","body":"x","format":"org.matrix.custom.html","formatted_body":["<b>"]}`), text("x")},
		"format mistyped":          {message(`{"msgtype":"m.text","body":"x","format":7,"formatted_body":"<b>x</b>"}`), text("x")},
		"nothing left of the HTML": {message(`{"msgtype":"m.text","body":"x","format":"org.matrix.custom.html","formatted_body":"<script>x</script>"}`), text("x")},
		"64 KB":                    {message(`{"msgtype":"m.text","body":"` + strings.Repeat("x", 64<<10) + `"}`), text(strings.Repeat("x", 64<<10))},
		"CR LF":                    {message(`{"msgtype":"m.text","body":"a\r\nb\tc"}`), text("a\nb\tc")},
		"NUL":                      {message(`{"msgtype":"m.text","body":"a\u0000b"}`), text("ab")},
		"controls":                 {message(`{"msgtype":"m.text","body":"a\u001b\u0007\u007f\u0085b"}`), text("ab")},
		"lone surrogate":           {message(`{"msgtype":"m.text","body":"a\ud800b"}`), text("a\ufffdb")},
		"lone low surrogate":       {message(`{"msgtype":"m.text","body":"\udc00"}`), text("\ufffd")},
		"surrogate in the HTML":    {message(`{"msgtype":"m.text","body":"x","format":"org.matrix.custom.html","formatted_body":"<b>\ud800\u0000</b>"}`), bridge.Event{Kind: bridge.ClerkText, Text: "x", HTML: "<b>\ufffd</b>"}},
		"invalid UTF-8":            {message("{\"msgtype\":\"m.text\",\"body\":\"a\xffb\"}"), text("a\ufffdb")},
		"empty":                    {message(`{"msgtype":"m.text","body":""}`), unreadable(classEmpty)},
		"white space":              {message(`{"msgtype":"m.text","body":" \n\t\u00a0"}`), unreadable(classEmpty)},
		"nothing but NUL":          {message(`{"msgtype":"m.text","body":"\u0000"}`), unreadable(classEmpty)},
		"no content":               {message(`{}`), bridge.Event{Kind: bridge.Redacted}},
		"content is an array":      {message(`["m.text"]`), unreadable(classMistyped)},
		"content is a text":        {message(`"m.text"`), unreadable(classMistyped)},
		"content is null":          {message(`null`), unreadable(classMistyped)},
		"body is a number":         {message(`{"msgtype":"m.text","body":7}`), unreadable(classMistyped)},
		"body is an object":        {message(`{"msgtype":"m.text","body":{"a":1}}`), unreadable(classMistyped)},
		"body is null":             {message(`{"msgtype":"m.text","body":null}`), unreadable(classMistyped)},
		"no body":                  {message(`{"msgtype":"m.text"}`), unreadable(classMistyped)},
		"msgtype is an array":      {message(`{"msgtype":["m.text"],"body":"x"}`), unreadable(classMistyped)},
		"no msgtype":               {message(`{"body":"x"}`), unreadable(classMistyped)},
		"unknown msgtype":          {message(`{"msgtype":"ch.example.poll","body":"x"}`), unreadable(classUnsupported)},
		"picture": {message(`{"msgtype":"m.image","body":"a/x.png","url":"mxc://example.org/x","info":{"mimetype":"image/png; a=b","size":7,"w":2,"h":3}}`),
			bridge.Event{Kind: bridge.ClerkText, Text: "a/x.png", File: &bridge.File{Name: "x.png", Type: "image/png", Size: 7, Width: 2, Height: 3, URI: "mxc://example.org/x"}}},
		"file with a caption": {message(`{"msgtype":"m.file","body":"Bitte","filename":"x.pdf","url":"mxc://example.org/x"}`),
			bridge.Event{Kind: bridge.ClerkText, Text: "Bitte", Captioned: true, File: &bridge.File{Name: "x.pdf", Type: unknownType, URI: "mxc://example.org/x"}}},
		"voice, info mistyped": {message(`{"msgtype":"m.audio","body":"x.ogg","filename":"x.ogg","url":"mxc://example.org:8448/x","info":{"mimetype":7,"size":-1,"w":1e300,"h":"3"}}`),
			bridge.Event{Kind: bridge.ClerkText, Text: "x.ogg", File: &bridge.File{Name: "x.ogg", Type: unknownType, URI: "mxc://example.org:8448/x"}}},
		"encrypted file":           {message(`{"msgtype":"m.file","body":"x","file":{"url":"mxc://example.org/x"}}`), unreadable(bridge.ClassEncryptedFile)},
		"file at a web address":    {message(`{"msgtype":"m.file","body":"x","url":"https://example.org/x"}`), unreadable(classMistyped)},
		"file at a path":           {message(`{"msgtype":"m.file","body":"x","url":"mxc://example.org/../x"}`), unreadable(classMistyped)},
		"file without an address":  {message(`{"msgtype":"m.video","body":"x"}`), unreadable(classMistyped)},
		"edit":                     {message(`{"msgtype":"m.text","body":"* neu","m.new_content":{"msgtype":"m.text","body":"neu"},"m.relates_to":{"rel_type":"m.replace","event_id":"$0"}}`), reply(bridge.Event{Kind: bridge.ClerkEdit, Text: "neu"})},
		"edit, formatted":          {message(`{"msgtype":"m.text","body":"* neu","m.new_content":{"msgtype":"m.text","body":"neu","format":"org.matrix.custom.html","formatted_body":"<b>neu</b><img>"},"m.relates_to":{"rel_type":"m.replace","event_id":"$0"}}`), reply(bridge.Event{Kind: bridge.ClerkEdit, Text: "neu", HTML: "<b>neu</b>"})},
		"edit to an emote":         {message(`{"msgtype":"m.emote","body":"* nickt","m.new_content":{"msgtype":"m.emote","body":"nickt"},"m.relates_to":{"rel_type":"m.replace","event_id":"$0"}}`), reply(bridge.Event{Kind: bridge.ClerkEdit, Text: "nickt", Emote: true})},
		"edit of a reply":          {message(`{"msgtype":"m.text","body":"> <@a:b> x\n\n* neu","m.new_content":{"msgtype":"m.text","body":"neu","m.relates_to":{"m.in_reply_to":{"event_id":"$7"}}},"m.relates_to":{"rel_type":"m.replace","event_id":"$0"}}`), reply(bridge.Event{Kind: bridge.ClerkEdit, Text: "neu"})},
		"edit without content":     {message(`{"msgtype":"m.text","body":"* neu","m.relates_to":{"rel_type":"m.replace","event_id":"$0"}}`), unreadable(classMistyped)},
		"edit, content mistyped":   {message(`{"msgtype":"m.text","body":"* neu","m.new_content":"neu","m.relates_to":{"rel_type":"m.replace","event_id":"$0"}}`), unreadable(classMistyped)},
		"edit to nothing":          {message(`{"msgtype":"m.text","body":"* ","m.new_content":{"msgtype":"m.text","body":" "},"m.relates_to":{"rel_type":"m.replace","event_id":"$0"}}`), unreadable(classEmpty)},
		"edit to a picture":        {message(`{"msgtype":"m.text","body":"* x","m.new_content":{"msgtype":"m.image","body":"x"},"m.relates_to":{"rel_type":"m.replace","event_id":"$0"}}`), unreadable(classMistyped)},
		"edit of nothing":          {message(`{"msgtype":"m.text","body":"* neu","m.new_content":{"msgtype":"m.text","body":"neu"},"m.relates_to":{"rel_type":"m.replace","event_id":7}}`), text("* neu")},
		"thread":                   {message(`{"msgtype":"m.text","body":"x","m.relates_to":{"rel_type":"m.thread","event_id":"$0"}}`), inThread(text("x"))},
		"relation mistyped":        {message(`{"msgtype":"m.text","body":"x","m.relates_to":"m.replace"}`), text("x")},
		"rel_type mistyped":        {message(`{"msgtype":"m.text","body":"x","m.relates_to":{"rel_type":["m.replace"]}}`), text("x")},
		"reply":                    {message(`{"msgtype":"m.text","body":"> <@keller:example.org> Frage\n> zweite Zeile\n\nAntwort\n> Zitat","m.relates_to":{"m.in_reply_to":{"event_id":"$0"}}}`), reply(text("Antwort\n> Zitat"))},
		"reply without fallback":   {message(`{"msgtype":"m.text","body":"Antwort","m.relates_to":{"m.in_reply_to":{"event_id":"$0"}}}`), reply(text("Antwort"))},
		"reply in HTML":            {message(`{"msgtype":"m.text","body":"> <@a:b> x\n\ny","format":"org.matrix.custom.html","formatted_body":"<mx-reply><blockquote><a href=\"https://matrix.to/#/@a:b\">@a:b</a>x</blockquote></mx-reply><i>y</i>","m.relates_to":{"m.in_reply_to":{"event_id":"$0"}}}`), reply(bridge.Event{Kind: bridge.ClerkText, Text: "y", HTML: "<i>y</i>"})},
		"nothing but a fallback":   {message(`{"msgtype":"m.text","body":"> <@a:b> x","m.relates_to":{"m.in_reply_to":{"event_id":"$0"}}}`), unreadable(classEmpty)},
		"a quote is no fallback":   {message(`{"msgtype":"m.text","body":"> Zitat\n\nText"}`), text("> Zitat\n\nText")},
		"redacted":                 {event(testClerk, "m.room.message", `"unsigned":{"redacted_because":{"type":"m.room.redaction"}},`, `{}`), bridge.Event{Kind: bridge.Redacted}},
		"redacted, not emptied":    {event(testClerk, "m.room.message", `"unsigned":{"redacted_because":{}},`, `{"msgtype":"m.text","body":"x"}`), bridge.Event{Kind: bridge.Redacted}},
		"redacted reaction":        {event(testClerk, "m.reaction", "", `{}`), bridge.Event{Kind: bridge.Redacted}},
		"redaction":                {event(testClerk, "m.room.redaction", `"redacts":"$0",`, `{"reason":"x"}`), reply(bridge.Event{Kind: bridge.Redaction})},
		"redaction, version 11":    {event(testClerk, "m.room.redaction", "", `{"redacts":"$0"}`), reply(bridge.Event{Kind: bridge.Redaction})},
		"redaction of the ghost's": {event(testGhost, "m.room.redaction", `"redacts":"$0",`, `{}`), reply(bridge.Event{Kind: bridge.Redaction})},
		"redaction of nothing":     {event(testClerk, "m.room.redaction", `"redacts":["$0"],`, `{"redacts":7}`), other},
		"sticker":                  {event(testClerk, "m.sticker", "", `{"body":"x"}`), other},
		"encrypted":                {event(testClerk, "m.room.encrypted", "", `{"algorithm":"m.megolm.v1.aes-sha2"}`), other},
		"reaction":                 {event(testClerk, "m.reaction", "", `{"m.relates_to":{"rel_type":"m.annotation","event_id":"$0","key":"👍"}}`), reply(bridge.Event{Kind: bridge.ClerkReaction, Key: "👍"})},
		"reaction of no kind":      {event(testClerk, "m.reaction", "", `{"m.relates_to":{"rel_type":"m.thread","event_id":"$0","key":"👍"}}`), other},
		"reaction to nothing":      {event(testClerk, "m.reaction", "", `{"m.relates_to":{"rel_type":"m.annotation","event_id":["$0"],"key":"👍"}}`), other},
		"in a thread":              {message(`{"msgtype":"m.text","body":"x","m.relates_to":{"rel_type":"m.thread","event_id":"$0","is_falling_back":true,"m.in_reply_to":{"event_id":"$7"}}}`), inThread(reply(text("x")))},
		"message as state":         {event(testClerk, "m.room.message", state, `{"msgtype":"m.text","body":"x"}`), other},

		"ghost's echo":             {event(testGhost, "m.room.message", "", echo), bridge.Event{Kind: bridge.Echo, Marker: "01MARK"}},
		"bot's echo":               {event(testBot, "m.room.message", "", echo), bridge.Event{Kind: bridge.Echo, Marker: "01MARK"}},
		"bot's reaction":           {event(testBot, "m.reaction", "", `{"m.relates_to":{"rel_type":"m.annotation","event_id":"$0","key":"✅"},"ch.schalter.message_id":"01MARK"}`), bridge.Event{Kind: bridge.Echo, Marker: "01MARK"}},
		"bot's bare reaction":      {event(testBot, "m.reaction", "", `{"m.relates_to":{"rel_type":"m.annotation","event_id":"$0","key":"✅"}}`), other},
		"bot's redacted reaction":  {event(testBot, "m.reaction", "", `{}`), bridge.Event{Kind: bridge.BareReaction}},
		"redacted echo":            {event(testGhost, "m.room.message", "", `{}`), bridge.Event{Kind: bridge.BareEcho}},
		"redacted own reaction":    {event(testGhost, "m.reaction", "", `{}`), bridge.Event{Kind: bridge.BareReaction}},
		"redacted echo, unsigned":  {event(testGhost, "m.room.message", `"unsigned":{"redacted_because":{}},`, `{"body":"x"}`), bridge.Event{Kind: bridge.BareEcho}},
		"ghost without marker":     {event(testGhost, "m.room.message", "", `{"msgtype":"m.text","body":"x"}`), other},
		"ghost, marker mistyped":   {event(testGhost, "m.room.message", "", `{"body":"x","ch.schalter.message_id":7}`), other},
		"clerk's forged marker":    {message(echo), text("x")},
		"ghost of another server":  {event("@citizen_01hzy:evil.example", "m.room.message", "", echo), text("x")},
		"server's name longer":     {event("@citizen_01hzy:example.org.evil", "m.room.message", "", echo), text("x")},
		"almost the bot":           {event("@schalter_bot2:example.org", "m.room.message", "", echo), text("x")},
		"the registration's user":  {event("@schalter_appservice:example.org", "m.room.message", "", echo), text("x")},
		"barrier":                  {event(testGhost, barrierType, `"state_key":"`+testGhost+`",`, `{"entry":"01MARK","nonce":"n"}`), bridge.Event{Kind: bridge.BarrierEcho, Marker: "01MARK", Nonce: "n"}},
		"barrier of a clerk":       {event(testClerk, barrierType, `"state_key":"`+testClerk+`",`, `{"entry":"01MARK","nonce":"n"}`), other},
		"barrier that is no state": {event(testGhost, barrierType, "", `{"entry":"01MARK","nonce":"n"}`), other},
		"barrier mistyped":         {event(testGhost, barrierType, state, `{"entry":["01MARK"],"nonce":7}`), other},

		"room of ours":          {event(testBot, "m.room.create", state, `{"ch.schalter.conversation":"01C"}`), bridge.Event{Kind: bridge.RoomCreated, Owner: bridge.RoomOwner{Conversation: "01C"}}},
		"lobby of ours":         {event(testBot, "m.room.create", state, `{"ch.schalter.service_area":"hunde","ch.schalter.part":"lobby"}`), bridge.Event{Kind: bridge.RoomCreated, Owner: bridge.RoomOwner{Area: "hunde", Part: bridge.Lobby}}},
		"room of a clerk's":     {event(testClerk, "m.room.create", state, `{"ch.schalter.conversation":"01C"}`), other},
		"room of a ghost's":     {event(testGhost, "m.room.create", state, `{"ch.schalter.conversation":"01C"}`), other},
		"room of nobody's":      {event(testBot, "m.room.create", state, `{}`), other},
		"room of a wrong part":  {event(testBot, "m.room.create", state, `{"ch.schalter.service_area":"hunde","ch.schalter.part":"cellar"}`), other},
		"room's owner mistyped": {event(testBot, "m.room.create", state, `{"ch.schalter.conversation":7}`), other},

		"clerk joins":         {event(testClerk, "m.room.member", `"state_key":"`+testClerk+`",`, `{"membership":"join"}`), bridge.Event{Kind: bridge.ClerkJoined}},
		"clerk is invited":    {event(testBot, "m.room.member", `"state_key":"`+testClerk+`",`, `{"membership":"invite"}`), bridge.Event{Kind: bridge.Other, Sender: testBot}},
		"clerk leaves":        {event(testClerk, "m.room.member", `"state_key":"`+testClerk+`",`, `{"membership":"leave"}`), bridge.Event{Kind: bridge.ClerkLeft}},
		"ghost joins":         {event(testGhost, "m.room.member", `"state_key":"`+testGhost+`",`, `{"membership":"join"}`), other},
		"membership mistyped": {event(testClerk, "m.room.member", `"state_key":"`+testClerk+`",`, `{"membership":["join"]}`), other},

		"sender mistyped":    {`{"event_id":"$1","type":"m.room.message","sender":7,"content":{}}`, unreadable(classMalformed)},
		"type mistyped":      {`{"event_id":"$1","type":["m.room.message"],"sender":"@a:b","content":{}}`, unreadable(classMalformed)},
		"time mistyped":      {`{"event_id":"$1","type":"m.room.message","sender":"@a:b","origin_server_ts":"now","content":{}}`, unreadable(classMalformed)},
		"unsigned mistyped":  {`{"event_id":"$1","type":"m.room.message","sender":"@a:b","unsigned":7,"content":{}}`, unreadable(classMalformed)},
		"no content at all":  {`{"event_id":"$1","type":"m.room.message","sender":"` + testClerk + `","origin_server_ts":1765432100123}`, unreadable(classMistyped)},
		"time out of bounds": {`{"event_id":"$1","type":"m.room.message","sender":"@a:b","origin_server_ts":1e300,"content":{}}`, unreadable(classMalformed)},
	} {
		got, ok := testAdapter(t).read(testRoom, json.RawMessage(try.raw), map[bridge.UserID]string{})
		if !ok || got.ID != "$1" || got.Room != testRoom {
			t.Errorf("%s: %+v %v", name, got, ok)
			continue
		}
		want := try.want
		want.ID, want.Room = got.ID, got.Room
		if want.Class != classMalformed {
			want.At = time.UnixMilli(1765432100123).UTC()
			if want.Sender == "" {
				want.Sender = got.Sender
			}
			if !strings.Contains(try.raw, string(got.Sender)) {
				t.Errorf("%s: sender %q", name, got.Sender)
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got, want)
		}
	}
}

func TestEventsWithoutAnID(t *testing.T) {
	for _, raw := range []string{``, `null`, `{}`, `[]`, `7`, `"$1"`, `{"event_id":7}`, `{"event_id":""}`, `{"event_id":null,"sender":7}`, `{"event_id":"$1"`} {
		if got, ok := testAdapter(t).read(testRoom, json.RawMessage(raw), map[bridge.UserID]string{}); ok {
			t.Errorf("%s: read as %+v", raw, got)
		}
	}
}

func TestNamesThatJoinsTell(t *testing.T) {
	for content, want := range map[string]map[bridge.UserID]string{
		`{"membership":"join","displayname":"Frau Keller"}`:                                {testClerk: "Frau Keller"},
		`{"membership":"join","displayname":" Frau\n\tKeller\u0000 "}`:                     {testClerk: "Frau Keller"},
		`{"membership":"join","displayname":"` + strings.Repeat("ä", 300) + `"}`:           {testClerk: strings.Repeat("ä", 100)},
		`{"membership":"join","displayname":"\ud800"}`:                                     {testClerk: "\ufffd"},
		`{"membership":"join","displayname":["Frau Keller"]}`:                              {},
		`{"membership":"join","displayname":null}`:                                         {},
		`{"membership":"join"}`:                                                            {},
		`{"membership":"invite","displayname":"Frau Keller"}`:                              {},
		`{"membership":"leave","displayname":"Frau Keller","reason":"displayname: other"}`: {},
	} {
		names := map[bridge.UserID]string{}
		testAdapter(t).read(testRoom, json.RawMessage(event(testClerk, "m.room.member", `"state_key":"`+testClerk+`",`, content)), names)
		if !maps.Equal(names, want) {
			t.Errorf("%s: %v, want %v", content, names, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, content := range []string{`{"msgtype":"m.text","body":"x"}`, `[]`, `{"m.relates_to":{"m.in_reply_to":{}},"msgtype":"m.text","body":"> a\n\nb"}`, `{"msgtype":"m.text","body":"* x","m.new_content":{"msgtype":"m.text","body":"x"},"m.relates_to":{"rel_type":"m.replace","event_id":"$0"}}`} {
		for _, sender := range []string{testClerk, testGhost, testBot} {
			f.Add([]byte(event(sender, "m.room.message", "", content)))
			f.Add([]byte(event(sender, "m.room.member", `"state_key":"`+sender+`",`, content)))
			f.Add([]byte(event(sender, "m.room.redaction", `"redacts":"$0",`, content)))
		}
	}
	a := testAdapter(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		names := map[bridge.UserID]string{}
		ev, ok := a.read(testRoom, raw, names)
		if ok && ev.ID == "" {
			t.Errorf("an event without an ID: %+v", ev)
		}
		if (ev.Kind == bridge.ClerkText || ev.Kind == bridge.ClerkEdit) && strings.TrimSpace(ev.Text) == "" {
			t.Errorf("an empty text: %+v", ev)
		}
		for _, s := range []string{ev.Text, ev.HTML, ev.Key, names[ev.Sender]} {
			if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
				t.Errorf("not to be stored: %q", s)
			}
		}
		if ev.Kind == bridge.Echo && !a.isOurs(string(ev.Sender)) {
			t.Errorf("an echo of somebody else: %+v", ev)
		}
	})
}

// htmlPieces are what generated HTML is made of.
var htmlPieces = []string{
	"<b>", "</b>", "<i>", "</i>", "<p>", "</p>", "<div>", "</div>", "<a href=\"https://example.org/?a=1&b=2\">", "</a>",
	"<a href=javascript:alert(1)>", "<table>", "<tr>", "<td>", "</table>", "<br>", "<br/>", "<hr/>", "<pre>", "\n", "<code class=\"language-go\">",
	"</code>", "<script>", "</script>", "<mx-reply>", "</mx-reply>", "<b/>", "<svg>", "</svg>", "<style>", "</style>", "<!--", "-->",
	"<img src=x onerror=alert(1)>", "text", "&amp;", "&lt;script&gt;", "&", "<", ">", "\"", "'", "\x00", "ä", "<span data-mx-color=#f00>", "</span>",
	"<ol start=3>", "<li>", "</ol>", "<noscript>", "<textarea>", "</textarea>", "<title>", "<math>", "<![CDATA[", "]]>", "<?x?>", "<plaintext>",
}

func TestCleanHTMLIsIdempotentAndSafe(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkHTML(t, strings.Join(rapid.SliceOfN(rapid.SampledFrom(htmlPieces), 0, 30).Draw(t, "pieces"), ""))
	})
}

func FuzzCleanHTML(f *testing.F) {
	f.Add(strings.Join(htmlPieces, ""))
	for _, v := range vectors {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, s string) { checkHTML(t, s) })
}

// checkHTML cleans s, and looks at the result with a parser of its own.
func checkHTML(t interface{ Errorf(string, ...any) }, s string) {
	clean := CleanHTML(s)
	if again := CleanHTML(clean); again != clean {
		t.Errorf("of %q\n once %q\ntwice %q", s, clean, again)
	}
	depth := 0
	tokens := html.NewTokenizer(strings.NewReader(clean))
	for {
		kind := tokens.Next()
		if kind == html.ErrorToken {
			break
		}
		token := tokens.Token()
		switch kind {
		case html.CommentToken, html.DoctypeToken:
			t.Errorf("of %q: %s", s, token)
		case html.EndTagToken:
			if depth--; depth < 0 {
				t.Errorf("of %q: ends what it has not opened: %q", s, clean)
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			if token.Data != "br" && token.Data != "hr" {
				depth++
			}
			if !strings.Contains(" del h1 h2 h3 h4 h5 h6 blockquote p ul ol li sup sub b i u strong em s code hr br div table thead tbody tr th td caption pre span details summary a ", " "+token.Data+" ") {
				t.Errorf("of %q: element %s", s, token.Data)
			}
			for _, attribute := range token.Attr {
				checkAttribute(t, s, token.Data, attribute)
			}
		}
	}
	if depth != 0 {
		t.Errorf("of %q: %d elements left open: %q", s, depth, clean)
	}
}

func checkAttribute(t interface{ Errorf(string, ...any) }, s, element string, a html.Attribute) {
	ok := false
	switch element + " " + a.Key {
	case "a href":
		ok = strings.HasPrefix(a.Val, "https://") || strings.HasPrefix(a.Val, "http://") || strings.HasPrefix(a.Val, "mailto:")
		ok = ok && !strings.Contains(strings.ToLower(a.Val), "matrix.to/#")
	case "a rel":
		ok = strings.Contains(a.Val, "noreferrer")
	case "a target":
		ok = a.Val == "_blank"
	case "ol start", "code class":
		ok = true
	}
	if !ok {
		t.Errorf("of %q: %s has %s=%q", s, element, a.Key, a.Val)
	}
}

// reply makes an event one that answers another.
func reply(e bridge.Event) bridge.Event {
	e.ReplyTo = "$0"
	return e
}
