#!/bin/sh
# dist.sh FOLDER VERSION [bundle]: builds the program for every platform, or with "bundle" for this one with PostgreSQL
# inside, and packs each as FOLDER/sluice_VERSION_OS_ARCH.tar.gz, with checksums in FOLDER/SHA256SUMS. The same commit gives
# the same bytes: no paths, no times, no names of the machine. Needs Go and GNU tar.
set -eu

out=$1 version=$2 kind=${3:-}
go=${GO:-go}
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
tar=tar
command -v gtar >/dev/null && tar=gtar # macOS, with Homebrew's

mkdir -p "$out"
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
trap 'exit 1' INT TERM

# pack OS ARCH SUFFIX TAGS
pack() {
	name=sluice_${version}_$1_$2$3
	mkdir -p "$stage/$name"
	echo "$out/$name.tar.gz"
	CGO_ENABLED=0 GOOS=$1 GOARCH=$2 "$go" build -trimpath -buildvcs=false -tags "$4" -ldflags "-s -w -buildid= -X main.version=$version" \
		-o "$stage/$name/sluice" ./cmd/sluice
	for file in README.md LICENSE NOTICE docs/deploy/sluice.service docs/deploy/sluice.conf; do
		[ ! -e "$file" ] || cp "$file" "$stage/$name/"
	done
	if [ "$4" = pgbundle ]; then
		"$tar" -xzOf internal/pgbundle/bundle/postgres.tar.gz ./LICENSES >"$stage/$name/LICENSES.postgresql"
	fi
	"$tar" --sort=name --mtime="@$epoch" --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX -C "$stage" -cf - "$name" |
		gzip -n -9 >"$out/$name.tar.gz"
}

if [ "$kind" = bundle ]; then
	pack "$("$go" env GOHOSTOS)" "$("$go" env GOHOSTARCH)" _bundle pgbundle
else
	for platform in linux/amd64 linux/arm64 darwin/amd64 darwin/arm64; do
		pack "${platform%/*}" "${platform#*/}" "" ""
	done
fi
(cd "$out" && LC_ALL=C ls | grep '^sluice_.*\.tar\.gz$' | xargs sha256sum >SHA256SUMS)
