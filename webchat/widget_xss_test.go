package webchat_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
)

// vectors are the usual ways to make a browser run what is only a text: by element, by attribute,
// by address, by a parser's mistakes. They come to the widget as they are, past the sanitiser.
var vectors = []string{
	`<script>hit()</script>`, `<SCRIPT SRC=//x.example/x.js></SCRIPT>`, `<scr<script>ipt>hit()</scr</script>ipt>`, `<script/x>hit()</script >`,
	`<img src=x onerror=hit()>`, `<img src="x" onerror="hit()"/>`, `<IMG """><SCRIPT>hit()</SCRIPT>">`, `<img src=javascript:hit()>`, `<image src=x onerror=hit()>`,
	`<svg onload=hit()>`, `<svg><script>hit()</script></svg>`, `<svg><a xlink:href="javascript:hit()"><text>x</text></a></svg>`, `<svg><animate onbegin=hit() attributeName=x dur=1s>`,
	`<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=hit()&gt;">`, `<math href="javascript:hit()">x</math>`,
	`<body onload=hit()>`, `<iframe src="javascript:hit()"></iframe>`, `<iframe srcdoc="<script>parent.hit()</script>"></iframe>`, `<object data="javascript:hit()"></object>`,
	`<embed src="javascript:hit()">`, `<a href="javascript:hit()">klick</a>`, `<a href="  java&#10;script:hit()">klick</a>`, `<a href="jAvAsCrIpT&colon;hit()">klick</a>`,
	`<a href="&#106;&#97;&#118;&#97;script:hit()">klick</a>`, `<a href="data:text/html,<script>hit()</script>">klick</a>`, `<a href="vbscript:hit()">klick</a>`,
	`<a href="https://x.example/" onclick="hit()" style="position:fixed;inset:0">klick</a>`, `<a href='https://x.example/"onmouseover="hit()'>klick</a>`,
	`<p onclick=hit() onmouseover=hit() style="background:url(javascript:hit())">x</p>`, `<div style="width:expression(hit())">x</div>`,
	`<style>@import 'javascript:hit()';*{display:none}</style>`, `<link rel=stylesheet href=javascript:hit()>`, `<meta http-equiv=refresh content="0;url=javascript:hit()">`,
	`<base href="javascript:hit()//">`, `<form action="javascript:hit()"><button>x</button></form>`, `<input autofocus onfocus=hit()>`, `<button formaction=javascript:hit()>x</button>`,
	`<details open ontoggle=hit()><summary>x</summary></details>`, `<video><source onerror=hit()></video>`, `<audio src=x onerror=hit()>`, `<marquee onstart=hit()>x</marquee>`,
	`<textarea><img src=x onerror=hit()></textarea>`, `<noscript><p title="</noscript><img src=x onerror=hit()>">`, `<template><img src=x onerror=hit()></template>`,
	`<title><img src=x onerror=hit()></title>`, `<xmp><img src=x onerror=hit()></xmp>`, `<!--><img src=x onerror=hit()>-->`, `<!-- --!><img src=x onerror=hit()>`, `<![CDATA[><img src=x onerror=hit()>]]>`,
	`"><img src=x onerror=hit()>`, `'><script>hit()</script>`, `</div></p><script>hit()</script>`, `<<img src=x onerror=hit()>`, `<img/src=x/onerror=hit()//`, `<p title="a>b" onclick="hit()">x</p>`,
	`&lt;script&gt;hit()&lt;/script&gt;`, `<code class="x" onclick=hit()>x</code>`, `<ol start="1&quot; onclick=&quot;hit()"><li>x</li></ol>`, `<constructor>x</constructor><__proto__>y</__proto__>`,
	`<slot onslotchange=hit()></slot>`, `<schalter-chat onclick=hit()></schalter-chat>`, `javascript:hit()`, `https://x.example/"onmouseover="hit()`, `http://x.example/<script>hit()</script>`,
}

// Nothing that a clerk or a citizen writes runs, loads or escapes from its bubble.
func TestWidgetShowsVectorsHarmlessly(t *testing.T) {
	h := newHouse(t)
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(h.http.URL+"/?area=fundbuero&language=de-CH"), visible("#text"), chromedp.Evaluate[chromedp.Void](`(window.hits = 0, window.hit = () => { hits++ }, undefined)`),
		written(`<img src=x onerror=hit()>`), says(".citizen", "<img src=x"), says(".citizen", "gespeichert"))
	id := h.core.only(t)
	for i, v := range vectors {
		h.core.fromClerk(id, `Nora <img src=x onerror=hit()>`, v)
		h.core.fromClerkHTML(id, "Nora", v+fmt.Sprintf(`<p>nach %d</p>`, i))
	}
	h.core.fromClerk(id, "Nora", "Ende")
	do(t, ctx, says(".clerk", "Ende"), until(fmt.Sprintf(`$$(".message").length === %d`, 2*len(vectors)+2)))
	do(t, ctx, chromedp.Evaluate[chromedp.Void](lookup(`$$(".message *").forEach((e) => { for (const type of ["click", "mouseover", "focus", "toggle"]) if (e.tagName !== "A" || type !== "click") e.dispatchEvent(new Event(type, { bubbles: true })); })`)))
	if hits := evaluate[int](t, ctx, `hits`); hits != 0 {
		t.Errorf("%d vectors ran", hits)
	}
	if got := evaluate[[]string](t, ctx, `[...new Set($$(".message *:not(.more)").map((e) => e.localName))].filter((n) => !/^(span|div|p|strong|em|u|s|del|code|sup|sub|blockquote|ul|ol|li|pre|table|thead|tbody|tr|th|td|caption|details|summary|a|br|hr)$/.test(n))`); len(got) > 0 {
		t.Errorf("elements beside the allow-list: %v", got)
	}
	if got := evaluate[[]string](t, ctx, `[...new Set($$(".text *").flatMap((e) => [...e.attributes].map((a) => a.name)))].filter((n) => !/^(href|target|rel|class|start)$/.test(n))`); len(got) > 0 {
		t.Errorf("attributes beside the allow-list: %v", got)
	}
	if got := evaluate[[]string](t, ctx, `$$(".message a").filter((a) => !/^(https?|mailto):/.test(a.href) || a.rel !== "noopener noreferrer nofollow").map((a) => a.href)`); len(got) > 0 {
		t.Errorf("addresses: %v", got)
	}
	if got := evaluate[[]string](t, ctx, `performance.getEntriesByType("resource").map((e) => e.name).filter((n) => !n.startsWith(location.origin))`); len(got) > 0 {
		t.Errorf("loaded from elsewhere: %v", got)
	}
	if n := evaluate[int](t, ctx, `$$(".clerk .text").filter((e) => e.textContent.includes("nach ")).length`); n < len(vectors)-12 {
		t.Errorf("only %d of %d formatted texts kept what stands behind the vector", n, len(vectors))
	}
}

// Formatted text looks as it was meant.
func TestWidgetFormattedText(t *testing.T) {
	h := newHouse(t)
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(h.http.URL+"/?area=fundbuero&language=de-CH"), visible("#text"), written(`Siehe https://www.aarau.example/a?b=1&c=(d). Oder an info@aarau.example, bitte.`), says(".citizen", "gespeichert"))
	id := h.core.only(t)
	h.core.fromClerkHTML(id, "Nora", `<h1>Titel</h1><p>Eins &amp; <b>zwei</b> &#39;drei&#39; <em>vier<u>fünf</em></p><ol start="3"><li>a<ul><li>b</li></ul></li></ol><pre><code class="language-go">x &lt; y</code></pre>`+
		`<table><tbody><tr><td>1</td></tr></tbody></table><blockquote>q</blockquote><a href="https://x.example/?a=1&amp;b=2">L</a><br/><unbekannt>bleibt</unbekannt>`)
	do(t, ctx, says(".clerk", "bleibt"))
	want := `<p class="strong">Titel</p><p>Eins &amp; <strong>zwei</strong> 'drei' <em>vier<u>fünf</u></em></p><ol start="3"><li>a<ul><li>b</li></ul></li></ol><pre><code>x &lt; y</code></pre>` +
		`<table><tbody><tr><td>1</td></tr></tbody></table><blockquote>q</blockquote><a href="https://x.example/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer nofollow">L</a><br>bleibt`
	if got := evaluate[string](t, ctx, `$(".clerk .text").innerHTML`); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := evaluate[string](t, ctx, `$$(".citizen a").map((a) => a.href).join(" ")`); got != "https://www.aarau.example/a?b=1&c=(d mailto:info@aarau.example" {
		t.Errorf("links: %s", got)
	}
}
