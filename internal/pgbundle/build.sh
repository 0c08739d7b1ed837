#!/bin/sh
# build.sh [FOLDER]: builds a minimal PostgreSQL with pgvector from the distribution's source packages and packs it for
# embedding (build tag "pgbundle") as FOLDER/postgres.tar.gz and FOLDER/VERSION; FOLDER is "bundle" beside this script
# otherwise. It is relocatable and needs glibc alone, of the build machine's version or later. Debian or Ubuntu, root or
# sudo for the compilers; about six minutes of CPU time. Does nothing where the bundle is there already.
set -eu

suite=trixie # the oldest release with both source packages
server=postgresql-17
# An earlier release of it, for mirrors that list a newer one than they hold.
pinned=17.11
pinned_sha256=dd27f2b3c59e73ed14aa3324901242bf69a032a6347805f274e6260322d42979

say() { echo "pgbundle: $*" >&2; }
die() { say "$*"; exit 1; }

out=${1:-$(dirname "$0")/bundle}
mkdir -p "$out"
out=$(cd "$out" && pwd)
if [ -s "$out/postgres.tar.gz" ] && [ -s "$out/VERSION" ]; then
	exit 0
fi
command -v apt-get >/dev/null || die "needs Debian or Ubuntu"
sudo=
[ "$(id -u)" -eq 0 ] || sudo=sudo

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM

# quietly COMMAND...: its output is shown only where it failed.
quietly() {
	"$@" >"$tmp/log" 2>&1 || {
		tail -n 60 "$tmp/log" >&2
		die "failed: $*"
	}
}

# try_apt COMMAND...: three times, since mirrors and locks fail now and then.
try_apt() {
	for try in 1 2 3; do
		if $sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 "$@" >"$tmp/log" 2>&1; then
			return 0
		fi
		sleep "$try"
	done
	return 1
}

apt() {
	try_apt "$@" && return
	cat "$tmp/log" >&2
	die "failed: apt-get $*"
}

missing=
for tool in bison flex gcc make patchelf perl xz; do
	command -v "$tool" >/dev/null && continue
	case $tool in xz) tool=xz-utils ;; esac
	missing="$missing $tool"
done
[ -e /usr/include/stdio.h ] || missing="$missing libc6-dev"
if [ -n "$missing" ]; then
	say "installing$missing"
	apt update
	apt install --no-install-recommends $missing
fi

# Sources come through a throw-away apt configuration, at the mirror that this machine uses, so that neither its package
# sources nor its package lists change.
say "downloading the sources of $server and pgvector"
codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $codename" 'Label: Debian' | head -n 1)
[ -n "$mirror" ] || die "found no Debian archive for $codename among this machine's package sources"
mkdir -p "$tmp/apt/lists/partial" "$tmp/apt/cache/archives/partial" "$tmp/deb" "$tmp/pg" "$tmp/vector"
echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$tmp/apt/sources.list"
own="-o Dir::Etc::SourceList=$tmp/apt/sources.list -o Dir::Etc::SourceParts=- -o Dir::State::Lists=$tmp/apt/lists
	-o Dir::Cache=$tmp/apt/cache -o APT::Sandbox::User=root"
apt $own update
cd "$tmp/deb"
apt $own source --download-only pgvector
if ! try_apt $own source --download-only "$server"; then
	say "the mirror lacks the $server that it lists; taking $pinned"
	name=${server}_$pinned.orig.tar.bz2
	quietly /usr/lib/apt/apt-helper download-file "${mirror%/}/pool/main/p/$server/$name" "$tmp/deb/$name" "SHA256:$pinned_sha256"
fi
tar -xf "$tmp"/deb/"$server"_*.orig.tar.* -C "$tmp/pg" --strip-components=1
tar -xf "$tmp"/deb/pgvector_*.orig.tar.* -C "$tmp/vector" --strip-components=1

# No TLS: the server is reached through its socket alone. No ICU: the built-in locale knows Unicode and never changes.
# No compression library: backups are compressed by the program.
say "compiling; this takes some minutes"
root=$tmp/root
cd "$tmp/pg"
quietly ./configure --prefix="$root" --without-readline --without-icu --without-zlib CFLAGS=-O2
jobs=$(nproc)
quietly make -s -j "$jobs"
quietly make -s install-strip
for extension in pg_trgm unaccent pg_stat_statements pg_prewarm amcheck; do
	quietly make -s -C "contrib/$extension" install
done
# An empty OPTFLAGS leaves out -march=native: the bundle runs on other machines, and pgvector finds its fast paths itself.
quietly make -s -C "$tmp/vector" OPTFLAGS= PG_CONFIG="$root/bin/pg_config" install

version=$("$root/bin/postgres" --version | sed 's/.*(PostgreSQL) \([0-9.]*\).*/\1/')
vector=$(sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" "$tmp/vector/vector.control")
say "packing PostgreSQL $version with pgvector $vector"
cd "$root"
for program in bin/*; do
	case ${program#bin/} in
	postgres | initdb | pg_ctl | pg_dump | pg_dumpall | pg_restore | psql | pg_isready | pg_controldata) ;;
	*) rm "$program" ;;
	esac
done
rm -rf include lib/pkgconfig lib/pgxs lib/bitcode lib/*.a lib/libecpg* lib/libpgtypes* share/doc share/man share/psqlrc.sample
find lib -name '*.so*' -type f -exec strip --strip-unneeded {} +
for program in bin/*; do
	patchelf --set-rpath '$ORIGIN/../lib' "$program"
done
{
	echo "PostgreSQL $version, from Debian's source package $server"
	echo
	cat "$tmp/pg/COPYRIGHT"
	echo
	echo "pgvector $vector, from Debian's source package pgvector"
	echo
	cat "$tmp/vector/LICENSE"
} >LICENSES

# The same sources and compiler give the same archive.
tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=go-w -cf - . | gzip -n -9 >"$out/postgres.tar.gz.new"
mv "$out/postgres.tar.gz.new" "$out/postgres.tar.gz"
# Last: its presence is what says that the bundle is whole.
echo "$version" >"$out/VERSION"
say "done: $(du -h "$out/postgres.tar.gz" | cut -f 1) in $out"
