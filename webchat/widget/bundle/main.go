// Command bundle turns the widget's sources into the files that the service embeds. It needs no
// npm: esbuild is a Go library, and the widget has no dependencies.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"schalter/webchat/widget"
)

func main() {
	if err := run("."); err != nil {
		fmt.Fprintln(os.Stderr, "bundle:", err)
		os.Exit(1)
	}
}

// run writes dist in the widget's folder.
func run(dir string) error {
	files, err := build(dir)
	if err != nil {
		return err
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, "dist", name), data, 0o644); err != nil {
			return fmt.Errorf("write bundle: %w", err)
		}
	}
	fmt.Print(report(files))
	return nil
}

// The budget, in bytes after gzip: what is loaded before the first click, everything that every
// citizen loads, and what is loaded beside it where a card is shown or a file sent.
const (
	loaderBudget = 3 << 10
	allBudget    = 20 << 10
	lazyBudget   = 10 << 10
)

// report says what the files weigh.
func report(files map[string][]byte) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(&b, "%-18s %6d B %6d B gzip\n", name, len(files[name]), weight(files[name]))
	}
	loader, all := sizes(files)
	fmt.Fprintf(&b, "before the first click %d of %d B, everything %d of %d B, what is loaded when used %d of %d B\n",
		loader, loaderBudget, all, allBudget, lazySize(files), lazyBudget)
	return b.String()
}

// lazy are the parts that are loaded when they are used, each behind those that it loads itself.
var lazy = []string{"exchange", "cards"}

// ofLazy matches the keys of their words.
var ofLazy = regexp.MustCompile("^(card|form|rating|upload)_")

// lazySize is what they weigh together, with the largest catalogue of their words.
func lazySize(files map[string][]byte) int {
	all, catalogue := 0, 0
	for _, name := range lazy {
		all += weight(files[name+".js"])
	}
	for _, name := range widget.Languages {
		catalogue = max(catalogue, weight(files[widget.More+name+".txt"]))
	}
	return all + catalogue
}

func weight(data []byte) int { return len(widget.NewFile("", data).Gzip) }

// sizes are the gzipped sizes of the loader, and of everything that one citizen can come to load:
// the loader, the larger of its two ways on, and the largest catalogue.
func sizes(files map[string][]byte) (loader, all int) {
	catalogue := 0
	for _, name := range widget.Languages {
		catalogue = max(catalogue, weight(files[name+".txt"]))
	}
	loader = weight(files[widget.Loader])
	return loader, loader + max(weight(files["chat.js"]), weight(files["frame.js"])) + catalogue
}

// build returns the bundle's files by name. Each file's version goes into those that load it.
func build(dir string) (map[string][]byte, error) {
	files := map[string][]byte{}
	words := map[string]map[string]string{}
	places := map[string]any{} // the same in every catalogue, for all have the same keys
	catalogues, err := readCatalogues(dir)
	if err != nil {
		return nil, err
	}
	for name, catalogue := range catalogues {
		launcher, rest, more := map[string]string{}, []string{}, []string{}
		for _, key := range slices.Sorted(maps.Keys(catalogue)) {
			if short, ok := strings.CutPrefix(key, "launcher_"); ok {
				launcher[short] = catalogue[key]
			} else if ofLazy.MatchString(key) {
				places["say."+key] = len(more)
				more = append(more, catalogue[key])
			} else if !strings.HasPrefix(key, "page_") { // those are the server's
				places["say."+key] = len(rest)
				rest = append(rest, catalogue[key])
			}
		}
		words[name] = launcher
		files[name+".txt"], files[widget.More+name+".txt"] = []byte(strings.Join(rest, "\n")), []byte(strings.Join(more, "\n"))
	}
	define := maps.Clone(places)
	define["TEXTS"] = widget.TextsVersion(func(name string) []byte { return files[name] })
	for _, name := range append(slices.Clone(lazy), "chat", "frame") { // each names those before it
		data, err := bundle(dir, name, api.FormatESModule, define)
		if err != nil {
			return nil, err
		}
		file := widget.NewFile(name+".js", data)
		files[file.Name] = data
		define[strings.ToUpper(name)] = file.Versioned
		define[strings.ToUpper(name)+"_HASH"] = file.Integrity
	}
	define["WORDS"] = ordered(words)
	if files[widget.Loader], err = bundle(dir, "loader", api.FormatIIFE, define); err != nil {
		return nil, err
	}
	return files, nil
}

// ordered writes an object whose first key is the default language.
func ordered(words map[string]map[string]string) json.RawMessage {
	var b bytes.Buffer
	for i, name := range widget.Languages {
		data, _ := compact(words[name]) // strings only: cannot fail
		fmt.Fprintf(&b, "%s%q:%s", []string{"{", ","}[min(i, 1)], name, data)
	}
	b.WriteByte('}')
	return b.Bytes()
}

// ours matches names of members that may become short: they stand in no answer of the API, nothing that is
// stored, no interface of the browser, and nothing that the loader and what it loads tell each other.
const ours = "^(" +
	"act|amend|around|asleep|atEnd|begun|box|changed|chat|complain|composer|describe|draft|element|giveBack|isOpen|" +
	"keep|known|lastSeq|late|lead|leading|links|list|log|looked|node|outer|pause|pickUp|prepare|prolong|reads|rest|" +
	"save|session|shell|shown|speaks|subtitle|switched|ticks|touched|update|wait|wake|watcher|watches" +
	")$"

func bundle(dir, name string, format api.Format, define map[string]any) ([]byte, error) {
	defines := map[string]string{}
	for key, value := range define {
		data, err := compact(value)
		if err != nil {
			return nil, err
		}
		defines[key] = string(data)
	}
	root, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("bundle %s: %w", name, err)
	}
	result := api.Build(api.BuildOptions{
		AbsWorkingDir: root, EntryPoints: []string{"src/" + name + ".ts"}, Bundle: true, Format: format,
		Target: api.ES2022, Charset: api.CharsetUTF8, LegalComments: api.LegalCommentsNone, Define: defines,
		MinifySyntax: true, MinifyWhitespace: true, MinifyIdentifiers: true, LogLevel: api.LogLevelSilent, MangleProps: ours,
		TsconfigRaw: `{"compilerOptions": {"useDefineForClassFields": false}}`,
		Plugins:     []api.Plugin{{Name: "styles", Setup: styles}},
	})
	if len(result.Errors) > 0 {
		var all []error
		for _, line := range api.FormatMessages(result.Errors, api.FormatMessagesOptions{}) {
			all = append(all, errors.New(strings.TrimSpace(line)))
		}
		return nil, errors.Join(all...)
	}
	code := result.OutputFiles[0].Contents
	if missing := regexp.MustCompile(`\bsay\.\w+`).Find(code); missing != nil {
		return nil, fmt.Errorf("bundle %s: %s is in no catalogue", name, missing)
	}
	return code, nil
}

// styles imports a style sheet as a minified string, for a constructable style sheet.
func styles(build api.PluginBuild) {
	build.OnLoad(api.OnLoadOptions{Filter: `\.css$`}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
		css, err := os.ReadFile(args.Path)
		if err != nil {
			return api.OnLoadResult{}, fmt.Errorf("read styles: %w", err)
		}
		result := api.Transform(string(css), api.TransformOptions{
			Loader: api.LoaderCSS, MinifySyntax: true, MinifyWhitespace: true, Charset: api.CharsetUTF8,
			Engines: []api.Engine{{Name: api.EngineChrome, Version: "111"}, {Name: api.EngineFirefox, Version: "115"}, {Name: api.EngineSafari, Version: "16.4"}},
		})
		if len(result.Errors) > 0 || len(result.Warnings) > 0 {
			return api.OnLoadResult{Errors: append(result.Errors, result.Warnings...)}, nil
		}
		text := strings.TrimSpace(string(result.Code))
		return api.OnLoadResult{Contents: &text, Loader: api.LoaderText}, nil
	})
}

// readCatalogues reads the words and fails when a catalogue lacks a key, has one too many, or
// loses a value that is to be put in.
func readCatalogues(dir string) (map[string]map[string]string, error) {
	all := map[string]map[string]string{}
	var wrong []error
	for _, name := range widget.Languages {
		data, err := os.ReadFile(filepath.Join(dir, "text", name+".json"))
		if err != nil {
			return nil, fmt.Errorf("read catalogue: %w", err)
		}
		var words map[string]string
		if err := json.Unmarshal(data, &words); err != nil {
			return nil, fmt.Errorf("catalogue %s: %w", name, err)
		}
		all[name] = words
		wrong = append(wrong, compare(name, all[widget.Languages[0]], words)...)
	}
	return all, errors.Join(wrong...)
}

var placeholder = regexp.MustCompile(`\{[a-z]+\}`)

func compare(name string, first, words map[string]string) []error {
	var wrong []error
	for key := range words {
		if _, ok := first[key]; !ok {
			wrong = append(wrong, fmt.Errorf("catalogue %s: key %s is in no other", name, key))
		}
	}
	for key, text := range first {
		switch {
		case strings.TrimSpace(words[key]) == "":
			wrong = append(wrong, fmt.Errorf("catalogue %s: key %s is missing", name, key))
		case !slices.Equal(slices.Sorted(slices.Values(placeholder.FindAllString(text, -1))), slices.Sorted(slices.Values(placeholder.FindAllString(words[key], -1)))):
			wrong = append(wrong, fmt.Errorf("catalogue %s: key %s has other values to put in than %q", name, key, text))
		case strings.Contains(words[key], "\n"): // it travels as a line
			wrong = append(wrong, fmt.Errorf("catalogue %s: key %s has several lines", name, key))
		case strings.ContainsRune(words[key], '\u00df'):
			wrong = append(wrong, fmt.Errorf("catalogue %s: key %s is not written as in Switzerland", name, key))
		}
	}
	return wrong
}

// compact writes JSON with sorted keys and without escaping what needs none.
func compact(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return bytes.TrimSpace(b.Bytes()), nil
}
