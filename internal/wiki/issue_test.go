package wiki

import "testing"

func TestIssueURL(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ base, key, want string }{
		{"https://jira.example.com", "OPS-97", "https://jira.example.com/browse/OPS-97"},
		{"https://example.com/jira/", "OPS-97", "https://example.com/jira/browse/OPS-97"},
		{"https://jira.example.com", "A/B", "https://jira.example.com/browse/A%2FB"},
		{"", "OPS-97", ""},
	} {
		if got := IssueURL(tt.base, tt.key); got != tt.want {
			t.Errorf("IssueURL(%q, %q) = %q, want %q", tt.base, tt.key, got, tt.want)
		}
	}
}
