package fileguard_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
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

// Each corner comes where the orientation says (EXIF 2.32, tag 274: 6 is "the 0th row is at the right-hand side").
func TestCleanTurnsEachCorner(t *testing.T) {
	const red, green, blue, white = "red", "green", "blue", "white"
	colors := map[string]color.RGBA{red: {255, 0, 0, 255}, green: {0, 255, 0, 255}, blue: {0, 0, 255, 255}, white: {255, 255, 255, 255}}
	lying := image.NewRGBA(image.Rect(0, 0, 47, 31))
	for y := range 31 {
		for x := range 47 {
			lying.Set(x, y, colors[[]string{red, green, blue, white}[min(y/16, 1)*2+min(x/24, 1)]])
		}
	}
	for orientation, want := range map[byte][4]string{ // top left, top right, bottom left, bottom right
		1: {red, green, blue, white}, 2: {green, red, white, blue}, 3: {white, blue, green, red}, 4: {blue, white, red, green},
		5: {red, blue, green, white}, 6: {blue, red, white, green}, 7: {white, green, blue, red}, 8: {green, white, red, blue},
	} {
		var out bytes.Buffer
		if _, err := fileguard.Clean(&out, bytes.NewReader(fileguardtest.Lying(t, lying, orientation)), "image/jpeg"); err != nil {
			t.Fatal(err)
		}
		m, err := jpeg.Decode(&out)
		if err != nil {
			t.Fatal(err)
		}
		b := m.Bounds()
		var got [4]string
		for i, p := range []image.Point{{3, 3}, {b.Dx() - 4, 3}, {3, b.Dy() - 4}, {b.Dx() - 4, b.Dy() - 4}} {
			r, g, bl, _ := m.At(p.X, p.Y).RGBA()
			for name, c := range colors {
				if (r > 0x8000) == (c.R > 0) && (g > 0x8000) == (c.G > 0) && (bl > 0x8000) == (c.B > 0) {
					got[i] = name
				}
			}
		}
		if got != want || (b.Dx() == 47) != (orientation < 5) {
			t.Errorf("%d: %v %v, want %v", orientation, b, got, want)
		}
	}
}

// What a phone's photo of 12 megapixels costs that lies on its side.
func BenchmarkCleanPhoto(b *testing.B) {
	photo := fileguardtest.Lying(b, image.NewRGBA(image.Rect(0, 0, 4000, 3000)), 6)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := fileguard.Clean(io.Discard, bytes.NewReader(photo), "image/jpeg"); err != nil {
			b.Fatal(err)
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
