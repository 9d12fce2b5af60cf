package bridge

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"html"
	"regexp"
	"strings"
	"text/template"
)

//go:generate go test -run TestGuideIsInStep -update .

// DirectRoom is the room that the bot shares with one clerk. It belongs to no service area.
const DirectRoom AreaPart = "direct"

// everything is what stands behind !hilfe for the whole guide.
var everything = map[string]bool{"alles": true, "all": true, "everything": true, "tout": true, "tutto": true}

// guideKey is the bot's reaction to !hilfe alles: the guide is in the direct room.
const guideKey = "📖"

//go:embed guide.tmpl
var guideTemplate string

// guideText is the clerks' guide, in Markdown, in German: what is done, in whole sentences, and every
// command as the table of commands has it.
func guideText(words *texts) (string, error) {
	type chapter struct {
		Where    string
		Commands []line
	}
	chapters := []chapter{{Where: "im Chat"}, {Where: "im Eingang"}}
	for i, p := range []place{inRoom, inLobby} {
		chapters[i].Commands = words.briefs(p)
	}
	t, err := template.New("guide").Parse(guideTemplate)
	if err != nil {
		return "", fmt.Errorf("read guide: %w", err)
	}
	var out strings.Builder
	if err := t.Execute(&out, chapters); err != nil {
		return "", fmt.Errorf("write guide: %w", err)
	}
	return out.String(), nil
}

var codeMark = regexp.MustCompile("`([^`]+)`")

// guideHTML is the guide as Matrix clients show it: headings, lists, commands, and nothing else.
func guideHTML(markdown string) string {
	var out strings.Builder
	inList := false
	for line := range strings.Lines(markdown) {
		line = codeMark.ReplaceAllString(html.EscapeString(strings.TrimSpace(line)), "<code>$1</code>")
		item, isItem := strings.CutPrefix(line, "- ")
		if isItem != inList {
			out.WriteString(map[bool]string{true: "<ul>", false: "</ul>"}[isItem])
			inList = isItem
		}
		switch {
		case isItem:
			out.WriteString("<li>" + item + "</li>")
		case strings.HasPrefix(line, "## "):
			out.WriteString("<h4>" + line[3:] + "</h4>")
		case strings.HasPrefix(line, "# "):
			out.WriteString("<h3>" + line[2:] + "</h3>")
		case line != "":
			out.WriteString("<p>" + line + "</p>")
		}
	}
	return out.String()
}

// DirectPlan is how the room that the bot shares with a clerk should be.
type DirectPlan struct {
	User UserID
	Room RoomID
	// Retry and AgeSeconds as in RoomPlan.
	Retry      bool
	AgeSeconds int
	// Alias is without sigil and server, and does not name the clerk: aliases can be listed.
	Alias string
	Name  string
	Topic string
}

func directAlias(user UserID) string {
	digest := sha256.Sum256([]byte(user))
	return "schalter_direct_" + hex.EncodeToString(digest[:10])
}

// GuideTx is what Tx keeps about who has the guide.
type GuideTx interface {
	// DirectRoom returns "" while there is none.
	DirectRoom(UserID) (RoomID, error)
	// Guided reports whether a clerk was sent the guide.
	Guided(UserID) (bool, error)
	SetGuided(UserID) error
}

func directStream(user UserID) string { return "direct:" + string(user) }

// guideNew sends the guide to those of some clerks who have never had it.
func (b *Bridge) guideNew(tx Tx, clerks ...UserID) error {
	if !b.guide {
		return nil
	}
	for _, user := range clerks {
		guided, err := tx.Guided(user)
		if err != nil {
			return err
		}
		if guided {
			continue
		}
		if err := b.sendGuide(tx, "guide-"+string(user), user); err != nil { // once, however often it is asked for
			return err
		}
	}
	return nil
}

func (b *Bridge) sendGuide(tx Tx, id string, to UserID) error {
	now := b.now()
	_, err := tx.Enqueue(Entry{
		ID: id, Stream: directStream(to), Kind: SendGuide, Sender: to, Phase: Ready, DueAt: now, CreatedAt: now,
	}, "", now)
	return err
}

// guideByOrder sends the guide to whoever asks for it: !hilfe alles. Where it was asked for, it would
// be in the way.
func (b *Bridge) guideByOrder(tx Tx, e Entry, by UserID, asked EventID) error {
	if err := b.sendGuide(tx, NewID(), by); err != nil {
		return err
	}
	return b.placeReaction(tx, e, asked, guideKey)
}

// performSendGuide makes the room that the bot shares with a clerk, invites the clerk, and has the guide
// posted there. One who can't be invited, because the account comes to exist later, is asked again when
// the service starts.
func (b *Bridge) performSendGuide(ctx context.Context, e Entry) (func(Tx) error, error) {
	owner := RoomOwner{Part: DirectRoom, User: e.Sender}
	var known RoomID
	lost := 0
	err := b.store.Update(ctx, func(tx Tx) (err error) {
		if known, err = tx.DirectRoom(e.Sender); err == nil {
			lost, err = tx.Spare(owner)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read direct room: %w: %w", err, ErrNotSent)
	}
	room, err := b.rooms.OpenDirect(ctx, DirectPlan{
		User: e.Sender, Room: known, Retry: e.Attempts > 1 || e.Phase != Ready, AgeSeconds: b.age(e),
		Alias: spareAlias(directAlias(e.Sender), lost), Name: b.texts.say("direct_name", nil), Topic: b.texts.say("direct_topic", nil),
	}, b.foundRoom(ctx, owner))
	if isLost(err) {
		return nil, b.replace(ctx, owner, room, err)
	}
	if err != nil {
		return nil, fmt.Errorf("open direct room: %w", err)
	}
	err = b.rooms.Invite(ctx, room, e.Sender)
	if errors.Is(err, ErrForbidden) || errors.Is(err, ErrRefused) {
		b.log.Warn().Err(err).Msg("clerk not invited to the guide")
		return func(tx Tx) error { return finish(tx, e) }, nil
	}
	if err != nil {
		return nil, fmt.Errorf("invite clerk: %w", err)
	}
	text, err := guideText(b.citizens["de"])
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, ErrNotSent)
	}
	return func(tx Tx) error {
		done, err := tx.FinishEntry(e.ID)
		if err != nil || !done {
			return err
		}
		if err := tx.SetGuided(e.Sender); err != nil {
			return err
		}
		return b.tell(tx, Entry{Stream: directStream(e.Sender), Room: room}, textPayload{Text: text, HTML: guideHTML(text)})
	}, nil
}
