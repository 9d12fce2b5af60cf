package fileguard

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"

	_ "golang.org/x/image/webp" // a decoder
)

// mostPixels bound an image before it is decoded, by its type: a JPEG takes less than two bytes for
// each, the others up to eight.
var mostPixels = map[string]int{"image/jpeg": 40_000_000, "image/png": 16_000_000, "image/webp": 16_000_000}

// one: images are worked on one after the other, for each is held as a whole.
var one = make(chan struct{}, 1)

// Cleaned is what an image has become.
type Cleaned struct {
	Type          string
	Width, Height int
}

// Clean writes an image anew: upright, and with nothing of the original but its picture, so that place
// and time of a photo are gone. A JPEG stays one; the others become PNG. r is read from its beginning
// several times. Errors: ErrImage, those of r and w.
func Clean(w io.Writer, r io.ReadSeeker, t string) (Cleaned, error) {
	one <- struct{}{}
	defer func() { <-one }()
	config, format, err := image.DecodeConfig(r)
	if err != nil || "image/"+format != t || config.Width <= 0 || config.Height <= 0 || config.Width > mostPixels[t]/config.Height {
		return Cleaned{}, errors.Join(ErrImage, err)
	}
	lies := 1
	if t == "image/jpeg" {
		if _, err := r.Seek(0, io.SeekStart); err != nil {
			return Cleaned{}, err
		}
		lies = orientation(r)
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return Cleaned{}, err
	}
	m, _, err := image.Decode(r)
	if err != nil {
		return Cleaned{}, fmt.Errorf("%w: %w", ErrImage, err)
	}
	m = upright(m, lies)
	out := Cleaned{Type: t, Width: m.Bounds().Dx(), Height: m.Bounds().Dy()}
	if t == "image/jpeg" {
		return out, jpeg.Encode(w, m, &jpeg.Options{Quality: 90})
	}
	out.Type = "image/png"
	return out, png.Encode(w, m)
}

// upright turns an image as its orientation says (EXIF 2.32, tag 274).
func upright(m image.Image, orientation int) image.Image {
	if orientation <= 1 || orientation > 8 {
		return m
	}
	return turned{m, orientation}
}

// turned shows an image turned, and holds no picture of its own.
type turned struct {
	image.Image
	orientation int
}

// Bounds begin at 0, 0.
func (t turned) Bounds() image.Rectangle {
	b := t.Image.Bounds()
	if t.orientation >= 5 {
		return image.Rect(0, 0, b.Dy(), b.Dx())
	}
	return image.Rect(0, 0, b.Dx(), b.Dy())
}

func (t turned) At(x, y int) color.Color {
	b := t.Image.Bounds()
	right, bottom := b.Dx()-1, b.Dy()-1
	switch t.orientation {
	case 2:
		x = right - x
	case 3:
		x, y = right-x, bottom-y
	case 4:
		y = bottom - y
	case 5:
		x, y = y, x
	case 6:
		x, y = y, bottom-x
	case 7:
		x, y = right-y, bottom-x
	case 8:
		x, y = right-y, x
	}
	return t.Image.At(b.Min.X+x, b.Min.Y+y)
}
