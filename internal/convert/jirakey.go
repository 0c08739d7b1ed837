package convert

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// foundKey is an issue key as it was met.
type foundKey struct {
	key  string
	tier Tier
	// query: it stands in a query, among words that may only look like keys.
	query bool
	// end is where it ends in the plain text, if it ends its piece of text: what follows was not known yet. 0 otherwise.
	end int
}

const (
	maxKeyDigits  = 7
	maxProjectKey = 64
)

// DefaultStopList are the prefixes of standards, algorithms and the like that look like issue keys.
func DefaultStopList() []string { return slices.Clone(stopList) }

//nolint:gochecknoglobals // a table
var stopList = strings.Fields(`UTF UCS ISO ASCII ANSI CP KOI GB
	IEC IEEE DIN EN ECMA RFC BCP PEP JSR JEP NIST FIPS PCI RS EAN ISBN
	SHA MD AES DES RSA CRC TLS SSL CVE CWE GHSA
	HTTP TCP UDP IPV USB HDMI GPT
	UTC GMT
	COVID SARS`)

var (
	keyInURL = regexp.MustCompile(`(?i)(?:/browse/|/issues/|/portal/[0-9]+/)([A-Z][A-Z0-9_]*[A-Z0-9]-[1-9][0-9]{0,6})(?:[/?#]|$)`)
	// The query names the issue that an agile board shows.
	keyInQuery = regexp.MustCompile(`(?i)[?&]selectedIssue=([A-Z][A-Z0-9_]*[A-Z0-9]-[1-9][0-9]{0,6})(?:[&#]|$)`)
	wholeKey   = regexp.MustCompile(`^[A-Z][A-Z0-9_]*[A-Z0-9]-[1-9][0-9]{0,6}$`)
)

// keysInText notes the keys in a piece of visible text. before is the text it follows, unless apart.
func (r *record) keysInText(s string, before []byte, apart bool) {
	for i := strings.IndexByte(s, '-'); i >= 0; {
		if start, end, ok := keyAround(s, i); ok {
			preceded := start == 0 && !apart && len(before) > 0 && continuesWord(before[len(before)-1])
			if !preceded {
				k := foundKey{key: s[start:end], tier: TierText}
				if end == len(s) {
					k.end = -1
				}
				r.keys = append(r.keys, k)
			}
		}
		next := strings.IndexByte(s[i+1:], '-')
		if next < 0 {
			return
		}
		i += 1 + next
	}
}

// pendingKey tells where in the plain text the last piece ended, for a key at its end.
func (r *record) pendingKey(end int) {
	if n := len(r.keys); n > 0 && r.keys[n-1].end < 0 {
		r.keys[n-1].end = end
	}
}

// keyAround returns the key whose dash is at i.
func keyAround(s string, i int) (start, end int, ok bool) {
	end = i + 1
	for end < len(s) && isDigit(s[end]) {
		end++
	}
	if digits := end - i - 1; digits < 1 || digits > maxKeyDigits || s[i+1] == '0' {
		return 0, 0, false
	}
	if end < len(s) && (continuesWord(s[end]) || s[end] == '.' && end+1 < len(s) && isDigit(s[end+1])) {
		return 0, 0, false
	}
	start = i
	for start > 0 && (s[start-1] >= 'A' && s[start-1] <= 'Z' || isDigit(s[start-1]) || s[start-1] == '_') {
		start--
	}
	if i-start < 2 || i-start > maxProjectKey || s[i-1] == '_' || isDigit(s[start]) || s[start] == '_' {
		return 0, 0, false
	}
	return start, end, start == 0 || !continuesWord(s[start-1])
}

// continuesWord reports characters that may not stand next to a key.
func continuesWord(c byte) bool { return isAlnum(c) || c == '_' || c == '-' }

// keysInURL notes the keys that an address names.
func (r *record) keysInURL(address string) {
	if !strings.Contains(address, "-") && !strings.Contains(address, "%2") {
		return
	}
	path, query, _ := strings.Cut(address, "?")
	if decoded, err := url.PathUnescape(path); err == nil {
		path = decoded
	}
	for _, m := range keyInURL.FindAllStringSubmatch(path, -1) {
		r.key(m[1], TierURL)
	}
	if query == "" || !strings.Contains(strings.ToLower(query), "selectedissue") {
		return
	}
	for _, m := range keyInQuery.FindAllStringSubmatch("?"+query, -1) {
		r.key(m[1], TierURL)
	}
}

// keysInQuery notes the keys written in a JQL query.
func (r *record) keysInQuery(jql string) {
	for i := range len(jql) {
		if jql[i] == '-' {
			if start, end, ok := keyAround(jql, i); ok {
				r.keys = append(r.keys, foundKey{key: jql[start:end], tier: TierMacro, query: true})
			}
		}
	}
}

func (r *record) key(key string, tier Tier) {
	r.keys = append(r.keys, foundKey{key: strings.ToUpper(key), tier: tier})
}

// resolveKeys decides which of the keys met count: all of macros and addresses, those of text by their project.
func (r *record) resolveKeys(ctx Context, text []byte) []JiraKey {
	known, confirmed, stopped := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, p := range ctx.JiraProjects {
		known[strings.ToUpper(p)] = true
	}
	stop := ctx.JiraStopList
	if stop == nil {
		stop = stopList
	}
	for _, p := range stop {
		stopped[strings.ToUpper(p)] = true
	}
	for _, k := range r.keys {
		if k.tier < TierText && !k.query {
			confirmed[project(k.key)] = true
		}
	}
	var out []JiraKey
	at := map[string]int{}
	for _, k := range r.keys {
		p := project(k.key)
		switch {
		case k.query && !confirmed[p] && !known[p] && stopped[p]:
			continue
		case k.tier == TierText && !confirmed[p] && (len(known) > 0 && !known[p] || len(known) == 0 && stopped[p]):
			continue
		case k.tier == TierText && followed(text, k.end):
			continue
		}
		if i, ok := at[k.key]; ok {
			out[i].Tier = min(out[i].Tier, k.tier)
			continue
		}
		at[k.key] = len(out)
		out = append(out, JiraKey{Key: k.key, Tier: k.tier})
	}
	return out
}

// followed reports whether the text goes on behind a key in a way that makes it none.
func followed(text []byte, end int) bool {
	if end <= 0 || end >= len(text) {
		return false
	}
	return continuesWord(text[end]) || text[end] == '.' && end+1 < len(text) && isDigit(text[end+1])
}

func project(key string) string { return key[:strings.LastIndexByte(key, '-')] }
