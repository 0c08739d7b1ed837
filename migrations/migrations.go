// Package migrations embeds the schema's migrations (goose format), which are applied in order at start, under a lock.
// They are append-only once released; one concern per file.
package migrations

import "embed"

// FS holds the .sql files.
//
//go:embed *.sql
var FS embed.FS
