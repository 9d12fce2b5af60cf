package webchat_test

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"schalter/bridge"
)

// A problem speaks the language that the request asks for.
func TestProblemLanguage(t *testing.T) {
	h := newHouse(t)
	o := h.open(`{"service_area":"fundbuero","language":"it"}`)
	for _, tc := range []struct{ path, body, accept, want string }{
		{conversations, `{"service_area":"x"}`, "", "de"},
		{conversations, `{"service_area":"x"}`, "fr-CH", "fr"},
		{conversations, `{"service_area":"x","language":"en"}`, "fr-CH", "en"},
		{conversations + "?lang=it", `{"service_area":"x","language":"en"}`, "fr-CH", "it"},
		{conversations, `{"service_area":"x","language":"de-simple"}`, "fr-CH", "de-simple"},
		{o.path() + "/messages", `{`, "fr-CH", "it"},
		{conversations + "/x/messages", `{`, "fr-CH", "fr"},
	} {
		a := h.post(tc.path, tc.body, "Accept-Language", tc.accept, "Authorization", o.bearer())
		if got := a.header.Get("Content-Language"); got != tc.want {
			t.Errorf("%s %s %s: %q, want %q", tc.path, tc.body, tc.accept, got, tc.want)
		}
	}
}

// Every catalogue says everything, in its own words; the German one as in Switzerland.
func TestCatalogues(t *testing.T) {
	read := func(name string) map[string]string {
		data, err := os.ReadFile("catalogue/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var texts map[string]string
		if err := json.Unmarshal(data, &texts); err != nil {
			t.Fatal(err)
		}
		return texts
	}
	german := read("de-CH")
	keys := slices.Sorted(maps.Keys(german))
	for _, name := range []string{"de-CH", "fr-CH", "it-CH", "en", "de-CH-simple"} {
		texts := read(name)
		if !slices.Equal(slices.Sorted(maps.Keys(texts)), keys) {
			t.Errorf("%s does not have the keys of de-CH", name)
		}
		for key, text := range texts {
			if strings.TrimSpace(text) == "" || strings.ContainsRune(text, 'ß') {
				t.Errorf("%s: %s is %q", name, key, text)
			}
		}
	}
	_, doc := described()
	kinds := doc.Components.Schemas["Problem"].Value.Properties["type"].Value.Enum
	kinds = append(kinds, doc.Components.Schemas["ClosedProblem"].Value.Properties["type"].Value.Const)
	for _, k := range kinds {
		kind, _ := k.(string)
		name := kind[strings.LastIndex(kind, "/")+1:]
		if german["title_"+name] == "" || german["detail_"+name] == "" {
			t.Errorf("no words for %q", kind)
		}
	}
	reasons := doc.Components.Schemas["Problem"].Value.Properties["reason"].Value.Enum
	for _, r := range []string{bridge.ReasonRequired, bridge.ReasonTooLong, bridge.ReasonControl, bridge.ReasonEncoding, bridge.ReasonMalformed, bridge.ReasonNotOffered} {
		if !slices.Contains(reasons, any(r)) {
			t.Errorf("reason %q is not described", r)
		}
	}
	for _, r := range reasons {
		if german["reason_"+r.(string)] == "" {
			t.Errorf("no words for reason %v", r)
		}
	}
}
