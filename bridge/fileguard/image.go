package fileguard

import (
	"errors"
	"fmt"
	"image"
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
	turned := 1
	if t == "image/jpeg" {
		if _, err := r.Seek(0, io.SeekStart); err != nil {
			return Cleaned{}, err
		}
		turned = orientation(r)
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return Cleaned{}, err
	}
	m, _, err := image.Decode(r)
	if err != nil {
		return Cleaned{}, fmt.Errorf("%w: %w", ErrImage, err)
	}
	m = upright(m, turned)
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
	b := m.Bounds()
	w, h := b.Dx(), b.Dy()
	to := image.Rect(0, 0, w, h)
	if orientation >= 5 {
		to = image.Rect(0, 0, h, w)
	}
	out := image.NewRGBA(to)
	for y := range h {
		for x := range w {
			var u, v int
			switch orientation {
			case 2:
				u, v = w-1-x, y
			case 3:
				u, v = w-1-x, h-1-y
			case 4:
				u, v = x, h-1-y
			case 5:
				u, v = y, x
			case 6:
				u, v = h-1-y, x
			case 7:
				u, v = h-1-y, w-1-x
			case 8:
				u, v = y, w-1-x
			}
			out.Set(u, v, m.At(b.Min.X+x, b.Min.Y+y))
		}
	}
	return out
}
