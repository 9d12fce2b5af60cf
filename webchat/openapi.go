package webchat

import (
	_ "embed"
	"fmt"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/goccy/go-yaml"
)

//go:embed openapi.yaml
var openAPI []byte

// description is the API's description (OpenAPI 3.1), written by hand and held against real answers
// in the tests.
type description struct{ yaml, json []byte }

func newDescription() (description, error) {
	asJSON, err := yaml.YAMLToJSON(openAPI)
	if err != nil {
		return description{}, fmt.Errorf("read openapi.yaml: %w", err)
	}
	return description{yaml: openAPI, json: asJSON}, nil
}

// getOpenAPI answers GET /api/v1/openapi.json and openapi.yaml.
func (s *Server) getOpenAPI(c *gin.Context) {
	if strings.HasSuffix(c.FullPath(), ".yaml") {
		c.Data(http.StatusOK, "application/yaml", s.api.yaml)
		return
	}
	c.Data(http.StatusOK, "application/json", s.api.json)
}
