package fileguard

import (
	"bufio"
	"encoding/binary"
	"io"
)

// orientation is how a JPEG is to be turned, as its EXIF says (EXIF 2.32, sections 4.5 and 4.6); 1, as
// it is, when it does not.
func orientation(r io.Reader) int {
	b := bufio.NewReader(r)
	var marker [2]byte
	if _, err := io.ReadFull(b, marker[:]); err != nil || marker != [2]byte{0xff, 0xd8} {
		return 1
	}
	for range 64 { // segments before the picture
		var head [4]byte
		if _, err := io.ReadFull(b, head[:]); err != nil || head[0] != 0xff || head[1] == 0xda {
			return 1
		}
		size := int(binary.BigEndian.Uint16(head[2:])) - 2
		if size < 0 {
			return 1
		}
		segment := make([]byte, size)
		if _, err := io.ReadFull(b, segment); err != nil {
			return 1
		}
		if head[1] == 0xe1 && size > 14 && string(segment[:6]) == "Exif\x00\x00" {
			return oriented(segment[6:])
		}
	}
	return 1
}

// oriented reads the tag out of a TIFF header and its first directory.
func oriented(tiff []byte) int {
	var order binary.ByteOrder = binary.LittleEndian
	if tiff[0] == 'M' {
		order = binary.BigEndian
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return 1
	}
	entries := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(entries) < 12 {
			return 1
		}
		if order.Uint16(entries) == 274 {
			if n := int(order.Uint16(entries[8:])); n >= 1 && n <= 8 {
				return n
			}
			return 1
		}
		entries = entries[12:]
	}
	return 1
}
