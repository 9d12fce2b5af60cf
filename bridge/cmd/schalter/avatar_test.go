package main

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestClerkAvatar: the picture that a clerk has in Matrix comes to the citizen, small; what is no image
// does not.
func TestClerkAvatar(t *testing.T) {
	homes(t, func(t *testing.T, kind string) {
		ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
		defer cancel()
		hs, reg := home(t, kind)
		s := newSystem(t, hs, reg, "sqlite", 10)
		s.mustStart()
		picture := image.NewRGBA(image.Rect(0, 0, 300, 300))
		for i := range 300 {
			picture.Set(i, i, color.White)
		}
		var raw bytes.Buffer
		if err := png.Encode(&raw, picture); err != nil {
			t.Fatal(err)
		}
		for name, tc := range map[string]struct {
			kind string
			data []byte
			want bool
		}{
			"nora": {"image/png", raw.Bytes(), true},
			"reto": {"image/svg+xml", []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), false},
		} {
			clerk := s.clerk(name)
			if err := clerk.acceptInvites(ctx, 4); err != nil {
				t.Fatal(err)
			}
			clerk.looksLike(t, tc.kind, tc.data)
			who := &citizen{t: t, base: s.base}
			if err := who.open(ctx, areaA, "Grüezi"); err != nil {
				t.Fatal(err)
			}
			if _, err := clerk.enter(ctx, who.number); err != nil {
				t.Fatal(err)
			}
			var now struct {
				Avatar string `json:"clerk_avatar"`
			}
			eventually(t, time.Minute, func() string {
				if err := who.get("", &now); err != nil {
					return err.Error()
				}
				if now.Avatar == "" {
					return "nobody serves"
				}
				return ""
			})
			status, answer, err := who.request(ctx, http.MethodGet, strings.TrimPrefix(now.Avatar, "/api/v1/"), "", nil)
			if err != nil {
				t.Fatal(err)
			}
			shown, _, err := image.Decode(bytes.NewReader(answer))
			switch {
			case !tc.want && status != http.StatusNotFound:
				t.Errorf("%s: answered %d", name, status)
			case tc.want && (status != http.StatusOK || err != nil):
				t.Errorf("%s: answered %d %v", name, status, err)
			case tc.want && shown.Bounds().Dx() > 300:
				t.Errorf("%s: %v", name, shown.Bounds())
			}
		}
	})
}

// looksLike gives somebody a picture.
func (m *matrixUser) looksLike(t *testing.T, kind string, data []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, m.base+"/_matrix/media/v3/upload?filename=x", bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+m.token)
	r.Header.Set("Content-Type", kind)
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct {
		URI string `json:"content_uri"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer.URI == "" {
		t.Fatalf("upload answered %d %v", resp.StatusCode, err)
	}
	if status, err := m.call(t.Context(), http.MethodPut, "profile/"+m.id+"/avatar_url", map[string]string{"avatar_url": answer.URI}, nil); err != nil || status != http.StatusOK {
		t.Fatalf("avatar answered %d %v", status, err)
	}
}
