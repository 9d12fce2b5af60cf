package fileguard_test

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"io"
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
