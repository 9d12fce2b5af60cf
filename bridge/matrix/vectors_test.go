package matrix

import (
	"strings"
	"testing"
	"time"
)

// vectors are known ways to smuggle something through a sanitiser.
var vectors = []string{
	`<script>alert(1)</script>`, `<SCRIPT SRC=https://evil.example/x.js></SCRIPT>`, `<scr<script>ipt>alert(1)</scr</script>ipt>`,
	`<script/x>alert(1)</script>`, "<script\x00>alert(1)</script>", `<<script>alert(1);//<</script>`, `<script>alert(1)`,
	`<img src=x onerror=alert(1)>`, `<img src="javascript:alert(1)">`, `<img """><script>alert(1)</script>">`, `<image src=x onerror=alert(1)>`,
	`<b onclick=alert(1)>x</b>`, `<b/onclick=alert(1)>x</b>`, "<b\nonmouseover\n=\nalert(1)>x</b>", `<p style="background:url(javascript:alert(1))">x</p>`,
	`<a href="javascript:alert(1)">x</a>`, `<a href="JaVaScRiPt:alert(1)">x</a>`, "<a href=\"java\tscript:alert(1)\">x</a>", "<a href=\"java\nscript:alert(1)\">x</a>",
	`<a href="&#106;&#97;&#118;&#97;script:alert(1)">x</a>`, `<a href="&#x6A&#x61vascript:alert(1)">x</a>`, "<a href=\" \x01javascript:alert(1)\">x</a>",
	`<a href="data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==">x</a>`, `<a href="vbscript:msgbox(1)">x</a>`, `<a href="blob:https://example.org/1">x</a>`,
	`<a href="//evil.example">x</a>`, `<a href="/admin">x</a>`, `<a href="?close=1">x</a>`, `<a href="https:evil">x</a>`, `<a href="file:///etc/passwd">x</a>`,
	`<a href="https://matrix.to/#/@keller:example.org">Keller</a>`, `<a href="https://MATRIX.TO./#/@keller:example.org">x</a>`, `<a href="http://user@matrix.to/#/!room">x</a>`,
	`<a href="matrix:u/keller:example.org">x</a>`, `<a href="mxc://example.org/x">x</a>`,
	`<iframe src="javascript:alert(1)"></iframe>`, `<iframe srcdoc="<script>alert(1)</script>">`, `<object data="data:text/html,x">`, `<embed src=x>`,
	`<svg onload=alert(1)>`, `<svg><script>alert(1)</script></svg>`, `<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>`, `<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>`,
	`<math><annotation-xml encoding="text/html"><script>alert(1)</script>`, `<noscript><p title="</noscript><img src=x onerror=alert(1)>">`, `<style>@import 'https://evil.example';</style>`,
	`<style><img src="</style><img src=x onerror=alert(1)>">`, `<textarea><img title="</textarea><img src=x onerror=alert(1)>">`, `<title><img title="</title><img src=x onerror=alert(1)>">`,
	`<xmp><p title="</xmp><img src=x onerror=alert(1)>">`, `<plaintext><img src=x onerror=alert(1)>`, `<template><script>alert(1)</script></template>`,
	`<form action="https://evil.example"><input name=q><button>x</button></form>`, `<button formaction="javascript:alert(1)">x</button>`, `<input onfocus=alert(1) autofocus>`,
	`<details ontoggle=alert(1) open>x</details>`, `<body onload=alert(1)>`, `<video><source onerror=alert(1)></video>`, `<audio src=x onerror=alert(1)>`, `<marquee onstart=alert(1)>x</marquee>`,
	`<meta http-equiv="refresh" content="0;url=https://evil.example">`, `<link rel=stylesheet href="https://evil.example">`, `<base href="https://evil.example/">`,
	`<!--<img src="--><img src=x onerror=alert(1)>">`, `<![CDATA[<script>alert(1)</script>]]>`, `<?php echo 1 ?>`, `<!DOCTYPE html><html><body>x`,
	`<span id="schalter">x</span>`, `<div class="schalter-header">x</div>`, `<code class="language-x evil">x</code>`, `<ol start="javascript:1"><li>x</ol>`, `<a name="top" id=x>x</a>`,
	`</div></div></body></html>`, `<b><i></b></i></p>`, `<a href="https://example.org" target="_self" rel="opener">x</a>`, `<table><td></table></td><b>`, `<div/><b/>x`,
	`<b>` + "\u2028" + `</b>`, "<b>\x0c\x1b[31m</b>", `&lt;script&gt;alert(1)&lt;/script&gt;`, `&#60;script&#62;`,
	"&#1", "&#13;&#10;&#0;&#x7f;&#x85;&#xd800;&#x202e;", "&\x01lt;b>", `<a href="https://example.org/&#1;">x</a>`,
}

func TestVectorsAreHarmless(t *testing.T) {
	for _, v := range vectors {
		checkHTML(t, v)
		for _, bad := range []string{"alert(1)", "evil.example"} {
			// As text it may stand there, inside a tag it may not: checkHTML has seen to that.
			if clean := CleanHTML(v); strings.Contains(clean, bad) && strings.Contains(clean, "<script") {
				t.Errorf("%q: %q", v, clean)
			}
		}
	}
}

func TestCleanHTMLKeepsWhatClerksWrite(t *testing.T) {
	const rel = ` rel="noreferrer noopener" target="_blank"`
	for in, want := range map[string]string{
		`<b>fett</b> <i>kursiv</i> <u>u</u> <del>weg</del><br>neu`:        `<b>fett</b> <i>kursiv</i> <u>u</u> <del>weg</del><br>neu`,
		`<p>Absatz</p><ul><li>eins</li><li>zwei</li></ul>`:                `<p>Absatz</p><ul><li>eins</li><li>zwei</li></ul>`,
		`<ol start="3"><li>drei</li></ol>`:                                `<ol start="3"><li>drei</li></ol>`,
		`<pre><code class="language-go">x &lt; y</code></pre>`:            `<pre><code class="language-go">x &lt; y</code></pre>`,
		`<a href="https://www.example.org/?a=1&amp;b=2#c">Seite</a>`:      `<a href="https://www.example.org/?a=1&amp;b=2#c"` + rel + `>Seite</a>`,
		`<a href="mailto:info@example.org">Mail</a>`:                      `<a href="mailto:info@example.org" rel="noreferrer">Mail</a>`,
		`<a href="https://matrix.to/#/@keller:example.org">Keller</a>: x`: `Keller: x`,
		`<img src="mxc://example.org/x" alt="Bild">danach`:                `danach`,
		`a < b & c > d "e" 'f'`:                                           `a &lt; b &amp; c &gt; d &#34;e&#34; &#39;f&#39;`,
		`<b>offen <i>und offen`:                                           `<b>offen <i>und offen</i></b>`,
		`<b>über<i>kreuz</b>zu</i>`:                                       `<b>über<i>kreuz</i></b>zu`,
		`zu</div></div>`:                                                  `zu`,
		`<table><tr><td>1</td></tr></table>`:                              `<table><tr><td>1</td></tr></table>`,
		`  <p>x</p> `:                                                     `<p>x</p>`,
		strings.Repeat("<b>", 100) + "x":                                  strings.Repeat("<b>", 100) + "x" + strings.Repeat("</b>", 100),
		strings.Repeat("<b>", 101) + "x":                                  ``,
		strings.Repeat("<b>x</b>", 500):                                   strings.Repeat("<b>x</b>", 500),
	} {
		if got := CleanHTML(in); got != want {
			t.Errorf("%s\n got %s\nwant %s", in, got, want)
		}
	}
}

// 64 KB of anything, which is what fits into an event, take no time worth speaking of.
func TestCleanHTMLIsQuick(t *testing.T) {
	for _, piece := range append(htmlPieces, "<b a=", "<a href=\"https://example.org/", "</", "&#", "<!") {
		begun := time.Now()
		CleanHTML(strings.Repeat(piece, 64<<10/len(piece)))
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("64 KB of %q took %s", piece, took)
		}
	}
}
