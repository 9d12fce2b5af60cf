// Package widget holds the citizen's widget: its TypeScript sources in src, its words in text, and
// in dist the bundle that is served. The bundle is committed, so that building the service needs
// neither npm nor the bundler; a test fails when it is not what the sources give.
//
// After a change of src or text:
//
//	go generate ./webchat/widget
package widget

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

//go:generate go run ./bundle

//go:embed dist
var dist embed.FS

//go:embed text
var catalogues embed.FS

// Loader is the script that pages embed.
const Loader = "loader.js"

// Languages are the catalogues, the default first.
var Languages = []string{"de-CH", "fr-CH", "it-CH", "en", "de-CH-simple"}

// More stands before the name of a catalogue's words of the parts that are loaded when they are used.
const More = "more-"

// File is one file of the bundle.
type File struct {
	// Name is the plain name, as in dist; Versioned the one that names its content for ever.
	Name, Versioned string
	// Kind is its media type.
	Kind string
	Data []byte
	// Gzip is Data compressed, as it is sent to browsers that take it.
	Gzip []byte
	// Integrity is the value of an integrity attribute (Subresource Integrity).
	Integrity string
	// ETag is a strong validator, quotes included.
	ETag string
}

// Load returns the files of the bundle by name.
func Load() (map[string]File, error) {
	entries, err := fs.ReadDir(dist, "dist")
	if err != nil {
		return nil, fmt.Errorf("read widget: %w", err)
	}
	files := map[string]File{}
	for _, e := range entries {
		data, err := dist.ReadFile("dist/" + e.Name())
		if err != nil {
			return nil, fmt.Errorf("read widget: %w", err)
		}
		files[e.Name()] = NewFile(e.Name(), data)
	}
	version := TextsVersion(func(name string) []byte { return files[name].Data })
	for _, language := range Languages {
		for _, name := range []string{language, More + language} {
			f := files[name+".txt"]
			f.Versioned = name + "-" + version + ".txt"
			files[name+".txt"] = f
		}
	}
	return files, nil
}

// TextsVersion is what all catalogues together are called in file names, which is shorter to say than
// the version of each; file returns one of the bundle's files.
func TextsVersion(file func(name string) []byte) string {
	var all []byte
	for _, name := range Languages {
		all = append(append(all, file(name+".txt")...), 0)
		all = append(append(all, file(More+name+".txt")...), 0)
	}
	return Version(all)
}

// Words returns a catalogue, for the pages that the server itself makes.
func Words(catalogue string) (map[string]string, error) {
	data, err := catalogues.ReadFile("text/" + catalogue + ".json")
	if err != nil {
		return nil, fmt.Errorf("read catalogue: %w", err)
	}
	var words map[string]string
	if err := json.Unmarshal(data, &words); err != nil {
		return nil, fmt.Errorf("read catalogue %s: %w", catalogue, err)
	}
	return words, nil
}

// NewFile describes a file by its content.
func NewFile(name string, data []byte) File {
	var packed bytes.Buffer
	w, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression) // the level is a valid one
	_, _ = w.Write(data)                                       // a buffer takes everything
	_ = w.Close()
	version := Version(data)
	ext := path.Ext(name)
	return File{
		Name: name, Versioned: strings.TrimSuffix(name, ext) + "-" + version + ext, Kind: kinds[ext],
		Data: data, Gzip: packed.Bytes(), Integrity: Integrity(data), ETag: `"` + version + `"`,
	}
}

var kinds = map[string]string{
	".js": "text/javascript; charset=utf-8", ".txt": "text/plain; charset=utf-8",
	".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
}

// Version is what a content is called in file names: 40 bits of its SHA-256.
func Version(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:5])
}

// Integrity is the value of an integrity attribute.
func Integrity(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
