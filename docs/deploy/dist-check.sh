#!/bin/sh
# dist-check.sh VERSION: proves that releases are reproducible: builds them here, and again from a copy of the sources in
# another folder with an empty build cache, and compares the bytes.
set -eu

version=$1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM

sh docs/deploy/dist.sh "$tmp/first" "$version" >/dev/null
export SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}"
mkdir "$tmp/copy"
tar -cf - --exclude=./.git --exclude=./bin --exclude=./dist --exclude=./data --exclude=node_modules . | tar -xf - -C "$tmp/copy"
(cd "$tmp/copy" && GOCACHE="$tmp/cache" sh docs/deploy/dist.sh "$tmp/second" "$version" >/dev/null)
if ! cmp "$tmp/first/SHA256SUMS" "$tmp/second/SHA256SUMS"; then
	diff "$tmp/first/SHA256SUMS" "$tmp/second/SHA256SUMS"
	exit 1
fi
echo "reproducible:"
cat "$tmp/first/SHA256SUMS"
