// Package fileguard says what a file is by its content, whatever its name, and makes images harmless:
// upright, without what cameras write beside the picture. It holds no file as a whole but an image.
package fileguard

import (
	"bytes"
	"errors"
	"io"
	"path"
	"strings"

	"github.com/gabriel-vasile/mimetype"
)

// What is wrong with a file.
var (
	// ErrType: it is of a kind that is not taken.
	ErrType = errors.New("type of file is not taken")
	// ErrTwofold: it is two kinds of file at once, which is how filters are got round.
	ErrTwofold = errors.New("file is of two types at once")
	// ErrImage: the image can't be read, or has too many pixels.
	ErrImage = errors.New("image can't be read, or is too large")
)

// Head is how much of a file's beginning Kind looks at, in bytes.
const Head = 3072

// known are the types that can be taken, with the endings that their names may have.
var known = map[string][]string{
	"application/pdf": {".pdf"}, "image/jpeg": {".jpg", ".jpeg"}, "image/png": {".png"}, "image/webp": {".webp"},
	"text/plain": {".txt"}, "text/csv": {".csv", ".txt"},
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document": {".docx"},
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":       {".xlsx"},
	"application/vnd.oasis.opendocument.text":                                 {".odt"},
	"application/vnd.oasis.opendocument.spreadsheet":                          {".ods"},
}

// Known reports whether a type can be taken at all.
func Known(t string) bool { return known[t] != nil }

// IsImage reports whether Clean takes a type.
func IsImage(t string) bool { return strings.HasPrefix(t, "image/") && Known(t) }

// Kind is the type of a file that begins with head, if it is one of those allowed. Errors: ErrType.
func Kind(head []byte, allowed []string) (string, error) {
	t, _, _ := strings.Cut(mimetype.Detect(head).String(), ";")
	for _, a := range allowed {
		if t == a && Known(t) {
			return t, nil
		}
	}
	return "", ErrType
}

// Name gives a name the ending of its type, where it has another.
func Name(name, t string) string {
	endings := known[t]
	for _, e := range endings {
		if strings.EqualFold(path.Ext(name), e) {
			return name
		}
	}
	if len(endings) == 0 {
		return name
	}
	return name + endings[0]
}

// These are marks, in small letters, of a second type inside a file of a type: a program that reads from the end takes
// what ends as a ZIP for one, and a browser that guesses takes markup for a page.
var (
	archive = []byte("pk\x05\x06")
	markup  = [][]byte{[]byte("<script"), []byte("<html"), []byte("<!doctype html"), []byte("<svg")}
)

// Watch reads through, and fails with ErrTwofold when a file of this type holds the marks of another.
func Watch(r io.Reader, t string) io.Reader {
	w := &watch{r: r}
	switch {
	case IsImage(t):
		w.marks = append([][]byte{archive}, markup...)
	case t == "application/pdf":
		w.marks = [][]byte{archive}
	default:
		return r
	}
	return w
}

type watch struct {
	r     io.Reader
	marks [][]byte
	tail  []byte
}

// overlap is more than any mark is long.
const overlap = 32

func (w *watch) Read(into []byte) (int, error) {
	n, err := w.r.Read(into)
	seen := small(append(w.tail, into[:n]...))
	for _, m := range w.marks {
		if bytes.Contains(seen, m) {
			return 0, ErrTwofold
		}
	}
	w.tail = bytes.Clone(seen[max(0, len(seen)-overlap):])
	return n, err
}

// small makes the letters of ASCII small, in place: what the bytes are otherwise is not known to be text.
func small(b []byte) []byte {
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return b
}
