//go:build pgbundle

package pgbundle

import "embed"

// files holds the bundle, which build.sh puts there.
//
//go:embed bundle/postgres.tar.gz bundle/VERSION
var files embed.FS
