# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The tables of a run, as Markdown.

# What a gate is called in tables and plots.
label()
{
	case $1 in
	postern) echo "Postern" ;;
	postern-civetweb) echo "Postern, engine civetweb" ;;
	postern-log) echo "Postern, access log on" ;;
	postern-tls) echo "Postern, TLS" ;;
	postern-issuer) echo "Postern, local issuer" ;;
	haproxy) echo "HAProxy" ;;
	haproxy-tls) echo "HAProxy, TLS" ;;
	haproxy-rs256) echo "HAProxy, RS256 checked" ;;
	haproxy-es256) echo "HAProxy, ES256 checked" ;;
	nginx) echo "nginx" ;;
	nginx-tls) echo "nginx, TLS" ;;
	envoy) echo "Envoy, jwt_authn and RBAC" ;;
	apache) echo "Apache, mod_oauth2" ;;
	oidc-provider) echo "npm oidc-provider" ;;
	esac
}

# of KEY COLUMN: the median of a work at a gate: 1 requests/s, 2 p50 µs, 3 p99 µs, 4 CPU µs.
of()
{
	[ ! -e "$dir/rounds/$1" ] || median "$2" <"$dir/rounds/$1"
}

# ratio KEY OTHER COLUMN: the median of the ratios, each of one round.
ratio()
{
	[ -e "$dir/rounds/$1" ] && [ -e "$dir/rounds/$2" ] || return 0
	paste -d' ' <(awk -v c="$3" '{ print $c }' "$dir/rounds/$1") <(awk -v c="$3" '{ print $c }' "$dir/rounds/$2") |
		awk 'NF == 2 && $2 > 0 { printf "%.4f\n", $1 / $2 }' | median
}

# table WORK CONNECTIONS GATE...: the first gate is the one that the others are measured by.
table()
{
	local key=$1-$2 first=$3 gate

	say
	say "### $(title "$1"), $2 connection$([ "$2" = 1 ] || echo s)"
	say
	say "| | requests/s | / $(label "$first") | p50 ms | p99 ms | CPU µs per request |"
	say "| --- | --- | --- | --- | --- | --- |"
	shift 2
	for gate; do
		if [ -e "$dir/rounds/$key-$gate" ]; then
			awk -v n="$(label "$gate")" -v x="$(ratio "$key-$gate" "$key-$first" 1)" -v r="$(of "$key-$gate" 1)" \
				-v p50="$(of "$key-$gate" 2)" -v p99="$(of "$key-$gate" 3)" -v cpu="$(of "$key-$gate" 4)" \
				'BEGIN { printf "| %s | %d | %s | %.2f | %.2f | %.1f |\n", n, r, x == "" ? "" : sprintf("%.2f", x), p50 / 1000, p99 / 1000, cpu }'
		elif [ -e "$dir/refused/$key-$gate" ]; then
			say "| $(label "$gate") | refused: $(cat "$dir/refused/$key-$gate") | | | | |"
		fi
	done
}

work_tables()
{
	local all gates

	while read -r _ work all _ _ gates; do
		for connections in ${all//,/ }; do
			# shellcheck disable=SC2086 # a list
			table "$work" "$connections" $gates
		done
	done < <(wanted_works)
}

# How many of the requests' tokens a cache knew: round by round it was held against what the work is.
cache_table()
{
	local gate work

	wanted seen || wanted turn || wanted new || return 0
	say
	say "### Tokens that a cache knew, per cent"
	say
	say "| | one token | $known in turn | new, RS256 | new, ES256 |"
	say "| --- | --- | --- | --- | --- |"
	for gate in postern postern-civetweb envoy; do
		say "| $(label $gate)$(for work in seen turn new-rs256 new-es256; do
			printf ' | %s' "$([ ! -e "$dir/hits/$work-$gate" ] || median <"$dir/hits/$work-$gate")"
		done) |"
	done
}

memory_table()
{
	local gate

	say
	say "### Memory (RSS, MB)"
	say
	say "| | at start | with $idle idle connections | after the load | with $idle idle after it |"
	say "| --- | --- | --- | --- | --- |"
	for gate in $memory_gates; do
		! plays "$gate" || say "| $(label "$gate") | $(mb "$gate" start) | $(mb "$gate" start-idle) | $(mb "$gate" loaded) | $(mb "$gate" loaded-idle) |"
	done
}

leaving_table()
{
	local gate way typical longest

	[ -s "$dir/leaving" ] || return 0
	say
	say "### From a client's leaving to the end of the upstream's request, ms"
	say
	say "| | the client | median | longest |"
	say "| --- | --- | --- | --- |"
	while read -r gate way typical longest; do
		[ "$typical" != not ] || typical="not within 3 s" longest=
		say "| $(label "$gate") | $([ "$way" = reset ] && echo resets || echo closes) the connection | $typical | $longest |"
	done <"$dir/leaving"
}

bare_table()
{
	[ -e "$dir/rounds/rs256-check" ] || return 0
	say
	say "### Signatures by themselves, CPU µs"
	say
	say "| RS256 check, 2048 bits | ES256 check | ES256 signature |"
	say "| --- | --- | --- |"
	say "| $(of rs256-check 1) | $(of es256-check 1) | $(of es256-signature 1) |"
}

left_out_list()
{
	local gate

	[ ${#without[@]} -gt 0 ] || return 0
	say
	say "Left out:"
	say
	for gate in "${!without[@]}"; do
		say "- $(label "${gate#leaving-}"): ${without[$gate]}"
	done
}

# aim WHAT least|most WANTED GOT: judged unrounded, so that 0.846 does not reach 0.85. Nothing for what
# was not measured.
aim()
{
	[ -z "$4" ] || awk -v n="$1" -v k="$2" -v w="$3" -v g="$4" 'BEGIN {
		printf "| %s | at %s %s | %.2f | %s |\n", n, k, w, g, (k == "least" ? g + 0 >= w + 0 : g + 0 <= w + 0) ? "met" : "missed" }'
}

# What a new token costs above a seen one, by a check of its signature, round by round.
new_token_cost()
{
	[ -e "$dir/rounds/new-rs256-32-postern" ] && [ -e "$dir/rounds/seen-32-postern" ] || return 0
	paste -d' ' "$dir/rounds/new-rs256-32-postern" "$dir/rounds/seen-32-postern" "$dir/rounds/rs256-check" |
		awk 'NF == 9 { print ($4 - $8) / $9 }' | median
}

issued_token_cost()
{
	[ -e "$dir/rounds/issue-32-postern-issuer" ] || return 0
	paste -d' ' "$dir/rounds/issue-32-postern-issuer" "$dir/rounds/es256-signature" |
		awk 'NF == 5 { print $4 / $5 }' | median
}

aims()
{
	local c

	say
	say "| | aim | got | |"
	say "| --- | --- | --- | --- |"
	for c in 32 128 1000; do
		aim "one token, $c connections: requests/s by HAProxy's" least 1.05 "$(ratio seen-$c-postern seen-$c-haproxy 1)"
		aim "one token, $c connections: p99 by HAProxy's" most 1.1 "$(ratio seen-$c-postern seen-$c-haproxy 3)"
		aim "access log on, $c connections: requests/s by HAProxy's without" least 1 "$(ratio seen-$c-postern-log seen-$c-haproxy 1)"
	done
	aim "$known tokens in turn: requests/s by as many copies of one token" least 0.95 "$(ratio turn-32-postern copies-32-postern 1)"
	aim "a new RS256 token in every request: requests/s by HAProxy's with the same checks" least 1.5 "$(ratio new-rs256-32-postern new-rs256-32-haproxy-rs256 1)"
	aim "a new RS256 token in every request: requests/s by Envoy's" least 3 "$(ratio new-rs256-32-postern new-rs256-32-envoy 1)"
	aim "a new RS256 token: its CPU above a seen one's, by one bare check" most 1.45 "$(new_token_cost)"
	aim "answers of 1 MB: requests/s by HAProxy's" least 1.3 "$(ratio down-1m-32-postern down-1m-32-haproxy 1)"
	aim "TLS, connections kept: requests/s by HAProxy's with TLS" least 1 "$(ratio tls-kept-32-postern-tls tls-kept-32-haproxy-tls 1)"
	aim "a token issued, ES256: CPU by one bare signature" most 2.2 "$(issued_token_cost)"
	aim "tokens issued by npm oidc-provider's" least 8 "$(ratio issue-32-postern-issuer issue-32-oidc-provider 1)"
	aim "MB at start" most 12 "$(mb postern start)"
	aim "MB with $idle idle connections" most 20 "$(mb postern start-idle)"
}

tables()
{
	work_tables
	cache_table
	bare_table
	! wanted memory || memory_table
	leaving_table
	left_out_list
}
