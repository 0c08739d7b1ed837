package config

import (
	"fmt"
	"strings"
)

// Markdown returns the table of settings for docs/configuration.md.
func Markdown() string {
	var b strings.Builder
	b.WriteString("| variable | flag | file key | default | allowed | what it does |\n| --- | --- | --- | --- | --- | --- |\n")
	for _, s := range Settings() {
		def := "empty"
		if s.Default != "" {
			def = "`" + s.Default + "`"
		}
		env := "`" + s.Env() + "`"
		if s.Secret {
			env += " (or `" + s.Env() + "_FILE`)"
		}
		fmt.Fprintf(&b, "| %s | `--%s` | `%s` | %s | %s | %s |\n", env, s.Name, s.key(), def, strings.ReplaceAll(s.Allowed, "|", "\\|"), s.Help)
	}
	return b.String()
}
