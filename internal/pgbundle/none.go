//go:build !pgbundle

package pgbundle

import "embed"

// files is empty: the program finds the machine's own PostgreSQL.
//
//nolint:gochecknoglobals // the linter knows embedded files by their directive, which here is missing
var files embed.FS
