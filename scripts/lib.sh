# SPDX-License-Identifier: Apache-2.0
# What the scripts share. Source it; it sets `root` and changes nothing.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

build_packages="gcc cmake ninja-build pkg-config libc6-dev libcivetweb-dev libboost-context-dev libjwt-dev libjansson-dev \
libssl-dev libcurl4-openssl-dev libyaml-dev libsqlite3-dev libpq-dev"

# One version of clang-format and clang-tidy is right, and Debian 12 and 13 both have this one.
clang_version=19
rooms="base jwks token policy issuer proxy cli"

say()
{
	printf '%s\n' "$*"
}

fail()
{
	printf '%s: %s\n' "$(basename "$0")" "$*" >&2
	exit 1
}

as_root()
{
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		fail "must be root, or have sudo, to install packages"
	fi
}

installed()
{
	[ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# The package lists are fetched once, and only if something is to be installed.
apt_updated=no
apt_update()
{
	if [ "$apt_updated" = no ]; then
		as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update >&2 ||
			fail "apt-get update failed"
		apt_updated=yes
	fi
}

# need PACKAGE...: install those that are missing.
need()
{
	local package missing=()

	command -v apt-get >/dev/null || fail "needs apt-get (Debian 12 or 13)"
	for package in "$@"; do
		installed "$package" || missing+=("$package")
	done
	if [ ${#missing[@]} -gt 0 ]; then
		say "installing ${missing[*]}"
		apt_update
		as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
			--no-install-recommends install "${missing[@]}" >&2 ||
			fail "apt-get could not install ${missing[*]}"
	fi
}

# need_command COMMAND PACKAGE...: install the packages unless the command is there already.
need_command()
{
	local command=$1

	shift
	command -v "$command" >/dev/null || need "$@"
}

# could_need_command COMMAND PACKAGE...: the same, but where they cannot be had that is an answer and
# not the end.
could_need_command()
{
	(need_command "$@")
}

# PostgreSQL's server from apt, without the one that the package would start on a machine that did not
# ask for it.
need_postgres()
{
	local made=/etc/postgresql-common/createcluster.conf

	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 && return
	need postgresql-common
	as_root sed -i -E 's/^#?create_main_cluster.*/create_main_cluster = false/' "$made" ||
		fail "cannot write $made"
	need postgresql
}

could_need_postgres()
{
	(need_postgres)
}

# unpack PACKAGE: its files from apt, unpacked in build/PACKAGE and not installed: installing would start
# a server on a machine that did not ask for one.
unpack()
{
	local dir=$root/build/$1

	say "fetching $1"
	apt_update
	mkdir -p "$dir"
	(cd "$dir" && apt-get -q download "$1" >&2) || fail "apt-get could not fetch $1"
	dpkg-deb -x "$dir/$1"_*.deb "$dir" || fail "cannot unpack $1"
}

# nginx, which would listen on port 80. Sets `nginx`.
need_nginx()
{
	PATH=$PATH:/usr/sbin:/sbin:$root/build/nginx/usr/sbin
	if ! command -v nginx >/dev/null; then
		unpack nginx
		need libpcre2-8-0 zlib1g
	fi
	nginx=$(command -v nginx) || fail "nginx is not there although it was unpacked"
	"$nginx" -v 2>/dev/null || fail "nginx does not run"
}

# Caddy, which would listen on port 80, too.
could_need_caddy()
{
	PATH=$PATH:$root/build/caddy/usr/bin
	command -v caddy >/dev/null || (unpack caddy && need libzstd1)
}

# build PRESET [TARGET...]: configure and build quietly, all or these; everything is told when it fails.
build()
{
	local preset=$1 log=$root/build/$1.log

	shift
	mkdir -p "$root/build"
	say "building build/$preset"
	if ! (cd "$root" && cmake --preset "$preset" && cmake --build --preset "$preset" ${1+--target "$@"}) >"$log" 2>&1; then
		cat "$log" >&2
		return 1
	fi
}

# Is somebody listening on that port of loopback?
port_taken()
{
	(exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}
