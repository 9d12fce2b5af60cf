package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/goccy/go-yaml"

	"schalter/bridge/form"
)

// Form is a form that clerks send into the chat.
type Form struct {
	// Key is 1 to 40 lower-case letters, digits or hyphens.
	Key string `yaml:"key"`
	// Schema is a JSON Schema as package form reads it.
	Schema any `yaml:"schema"`
}

// Read reads the form. Errors: form.Problems.
func (f Form) Read() (*form.Form, error) {
	var out bytes.Buffer
	if err := writeJSON(&out, f.Schema); err != nil {
		return nil, form.Problems{{Reason: "can't be written as JSON"}}
	}
	return form.Parse(out.Bytes())
}

// writeJSON keeps the order in which keys stand.
func writeJSON(out *bytes.Buffer, value any) error {
	switch value := value.(type) {
	case yaml.MapSlice:
		out.WriteByte('{')
		for i, item := range value {
			if i > 0 {
				out.WriteByte(',')
			}
			if err := writeJSON(out, fmt.Sprint(item.Key)); err != nil {
				return err
			}
			out.WriteByte(':')
			if err := writeJSON(out, item.Value); err != nil {
				return err
			}
		}
		out.WriteByte('}')
		return nil
	case []any:
		out.WriteByte('[')
		for i, item := range value {
			if i > 0 {
				out.WriteByte(',')
			}
			if err := writeJSON(out, item); err != nil {
				return err
			}
		}
		out.WriteByte(']')
		return nil
	}
	raw, err := json.Marshal(value)
	out.Write(raw)
	return err
}

func checkForms(k *checker, key string, a ServiceArea) {
	var seen []string
	for i, f := range a.Forms {
		at := fmt.Sprintf("%s.forms[%d]", key, i)
		switch {
		case !areaID.MatchString(f.Key):
			k.refuse(at+".key", "must be 1 to 40 lower-case letters, digits or hyphens")
		case slices.Contains(seen, f.Key):
			k.refuse(at+".key", "is there twice")
		}
		seen = append(seen, f.Key)
		read, err := f.Read()
		var problems form.Problems
		if errors.As(err, &problems) {
			for _, p := range problems {
				place := at + ".schema"
				if p.Path != "" {
					place += "." + p.Path
				}
				k.refuse(place, "%s", p.Reason)
			}
			continue
		}
		for _, field := range read.Fields("de", time.Time{}) {
			if field.Kind == form.File && !a.Files.Enabled {
				k.refuse(at+".schema.properties."+field.Name, "asks for a file, which this area does not take (files.enabled)")
			}
		}
	}
}
