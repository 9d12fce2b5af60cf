package webchat

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

// getCounter answers GET /api/v1/counter: whose counter it is and what citizens are told before
// they write. The notice is empty where the city has none in that language; the widget then says
// its own.
func (s *Server) getCounter(c *gin.Context) {
	lang := languageOf(c)
	c.Header("Content-Language", lang)
	c.JSON(http.StatusOK, gin.H{"city": s.city.name, "notice": s.city.notices[lang], "privacy_url": s.city.privacyURL, "requests": s.requestOffer(lang)})
}

// city is whose counter it is.
type city struct {
	name       string
	notices    map[string]string
	privacyURL string
}
