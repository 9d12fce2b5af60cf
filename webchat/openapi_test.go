package webchat_test

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

func TestOpenAPI(t *testing.T) {
	h := newHouse(t)
	written, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/api/v1/openapi.json", "/api/v1/openapi.yaml"} {
		a := h.get(path)
		doc, err := openapi3.NewLoader().LoadFromData(a.body)
		if err != nil {
			t.Fatal(err)
		}
		if err := doc.Validate(context.Background()); err != nil {
			t.Error(err)
		}
		if doc.OpenAPI != "3.1.0" || !strings.Contains(a.header.Get("Content-Type"), path[strings.LastIndexByte(path, '.')+1:]) {
			t.Errorf("%s: %s as %s", path, doc.OpenAPI, a.header.Get("Content-Type"))
		}
		if strings.HasSuffix(path, "yaml") && !bytes.Equal(a.body, written) {
			t.Error("served otherwise than written")
		}
	}
}
