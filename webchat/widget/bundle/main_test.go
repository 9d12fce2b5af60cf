package main

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"schalter/webchat/widget"
)

const folder = ".."

// The committed bundle is what the sources give, no more and no less.
func TestBundleIsFresh(t *testing.T) {
	files, err := build(folder)
	if err != nil {
		t.Fatal(err)
	}
	committed, err := widget.Load()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := slices.Sorted(maps.Keys(committed)), slices.Sorted(maps.Keys(files)); !slices.Equal(got, want) {
		t.Fatalf("dist holds %v, the sources give %v", got, want)
	}
	for name, data := range files {
		if !bytes.Equal(committed[name].Data, data) {
			t.Errorf("dist/%s is not what the sources give: go generate ./webchat/widget", name)
		}
	}
}

func TestBudget(t *testing.T) {
	files, err := build(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%s", report(files))
	loader, all := sizes(files)
	if loader > loaderBudget {
		t.Errorf("the loader weighs %d bytes of %d", loader, loaderBudget)
	}
	if all > allBudget {
		t.Errorf("everything weighs %d bytes of %d", all, allBudget)
	}
	for _, name := range lazy {
		if weight(files[name+".js"]) < 1<<10 {
			t.Errorf("%s weighs nothing", name)
		}
	}
	if weighs := lazySize(files); weighs > lazyBudget {
		t.Errorf("what is loaded when it is used weighs %d bytes of %d", weighs, lazyBudget)
	}
}

// The loader names the files that are served, and holds them against their content.
func TestLoaderNamesWhatIsServed(t *testing.T) {
	files, err := widget.Load()
	if err != nil {
		t.Fatal(err)
	}
	loader, chat := string(files[widget.Loader].Data), string(files["chat.js"].Data)
	for _, name := range []string{"chat.js", "frame.js"} {
		if !strings.Contains(loader, files[name].Versioned) || !strings.Contains(loader, files[name].Integrity) {
			t.Errorf("the loader does not name %s with its hash", name)
		}
	}
	for _, name := range widget.Languages {
		version, ok := strings.CutPrefix(files[name+".txt"].Versioned, name+"-")
		if !ok || !strings.Contains(chat, "}-"+version) {
			t.Errorf("the chat does not name the catalogue %s", name)
		}
		more, ok := strings.CutPrefix(files[widget.More+name+".txt"].Versioned, widget.More+name+"-")
		if !ok || !strings.Contains(string(files["cards.js"].Data), widget.More+"${") || !strings.Contains(string(files["cards.js"].Data), "}-"+more) {
			t.Errorf("the cards do not name the catalogue %s", name)
		}
	}
	for _, name := range []string{"cards.js", "exchange.js"} {
		if !strings.Contains(chat, files[name].Versioned) {
			t.Errorf("the chat does not name %s", name)
		}
	}
	if !strings.Contains(string(files["cards.js"].Data), files["exchange.js"].Versioned) {
		t.Error("the cards do not name what fills forms")
	}
	for name, f := range files {
		if regexp.MustCompile(`\beval\(|new Function|innerHTML|outerHTML|insertAdjacentHTML|document\.write|document\.cookie`).Match(f.Data) {
			t.Errorf("%s makes code or elements of text, or uses a cookie", name)
		}
	}
}

// Every key that is said is in the catalogues, and every key of theirs is said.
func TestKeys(t *testing.T) {
	catalogues, err := readCatalogues(folder)
	if err != nil {
		t.Fatal(err)
	}
	var sources strings.Builder
	for _, pattern := range []string{"src/*.ts", "../page/*.html", "../plain*.go", "../counter.go"} {
		paths, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil || len(paths) == 0 {
			t.Fatalf("no sources in %s: %v", pattern, err)
		}
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			sources.Write(data)
		}
	}
	text := sources.String()
	said := map[string]bool{}
	for _, found := range regexp.MustCompile(`\bsay\.([a-z_]+)|[wW]ords\.([a-z_]+)|[wW]ords\["([a-z_]+)"\]|"((?:[a-z]+_)+[a-z]+)"`).FindAllStringSubmatch(text, -1) {
		for _, key := range found[1:] {
			said[key], said["launcher_"+key] = true, true
		}
	}
	for key := range catalogues["de-CH"] {
		// The pages put the ends of state_… together.
		if !said[key] && !strings.HasPrefix(key, "state_") {
			t.Errorf("key %s is never said", key)
		}
	}
	for _, found := range regexp.MustCompile(`\bsay\.([a-z_]+)`).FindAllStringSubmatch(text, -1) {
		if _, ok := catalogues["de-CH"][found[1]]; !ok {
			t.Errorf("key %s is said and in no catalogue", found[1])
		}
	}
}

// What may become short in the bundle is no name that the API gives.
func TestOursAreNotTheAPIs(t *testing.T) {
	api, err := os.ReadFile(filepath.Join(folder, "../openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`(?m)^ +(\w+):`).FindAllSubmatch(api, -1)
	if len(names) < 100 {
		t.Fatalf("%d names in the description of the API", len(names))
	}
	for _, name := range names {
		if regexp.MustCompile(ours).Match(name[1]) {
			t.Errorf("%s is a name of the API's as well", name[1])
		}
	}
}

// A catalogue that lacks a key, says nothing, or loses a value fails the build.
func TestCompare(t *testing.T) {
	first := map[string]string{"hello": "Grüezi {name}", "street": "Strasse"}
	for name, words := range map[string]map[string]string{
		"a key missing":   {"hello": "Salut {name}"},
		"an empty text":   {"hello": "Salut {name}", "street": " "},
		"a value missing": {"hello": "Salut", "street": "Rue"},
		"a key too many":  {"hello": "Salut {name}", "street": "Rue", "more": "Plus"},
		"a second line":   {"hello": "Salut\n{name}", "street": "Rue"},
		"a German ß":      {"hello": "Salut {name}", "street": "Straße"},
	} {
		if len(compare("fr-CH", first, words)) == 0 {
			t.Errorf("%s is let through", name)
		}
	}
	if wrong := compare("fr-CH", first, map[string]string{"hello": "Salut {name}", "street": "Rue"}); len(wrong) > 0 {
		t.Error(wrong)
	}
}
