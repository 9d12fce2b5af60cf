package webchat

import (
	"cmp"
	"net/http"

	"github.com/gin-gonic/gin"
)

// getCounter answers GET /api/v1/counter: whose counter it is and what citizens are told before
// they write. Where the city has no notice in that language, ours stands in.
func (s *Server) getCounter(c *gin.Context) {
	lang := languageOf(c)
	c.Header("Content-Language", lang)
	c.JSON(http.StatusOK, gin.H{"city": s.city.name, "notice": s.noticeIn(lang), "controller": s.city.controllers[lang], "privacy_url": s.city.privacyURL, "requests": s.requestOffer(lang)})
}

func (s *Server) noticeIn(lang string) string {
	return cmp.Or(s.city.notices[lang], s.pages.words[catalogueOf[lang]]["page_notice"])
}

// city is whose counter it is.
type city struct {
	name        string
	notices     map[string]string
	controllers map[string]string
	privacyURL  string
}
