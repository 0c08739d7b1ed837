package confluencetest

import "testing"

func TestRenderStorage(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ storage, want string }{
		"headings have anchors": {"<h2>First <em>look</em></h2><h2>First look</h2>", `<h2 id="First-look">First <em>look</em></h2><h2 id="First-look.1">First look</h2>`},
		"code": {
			`<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[if a < b && c {}]]></ac:plain-text-body></ac:structured-macro>`,
			`<div class="macro" data-macro="code"><pre>if a &lt; b &amp;&amp; c {}</pre></div>`,
		},
		"scripts do not run":     {`<script>alert(1)</script><p onclick="x()">a</p>`, "alert(1)<p>a</p>"},
		"no script in addresses": {`<a href="javascript:alert(1)">x</a>`, `<a href="#" rel="noopener">x</a>`},
		"what is not closed":     {`<p>a <strong>b`, "<p>a <strong>b</strong></p>"},
		"entities":               {`<p>a&nbsp;&ndash; b &lt;c&gt;</p>`, "<p>a\u00a0– b &lt;c&gt;</p>"},
		"a link to a page":       {`<ac:link><ri:page ri:content-title="Home &amp; away" /></ac:link>`, `<a>Home &amp; away</a>`},
		"a link with a text":     {`<ac:link><ri:page ri:content-title="Engineering Home" /><ac:link-body>our <em>home</em></ac:link-body></ac:link>.`, `<a href="/wiki/spaces/ENG/overview">our <em>home</em></a>.`},
		"a status":               {`<ac:structured-macro ac:name="status"><ac:parameter ac:name="colour">Green</ac:parameter><ac:parameter ac:name="title">DONE</ac:parameter></ac:structured-macro>`, `<span class="lozenge"><span hidden>Green</span><strong>DONE</strong></span>`},
		"a mention":              {`<ac:link><ri:user ri:account-id="ada" /></ac:link>`, "@Ada"},
	}
	site := New(Options{})
	site.AddUser(User{ID: "ada", Name: "Ada"})
	site.AddSpace(Space{Key: "ENG", Name: "Engineering"})
	page := site.live(site.HomePage("ENG"))
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := site.renderStorage(page, tt.storage); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}
