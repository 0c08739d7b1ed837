#!/bin/sh
# verify.sh COMMAND...: runs the generators and fails if that changed, added or removed a committed file of theirs. It
# compares contents, not git's state, so that it works in a dirty tree and without git.
set -eu

generated() {
	find web/views internal docs \( -name '*_templ.go' -o -name '*_gen.go' -o -path '*/dbsqlc/*.go' -o -path docs/configuration.md \
		-o -name axe.min.js \) -type f
	find web/static -type f
}
# An image of the state: a checksum and a name a line.
state() { generated | sort | xargs sha256sum; }

before=$(mktemp)
after=$(mktemp)
trap 'rm -f "$before" "$after"' EXIT
trap 'exit 1' INT TERM
state >"$before"
"$@"
state >"$after"
if ! changed=$(diff "$before" "$after"); then
	echo "verify: generated files were not up to date; commit what \"make generate\" wrote:" >&2
	echo "$changed" | sed -n 's/^[<>] [0-9a-f]*  */  /p' | sort -u >&2
	exit 1
fi
