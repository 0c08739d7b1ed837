#!/bin/sh
# install.sh browser|node|gcc...: installs what the tests and the generators need and this machine lacks, from the
# distribution's own archive. Silent where all is there; needs root or sudo otherwise; asks nothing; may be run again.
set -eu

say() { echo "install: $*" >&2; }
die() { say "$*"; exit 1; }

has() {
	for program in "$@"; do
		command -v "$program" >/dev/null 2>&1 && return 0
	done
	return 1
}

missing=
need() { missing="$missing $*"; }
for what in "$@"; do
	case $what in
	browser) has chromium chromium-browser google-chrome google-chrome-stable headless-shell || need chromium ;;
	node)
		has node || need nodejs
		has npm || need npm
		;;
	gcc) has gcc cc clang && { [ -e /usr/include/stdio.h ] || [ "$(uname -s)" = Darwin ]; } || need gcc libc6-dev ;;
	*) die "usage: $0 browser|node|gcc..." ;;
	esac
done
[ -n "$missing" ] || exit 0

has apt-get || die "install these with your package manager:$missing"
sudo=
if [ "$(id -u)" -ne 0 ]; then
	has sudo || die "needs root, and there is no sudo; run as root: apt-get install$missing"
	sudo=sudo
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap 'exit 1' INT TERM

# quietly COMMAND...: up to three times, since mirrors and locks fail now and then; output only where it failed for good.
quietly() {
	for try in 1 2 3; do
		if "$@" </dev/null >"$log" 2>&1; then
			return 0
		fi
		sleep "$try"
	done
	cat "$log" >&2
	die "failed: $*"
}

say "installing$missing"
apt="$sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300"
quietly $apt update
quietly $apt install --no-install-recommends $missing
