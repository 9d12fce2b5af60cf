// Package fileguardtest makes files for tests.
package fileguardtest

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"testing"
)

// Photo is a JPEG whose left half is red, with an EXIF that says how to turn it and where it was taken.
func Photo(t testing.TB, w, h int, orientation byte) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.Set(x, y, color.RGBA{B: 255, A: 255})
			if x < w/2 {
				m.Set(x, y, color.RGBA{R: 255, A: 255})
			}
		}
	}
	return Lying(t, m, orientation)
}

// Lying is an image as a JPEG, with an EXIF that says how to turn it and where it was taken.
func Lying(t testing.TB, m image.Image, orientation byte) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, m, nil); err != nil {
		t.Fatal(err)
	}
	exif := []byte("Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x02\x01\x12\x00\x03\x00\x00\x00\x01\x00\x00\x00\x00\x88\x25\x00\x04\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00GPS 47.3925 N")
	exif[6+8+2+9] = orientation
	head := []byte{0xff, 0xd8, 0xff, 0xe1, 0, byte(len(exif) + 2)}
	return append(append(head, exif...), out.Bytes()[2:]...)
}
