package bridge

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

var clientIDForm = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

func (m CitizenMessage) check() error {
	if !clientIDForm.MatchString(m.ClientID) {
		return &InvalidError{Field: "client_id", Reason: ReasonMalformed}
	}
	if strings.TrimSpace(m.Text) == "" {
		return &InvalidError{Field: "text", Reason: ReasonRequired}
	}
	return checkText("text", m.Text, MaxText, true)
}

func (o Opening) check() error {
	if !slices.Contains(Languages, o.Language) {
		return &InvalidError{Field: "language", Reason: ReasonNotOffered}
	}
	if err := checkText("name", o.Name, MaxName, false); err != nil {
		return err
	}
	if err := checkText("page_url", o.PageURL, 2000, false); err != nil {
		return err
	}
	if o.Message != nil {
		return o.Message.check()
	}
	return nil
}

// checkText refuses what a database, a homeserver or a screen could choke on: invalid UTF-8,
// control characters other than line breaks and tabs, and characters that turn the direction of
// the text around them (Unicode "Bidi_Control": overrides and embeddings, and on a single line
// isolates too), with which a name can pose as another.
func checkText(field, s string, limit int, lines bool) error {
	if !utf8.ValidString(s) {
		return &InvalidError{Field: field, Reason: ReasonEncoding}
	}
	if utf8.RuneCountInString(s) > limit {
		return &InvalidError{Field: field, Reason: ReasonTooLong}
	}
	for _, r := range s {
		switch {
		case lines && (r == '\n' || r == '\r' || r == '\t'):
		case unicode.IsControl(r), r >= 0x202a && r <= 0x202e,
			!lines && (r == 0x2028 || r == 0x2029 || r >= 0x2066 && r <= 0x2069):
			return &InvalidError{Field: field, Reason: ReasonControl}
		}
	}
	return nil
}
