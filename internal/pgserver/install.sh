#!/bin/sh
# Installs PostgreSQL (>= 15) with pgvector (>= 0.7) on this machine, unless both are there already. Debian 13 and
# Ubuntu 25.04 or later have a package; Debian 12 has not: there pgvector is compiled from the distribution's own source
# package, against the server that the distribution installs. Needs root or sudo; asks nothing; may be run again.
set -eu

say() { echo "install-postgres: $*" >&2; }
die() { say "$*"; exit 1; }

# new_enough VERSION: is this pgvector at least 0.7 (halfvec, sparsevec)?
new_enough() {
	major=${1%%.*} rest=${1#*.}
	[ "$major" -gt 0 ] || [ "${rest%%[!0-9]*}" -ge 7 ]
}

# vector_version FOLDER: pgvector's version among the extensions of FOLDER, or nothing.
vector_version() {
	sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" "$1/vector.control" 2>/dev/null || true
}

# installed_servers: the majors that have a server, newest first.
installed_servers() {
	for initdb in /usr/lib/postgresql/*/bin/initdb; do
		[ -x "$initdb" ] || continue
		n=${initdb#/usr/lib/postgresql/}
		echo "${n%%/*}"
	done | sort -rn
}

already_there() {
	for n in $(installed_servers); do
		v=$(vector_version "/usr/share/postgresql/$n/extension")
		if [ "$n" -ge 15 ] && [ -n "$v" ] && new_enough "$v"; then
			return 0
		fi
	done
	return 1
}

if already_there; then
	exit 0
fi
if [ "$(uname -s)" = Darwin ]; then
	command -v brew >/dev/null || die "Homebrew is needed: see https://brew.sh, then run: brew install postgresql@17 pgvector"
	[ -d "$(brew --prefix)/opt/pgvector" ] && exit 0
	say "installing postgresql@17 and pgvector with Homebrew"
	exec brew install --quiet postgresql@17 pgvector
fi
command -v apt-get >/dev/null || die "this is no Debian or Ubuntu: install PostgreSQL >= 15 and pgvector >= 0.7 with your
  package manager, or set SLUICE_DATABASE_URL to a server that has them"
if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null || die "needs root, and there is no sudo: run it as root"
	say "PostgreSQL with pgvector is missing; installing it with sudo"
	exec sudo sh "$0" "$@"
fi

export DEBIAN_FRONTEND=noninteractive
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM

# quietly COMMAND...: runs it up to three times, since mirrors and locks fail now and then; its output is shown only
# where it failed for good. Standard input may be this script.
quietly() {
	for try in 1 2 3; do
		if "$@" </dev/null >"$tmp/log" 2>&1; then
			return 0
		fi
		sleep "$try"
	done
	cat "$tmp/log" >&2
	die "failed: $*"
}

apt() { quietly apt-get -qq -y -o DPkg::Lock::Timeout=300 "$@"; }

# candidate PACKAGE: the version that apt would install, without Debian's revision.
candidate() {
	apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: *\(.*\)/\1/p' | sed 's/^[0-9]*://; s/-[^-]*$//; s/+.*//'
}

# packaged_server: the newest server for which the archive has a pgvector package that is new enough; an installed
# server is preferred to a newer one.
packaged_server() {
	found=$(apt-cache pkgnames postgresql- | sed -n 's/^postgresql-\([0-9]*\)-pgvector$/\1/p' | sort -rn)
	for n in $(installed_servers) $found; do
		[ "$n" -ge 15 ] || continue
		v=$(candidate "postgresql-$n-pgvector")
		case $v in '' | '(none)') continue ;; esac
		if new_enough "$v"; then
			echo "$n"
			return
		fi
	done
}

# default_server: the major that the metapackage "postgresql" stands for.
default_server() {
	apt-cache depends postgresql | sed -n 's/.*Depends: *postgresql-\([0-9]*\)$/\1/p' | head -n 1
}

# no_stray_cluster keeps Debian from starting a server of its own on port 5432.
no_stray_cluster() {
	mkdir -p /etc/postgresql-common/createcluster.d
	echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.d/50-no-main.conf
}

# fetch_source NAME SUITE: downloads and unpacks a source package of another suite of this machine's own mirror, through
# a throw-away apt configuration, so that neither the machine's sources nor its package lists change.
fetch_source() {
	codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
	mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $codename" 'Label: Debian' | head -n 1)
	[ -n "$mirror" ] || die "found no Debian archive for $codename among this machine's package sources"
	mkdir -p "$tmp/apt/lists/partial" "$tmp/apt/cache/archives/partial" "$tmp/src"
	echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $2 main" >"$tmp/apt/sources.list"
	set -- "$1" -o "Dir::Etc::SourceList=$tmp/apt/sources.list" -o Dir::Etc::SourceParts=- \
		-o "Dir::State::Lists=$tmp/apt/lists" -o "Dir::Cache=$tmp/apt/cache" -o APT::Sandbox::User=root
	name=$1
	shift
	apt "$@" update
	(cd "$tmp/src" && apt "$@" source --download-only "$name")
	tar -xf "$tmp"/src/*.orig.tar.* -C "$tmp/src" --strip-components=1
}

# compile_vector MAJOR: builds pgvector and copies it beside the server. The headers are unpacked, not installed: the
# package would bring a compiler suite along and upgrade the server. No -march=native: pgvector picks its fast paths at
# run time, and what is built here may be copied to another machine.
compile_vector() {
	command -v gcc >/dev/null && [ -e /usr/include/stdio.h ] || apt install --no-install-recommends gcc libc6-dev
	fetch_source pgvector trixie
	mkdir "$tmp/deb" "$tmp/hdr"
	chmod 755 "$tmp"
	(cd "$tmp/deb" && apt -o APT::Sandbox::User=root download "postgresql-server-dev-$1" libpq-dev)
	for deb in "$tmp"/deb/*.deb; do
		dpkg-deb -x "$deb" "$tmp/hdr"
	done
	inc=$tmp/hdr/usr/include/postgresql
	quietly gcc -shared -fPIC -O2 -ftree-vectorize -fassociative-math -fno-signed-zeros -fno-trapping-math \
		-fno-strict-aliasing -fwrapv -fexcess-precision=standard -D_GNU_SOURCE \
		-I"$tmp/src/src" -I"$inc/$1/server" -I"$inc" "$tmp"/src/src/*.c -o "$tmp/vector.so"
	v=$(vector_version "$tmp/src")
	ext=/usr/share/postgresql/$1/extension
	install -m 644 "$tmp/vector.so" "/usr/lib/postgresql/$1/lib/vector.so"
	install -m 644 "$tmp"/src/sql/vector--*--*.sql "$ext/"
	install -m 644 "$tmp/src/sql/vector.sql" "$ext/vector--$v.sql"
	# Last: its presence is what says that the rest is there.
	install -m 644 "$tmp/src/vector.control" "$ext/vector.control"
}

say "PostgreSQL with pgvector is missing; reading the package lists"
no_stray_cluster
apt update
n=$(packaged_server)
if [ -n "$n" ]; then
	say "installing postgresql-$n and postgresql-$n-pgvector"
	apt install --no-install-recommends "postgresql-$n" "postgresql-$n-pgvector"
else
	grep -q '^ID=debian' /etc/os-release || die "this release has no pgvector >= 0.7: add PostgreSQL's own package
  repository (https://wiki.postgresql.org/wiki/Apt) and run this again, or set SLUICE_DATABASE_URL"
	n=$(installed_servers | head -n 1)
	if [ -z "$n" ]; then
		n=$(default_server)
		say "installing postgresql-$n"
		apt install --no-install-recommends "postgresql-$n"
	fi
	[ "$n" -ge 15 ] || die "PostgreSQL $n is installed; 15 or later is needed"
	say "compiling pgvector from the distribution's source package for PostgreSQL $n"
	compile_vector "$n"
fi
already_there || die "installed, but no server with pgvector was found afterwards"
say "done: PostgreSQL $n with pgvector $(vector_version "/usr/share/postgresql/$n/extension")"
