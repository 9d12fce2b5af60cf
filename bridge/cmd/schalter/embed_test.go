package main

import (
	"bytes"
	"strings"
	"testing"

	"schalter/config"
	"schalter/webchat/widget"
)

func TestEmbed(t *testing.T) {
	files, err := widget.Load()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := (&embedCommand{Area: "fundbuero", Lang: "fr-CH"}).print(&out, config.Example()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`<script async src="https://schalter.aarau.example/widget.js" data-service-area="fundbuero" data-language="fr-CH"></script>`,
		"/widget/" + files[widget.Loader].Versioned, files[widget.Loader].Integrity,
		"script-src https://schalter.aarau.example; connect-src https://schalter.aarau.example", "https://www.aarau.example",
		"https://schalter.aarau.example/?language=fr-CH&area=fundbuero",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, &out)
		}
	}
	if err := (&embedCommand{Area: "nirgends"}).print(&out, config.Example()); err == nil {
		t.Error("an unknown area is let through")
	}
}
