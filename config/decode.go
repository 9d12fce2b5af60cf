package config

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// decode fills into from YAML. The decoder's own strictness is not enough: it takes a number for a
// text, a text for a number, cuts 5.5 to 5 and stops at the first unknown key. So the tree is held
// against the types first.
func decode(name string, data []byte, into *Config) (source, Problems) {
	src := source{name: name, lines: map[string]int{"": 1}}
	file, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return src, Problems{yamlProblem(name, err)}
	}
	var body ast.Node
	for _, doc := range file.Docs {
		switch {
		case doc.Body == nil:
		case body != nil:
			return src, Problems{{File: name, Line: lineOf(doc.Body), Reason: "a second document; there must be one"}}
		default:
			body = doc.Body
		}
	}
	if body == nil {
		return src, Problems{{File: name, Line: 1, Reason: "the file is empty"}}
	}
	s := shape{source: src}
	s.check("", body, reflect.TypeFor[Config]())
	if len(s.problems) > 0 {
		return src, s.problems
	}
	if err := yaml.NewDecoder(bytes.NewReader(data), yaml.Strict(), yaml.UseOrderedMap()).Decode(into); err != nil {
		return src, Problems{yamlProblem(name, err)}
	}
	return src, nil
}

func yamlProblem(name string, err error) Problem {
	p := Problem{File: name, Line: 1, Reason: "cannot be read as YAML"}
	var at yaml.Error
	if errors.As(err, &at) {
		p.Reason = at.GetMessage()
		if token := at.GetToken(); token != nil && token.Position != nil {
			p.Line = max(1, token.Position.Line)
		}
	}
	return p
}

func lineOf(n ast.Node) int {
	if token := n.GetToken(); token != nil && token.Position != nil {
		return token.Position.Line
	}
	return 1
}

// shape holds a YAML tree against Go types and notes where each key stands.
type shape struct {
	source
	problems Problems
}

func (s *shape) refuse(key string, n ast.Node, format string, args ...any) {
	s.problems = append(s.problems, Problem{File: s.name, Line: lineOf(n), Key: key, Reason: fmt.Sprintf(format, args...)})
}

func (s *shape) check(key string, n ast.Node, t reflect.Type) {
	switch n.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode, *ast.MergeKeyNode:
		s.refuse(key, n, "anchors, aliases and tags are not understood here; write the value out")
		return
	}
	switch t.Kind() {
	case reflect.Interface:
		s.anything(key, n)
	case reflect.Struct:
		fields := map[string]reflect.Type{}
		for i := range t.NumField() {
			if tag := t.Field(i).Tag.Get("yaml"); tag != "" {
				fields[tag] = t.Field(i).Type
			}
		}
		s.mapping(key, n, func(name string) (reflect.Type, bool) { f, ok := fields[name]; return f, ok })
	case reflect.Map:
		s.mapping(key, n, func(string) (reflect.Type, bool) { return t.Elem(), true })
	case reflect.Slice:
		list, ok := n.(*ast.SequenceNode)
		if !ok {
			s.refuse(key, n, "must be a list, is %s", kindOf(n))
			return
		}
		for i, v := range list.Values {
			item := fmt.Sprintf("%s[%d]", key, i)
			s.lines[item] = lineOf(v)
			s.check(item, v, t.Elem())
		}
	case reflect.String:
		switch n.(type) {
		case *ast.StringNode, *ast.LiteralNode:
		default:
			s.refuse(key, n, "must be a text, is %s%s", kindOf(n), quoteHint(n))
		}
	case reflect.Int:
		if _, ok := n.(*ast.IntegerNode); !ok {
			s.refuse(key, n, "must be a whole number, is %s", kindOf(n))
		}
	case reflect.Bool:
		if _, ok := n.(*ast.BoolNode); !ok {
			s.refuse(key, n, "must be true or false, is %s", kindOf(n))
		}
	default:
		panic("config: no rule for " + t.String())
	}
}

// anything notes where each key stands of what has a shape of its own: a JSON Schema.
func (s *shape) anything(key string, n ast.Node) {
	switch n := n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		s.mapping(key, n, func(string) (reflect.Type, bool) { return reflect.TypeFor[any](), true })
	case *ast.SequenceNode:
		for i, v := range n.Values {
			item := fmt.Sprintf("%s[%d]", key, i)
			s.lines[item] = lineOf(v)
			s.check(item, v, reflect.TypeFor[any]())
		}
	}
}

func (s *shape) mapping(key string, n ast.Node, typeOf func(string) (reflect.Type, bool)) {
	var entries []*ast.MappingValueNode
	switch m := n.(type) {
	case *ast.MappingNode:
		entries = m.Values
	case *ast.MappingValueNode:
		entries = []*ast.MappingValueNode{m}
	default:
		s.refuse(key, n, "must be a section of keys, is %s", kindOf(n))
		return
	}
	seen := map[string]bool{}
	for _, e := range entries {
		name, ok := e.Key.(*ast.StringNode)
		if !ok {
			s.refuse(key, e.Key, "has a key that is %s; keys are texts", kindOf(e.Key))
			continue
		}
		path := name.Value
		if key != "" {
			path = key + "." + path
		}
		if seen[name.Value] {
			s.refuse(path, e.Key, "is there twice; it stands in line %d already", s.lines[path])
			continue
		}
		seen[name.Value] = true
		t, known := typeOf(name.Value)
		if !known {
			s.refuse(path, e.Key, "unknown key")
			continue
		}
		s.lines[path] = lineOf(e.Key)
		s.check(path, e.Value, t)
	}
}

func kindOf(n ast.Node) string {
	switch n.(type) {
	case *ast.StringNode, *ast.LiteralNode:
		return "a text"
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "a number"
	case *ast.BoolNode:
		return "true or false"
	case *ast.NullNode:
		return "empty"
	case *ast.SequenceNode:
		return "a list"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a section of keys"
	default:
		return "something else"
	}
}

func quoteHint(n ast.Node) string {
	switch n.(type) {
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode, *ast.BoolNode:
		return "; put it in quotes"
	}
	return ""
}
