package form

import (
	"encoding/json"
	"fmt"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// compile makes the JSON Schema that answers are held against.
func compile(fields []field) (*jsonschema.Schema, error) {
	properties, required := map[string]any{}, []any{}
	for _, f := range fields {
		properties[f.Name] = f.schema()
		if f.Required {
			required = append(required, f.Name)
		}
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	err := c.AddResource("form.json", map[string]any{"type": "object", "additionalProperties": false, "properties": properties, "required": required})
	if err != nil {
		return nil, err
	}
	return c.Compile("form.json")
}

func (f field) schema() map[string]any {
	line := func(most int) map[string]any {
		return map[string]any{"type": "string", "minLength": number(max(1, f.MinLength)), "maxLength": number(most)}
	}
	var values []any
	for _, o := range f.options {
		values = append(values, o.value)
	}
	switch f.Kind {
	case Choice:
		return map[string]any{"type": "string", "enum": values}
	case Choices:
		return map[string]any{"type": "array", "items": map[string]any{"type": "string", "enum": values}, "uniqueItems": true, "minItems": number(1)}
	case Checkbox:
		if f.Required {
			return map[string]any{"type": "boolean", "const": true}
		}
		return map[string]any{"type": "boolean"}
	case Address:
		parts := map[string]any{}
		for _, p := range AddressParts {
			parts[p] = line(MaxLine)
		}
		return map[string]any{"type": "object", "additionalProperties": false, "properties": parts, "required": []any{"street", "postcode", "town"}}
	case Number:
		out := map[string]any{"type": "number"}
		if f.whole {
			out["type"] = "integer"
		}
		for key, n := range map[string]*float64{"minimum": f.Minimum, "maximum": f.Maximum, "multipleOf": f.Step} {
			if n != nil {
				out[key] = *n
			}
		}
		return out
	case Date:
		out := line(10)
		out["format"] = "date"
		return out
	case File:
		return line(64)
	}
	out := line(f.MaxLength)
	if f.Kind == Email {
		out["format"] = "email"
	}
	if f.Pattern != "" {
		out["pattern"] = "^(?:" + f.Pattern + ")$" // as browsers take it
	}
	return out
}

// number is one as the compiler takes it.
func number(n int) json.Number { return json.Number(fmt.Sprint(n)) }
