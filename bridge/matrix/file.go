package matrix

import (
	"math"
	"mime"
	"regexp"
	"strings"

	"schalter/bridge"
)

// mediaURI is an mxc URI whose parts may stand in a path (specification, "Matrix Content (mxc)
// URIs").
var mediaURI = regexp.MustCompile(`^mxc://([A-Za-z0-9.:\[\]-]{1,255})/([A-Za-z0-9_~=-]{1,255})$`)

const unknownType = "application/octet-stream"

// readFile reads what a message of one of the file types brings along (specification, "m.file" and
// its like). It returns the class of what can't be used.
func readFile(out *bridge.Event, content map[string]any) string {
	if _, encrypted := content["file"].(map[string]any); encrypted {
		return bridge.ClassEncryptedFile
	}
	uri, _ := content["url"].(string)
	if !mediaURI.MatchString(uri) {
		return classMistyped
	}
	body, _ := content["body"].(string)
	name, named := content["filename"].(string)
	if !named || name == "" {
		name = body
	}
	info, _ := content["info"].(map[string]any)
	f := bridge.File{
		Name: bridge.CleanFileName(name), Type: mediaType(info["mimetype"]), URI: bridge.MediaURI(uri),
		Size: whole(info["size"], math.MaxInt32), Width: int(whole(info["w"], 1<<16)), Height: int(whole(info["h"], 1<<16)),
	}
	if f.Name == "" {
		f.Name = "file"
	}
	out.File, out.Captioned = &f, named && body != name && strings.TrimSpace(CleanText(body)) != ""
	return ""
}

// mediaType is a media type without parameters.
func mediaType(v any) string {
	s, _ := v.(string)
	kind, _, err := mime.ParseMediaType(s)
	if err != nil || len(kind) > 100 || !strings.Contains(kind, "/") {
		return unknownType
	}
	return kind
}

// whole is a number as JSON has it; 0 for what is none, or out of bounds.
func whole(v any, most float64) int64 {
	n, _ := v.(float64)
	if !(n > 0 && n <= most) {
		return 0
	}
	return int64(n)
}
