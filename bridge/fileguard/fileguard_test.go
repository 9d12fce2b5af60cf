package fileguard_test

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"io"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"schalter/bridge/fileguard"
	"schalter/bridge/fileguard/fileguardtest"
)

func TestCleanTurnsAndForgets(t *testing.T) {
	// Where the red half is afterwards.
	for orientation, at := range map[byte]image.Point{1: {2, 10}, 2: {37, 10}, 3: {37, 10}, 4: {2, 10}, 5: {10, 2}, 6: {10, 2}, 7: {10, 37}, 8: {10, 37}} {
		var out bytes.Buffer
		is, err := fileguard.Clean(&out, bytes.NewReader(fileguardtest.Photo(t, 40, 20, orientation)), "image/jpeg")
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(out.Bytes(), []byte("GPS")) || bytes.Contains(out.Bytes(), []byte("Exif")) {
			t.Errorf("%d: metadata is left", orientation)
		}
		m, _, err := image.Decode(&out)
		if err != nil {
			t.Fatal(err)
		}
		wide := orientation < 5
		if b := m.Bounds(); (b.Dx() == 40 && b.Dy() == 20) != wide || is.Width != b.Dx() || is.Height != b.Dy() {
			t.Errorf("%d: %v, told %+v", orientation, b, is)
		}
		if r, _, b, _ := m.At(at.X, at.Y).RGBA(); r < b {
			t.Errorf("%d: turned otherwise", orientation)
		}
	}
}

func TestCleanRefuses(t *testing.T) {
	var large bytes.Buffer
	if err := png.Encode(&large, image.NewGray(image.Rect(0, 0, 4001, 4001))); err != nil {
		t.Fatal(err)
	}
	whole := fileguardtest.Photo(t, 40, 20, 1)
	for name, try := range map[string]struct {
		data []byte
		kind string
	}{"too many pixels": {large.Bytes(), "image/png"}, "another type": {whole, "image/png"}, "half": {whole[:len(whole)/2], "image/jpeg"}, "nothing": {nil, "image/jpeg"}} {
		if _, err := fileguard.Clean(io.Discard, bytes.NewReader(try.data), try.kind); !errors.Is(err, fileguard.ErrImage) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A mark is found wherever reads end.
func TestWatchSeesAcrossReads(t *testing.T) {
	data := append(append(bytes.Repeat([]byte("x"), 100), "<ScRiPt"...), "x>"...)
	if _, err := io.ReadAll(fileguard.Watch(iotest.OneByteReader(bytes.NewReader(data)), "image/png")); !errors.Is(err, fileguard.ErrTwofold) {
		t.Error(err)
	}
	if got, err := io.ReadAll(fileguard.Watch(iotest.HalfReader(bytes.NewReader(data)), "text/plain")); err != nil || !bytes.Equal(got, data) {
		t.Errorf("%v %q", err, got)
	}
}

func TestNameGetsTheEndingOfItsType(t *testing.T) {
	for _, try := range [][3]string{{"Pass.PDF", "application/pdf", "Pass.PDF"}, {"Pass.exe", "application/pdf", "Pass.exe.pdf"}, {"foto", "image/jpeg", "foto.jpg"}, {"foto.JPEG", "image/jpeg", "foto.JPEG"}} {
		if got := fileguard.Name(try[0], try[1]); got != try[2] {
			t.Errorf("%s: %s", try[0], got)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add(fileguardtest.Photo(f, 8, 4, 6))
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x20Exif\x00\x00MM\x00\x2a\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, err := fileguard.Clean(io.Discard, bytes.NewReader(data), "image/jpeg")
		if err != nil && !errors.Is(err, fileguard.ErrImage) {
			t.Error(err)
		}
	})
}

// Whatever a file begins with, it is of a type that is allowed or of none, and its name gets an ending of that type
// that stays.
func FuzzKind(f *testing.F) {
	f.Add([]byte("%PDF-1.7"), "Größe 👨‍👩‍👧.pdf")
	f.Add([]byte("MZ\x90\x00"), "Pass.pdf")
	f.Add([]byte("\xff\xd8\xff\xe1"), "שלום\u202egpj.exe")
	f.Add([]byte("PK\x03\x04mimetypeapplication/vnd.oasis.opendocument.text"), strings.Repeat("ü", 400))
	f.Add([]byte("a;b\n1;2\n"), "")
	allowed := []string{"application/pdf", "image/jpeg", "text/csv"}
	f.Fuzz(func(t *testing.T, head []byte, name string) {
		kind, err := fileguard.Kind(head, allowed)
		if err != nil {
			if !errors.Is(err, fileguard.ErrType) || kind != "" {
				t.Errorf("%q: %q %v", head, kind, err)
			}
			return
		}
		if !slices.Contains(allowed, kind) {
			t.Errorf("%q is a %s", head, kind)
		}
		named := fileguard.Name(name, kind)
		if !strings.HasPrefix(named, name) || path.Ext(named) == "" || fileguard.Name(named, kind) != named {
			t.Errorf("%q becomes %q", name, named)
		}
	})
}

// However a file comes in pieces, it is refused exactly if it holds a mark of another type, and passes unchanged
// otherwise.
func FuzzWatch(f *testing.F) {
	for _, s := range []string{"\x89PNG PK\x05\x06", "<SCRIPT", "a<sv\x00g<SvG", "<!DOCTYPE\u212a html", "Fundbüro 🐕 שלום", strings.Repeat("x", 100) + "<HtMl"} {
		f.Add([]byte(s), uint8(3))
	}
	f.Fuzz(func(t *testing.T, data []byte, size uint8) {
		plain := strings.Map(func(r rune) rune {
			if 'A' <= r && r <= 'Z' {
				return r + 'a' - 'A'
			}
			return r
		}, latin(data))
		twofold := false
		for _, mark := range []string{"pk\x05\x06", "<script", "<html", "<!doctype html", "<svg"} {
			twofold = twofold || strings.Contains(plain, mark)
		}
		var got bytes.Buffer
		_, err := io.CopyBuffer(struct{ io.Writer }{&got}, struct{ io.Reader }{fileguard.Watch(bytes.NewReader(data), "image/png")}, make([]byte, 1+int(size)))
		if errors.Is(err, fileguard.ErrTwofold) != twofold || !twofold && (err != nil || !bytes.Equal(got.Bytes(), data)) {
			t.Errorf("%q in pieces of %d: %v, %q", data, 1+int(size), err, got.Bytes())
		}
	})
}

// latin makes each byte a character, so that no two become one.
func latin(data []byte) string {
	var b strings.Builder
	for _, c := range data {
		b.WriteRune(rune(c))
	}
	return b.String()
}
