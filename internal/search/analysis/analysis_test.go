package analysis

import (
	"slices"
	"strings"
	"testing"
)

func TestTerms(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text string
		want string // terms, in order
	}{
		{"Restarting pods", "restart pod"},
		{"the server's disk", "the server disk"},
		{"don't can't o'clock I'm T's all's", "dont cant oclock im t all"},
		{"l'écurie d’un qu'il Dell'acqua un'altra", "ecuri un il acqua altra"},
		{"l'API-REST, N'text'", "api-rest apirest api rest text"},
		{"OPS-12", "ops-12 op 12"},
		{"--max-old-space-size=4096", "max-old-space-size=4096 max-old-space-size max old space size 4096"},
		{"fail-over", "fail-over failov fail over"},
		{"v1.28.3", "v1.28.3 v1 28 3"},
		{"scrape_interval", "scrape_interval scrapeinterv scrape interv"},
		{"parseHTTPRequest", "parsehttprequest pars http request"},
		{"app.kubernetes.io/managed-by", "app.kubernetes.io/managed-by app.kubernetes.io app kubernet io managed-by managedbi manag by"},
		{"https://jira.example.com/browse/OPS-12", "jira.example.com/browse/ops-12 https jira.example.com jira exampl com brows ops-12 op 12"},
		{"C++ and C#", "c++ c and c# c"},
		{"Café", "cafe"},
		{"監視", "監視"},
		{"監視設定", "監視 視設 設定"},
		{"EAI_AGAIN", "eai_again eaiagain eai again"},
		{"10.0.0.1:6432", "10.0.0.1:6432 10.0.0.1 10 0 1 6432"},
	} {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, token := range New("english").Tokens(tt.text) {
				for _, term := range token.Terms {
					got = append(got, term.Text)
				}
			}
			if s := strings.Join(got, " "); s != tt.want {
				t.Errorf("got  %s\nwant %s", s, tt.want)
			}
		})
	}
}

func TestStopWords(t *testing.T) {
	t.Parallel()
	var kept []string
	for _, token := range New("english").Tokens("How do I restart IT systems in the US?") {
		if !token.Stop {
			kept = append(kept, token.Folded)
		}
	}
	if want := []string{"restart", "it", "systems", "us"}; !slices.Equal(kept, want) {
		t.Errorf("kept %q, want %q", kept, want)
	}
}

// Documents and queries are analysed by the same code; a word must have the same terms wherever it stands.
func FuzzTokens(f *testing.F) {
	for _, s := range []string{"OPS-12 --flag=x", "監視 mixed監視text", "a.b/c_d-E", "\xff\xfe", "İstanbul ǅ ß", strings.Repeat("a-", 200)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a := New("english")
		last := 0
		for _, token := range a.Tokens(text) {
			if token.Start < last || token.End > len(text) || token.Start >= token.End {
				t.Fatalf("%q: token %+v after %d", text, token, last)
			}
			last = token.End
			for _, term := range token.Terms {
				if len(term.Text) > maxTerm {
					t.Errorf("%q: term %q is too long", text, term.Text)
				}
			}
		}
	})
}
