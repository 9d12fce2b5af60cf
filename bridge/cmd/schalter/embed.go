package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"schalter/config"
	"schalter/webchat/widget"
)

type embedCommand struct {
	Config string `help:"The config file, for the chat's address; without it the example's." type:"existingfile"`
	Area   string `help:"Service area to begin with; without it citizens choose."`
	Lang   string `help:"Language to begin with: de-CH, fr-CH, it-CH, en or de-CH-simple." default:"de-CH" enum:"de-CH,fr-CH,it-CH,en,de-CH-simple"`
}

// Run prints the lines that put the chat on a city's page.
func (e *embedCommand) Run() error {
	c := config.Example()
	if e.Config != "" {
		var err error
		if c, err = config.Load(e.Config); err != nil {
			return err
		}
	}
	return e.print(os.Stdout, c)
}

// print writes the three ways of embedding, and the entries that each needs in the page's
// Content-Security-Policy.
func (e *embedCommand) print(w io.Writer, c *config.Config) error {
	files, err := widget.Load()
	if err != nil {
		return err
	}
	loader := files[widget.Loader]
	url := strings.TrimSuffix(c.Web.PublicURL, "/")
	data := fmt.Sprintf(` data-language="%s"`, e.Lang)
	query := "?language=" + e.Lang
	if e.Area != "" {
		if !knows(c, e.Area) {
			return fmt.Errorf("service area %q is not in the config", e.Area)
		}
		data = fmt.Sprintf(` data-service-area="%s"`, e.Area) + data
		query += "&area=" + e.Area
	}
	origins := "none yet: no foreign page may embed the chat until web.allowed_origins names it"
	if len(c.Web.AllowedOrigins) > 0 {
		origins = strings.Join(c.Web.AllowedOrigins, " ")
	}
	_, err = fmt.Fprintf(w, `Pages that may embed the chat (web.allowed_origins): %[3]s

1. The chat on the page. Always the server's version:
   <script async src="%[1]s/widget.js"%[2]s></script>
   The same, pinned to this version. After an upgrade of Schalter this line loads nothing until it
   is replaced by the new one from here.
   <script async src="%[1]s/widget/%[4]s" integrity="%[5]s" crossorigin="anonymous"%[2]s></script>
   In the page's Content-Security-Policy:
   script-src %[1]s; connect-src %[1]s
   No style-src, no 'unsafe-inline', no trusted-types entry is needed.

2. The chat in a frame, out of reach of the page's own scripts:
   <script async src="%[1]s/widget.js" data-mode="frame"%[2]s></script>
   script-src %[1]s; connect-src %[1]s; frame-src %[1]s

3. Only a link, also for e-mails and QR codes:
   <a href="%[1]s/%[6]s">Online-Schalter</a>

More, all optional: data-position="left", data-theme="light"; in the page's style sheet
   schalter-chat { --schalter-accent: #0b5a5c; --schalter-on-accent: #fff;
     --schalter-accent-dark: #7fd0cc; --schalter-on-accent-dark: #0c2b2c; --schalter-font: inherit }
In the page's scripts: Schalter.open(area), Schalter.close(),
   Schalter.on("open" | "close" | "message" | "ended", listener)
`, url, data, origins, loader.Versioned, loader.Integrity, query)
	return err
}

func knows(c *config.Config, area string) bool {
	for _, a := range c.ServiceAreas {
		if a.ID == area {
			return true
		}
	}
	return false
}
