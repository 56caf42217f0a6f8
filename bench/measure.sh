# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# One round of one work at one gate. $work, $connections, $tokens and $path are the row of the table in
# works.sh that is being measured, $round the number of the round.

# refuse_round GATE WHY: no figure of the gate counts in this work any more.
refuse_round()
{
	say "$work, $connections connections: a round of $1 is refused: $2" >&2
	printf '%s\n' "$2" >"$dir/refused/$work-$connections-$1"
	rm -f "$dir/rounds/$work-$connections-$1"
}

# cache_counters GATE: "hits lookups" of its cache of checked tokens; nothing from a gate that does not
# tell.
cache_counters()
{
	case $1 in
	postern-issuer) ;;
	postern*)
		curl -s "http://127.0.0.1:${admin[$1]}/metrics" | awk '
			/^postern_token_cache_total/ { all += $2; if (/hit/) hits = $2 }
			END { if (all != "") print hits + 0, all + 0 }'
		;;
	envoy)
		curl -s "http://127.0.0.1:${admin[envoy]}/stats?filter=jwt_cache" | awk '
			/jwt_cache_(hit|miss)/ { all += $2; if (/hit/) hits = $2 }
			END { if (all != "") print hits + 0, all + 0 }'
		;;
	esac
}

# check_cache GATE BEFORE AFTER: a new token that a cache knew is less work than the others do, and a
# seen one that it did not know is more. Says what is wrong.
check_cache()
{
	local share

	share=$(echo "$2 $3" | awk 'NF == 4 && $4 > $2 { printf "%.2f", 100 * ($3 - $1) / ($4 - $2) }')
	[ -n "$share" ] || { echo "it did not look the tokens up in its cache" && return; }
	echo "$share" >>"$dir/hits/$work-$1"
	case $tokens in
	new-*) [ "$(calculate "$share <= $most_hits")" = 1 ] || echo "its cache knew $share % of the new tokens" ;;
	one | copies) [ "$(calculate "$share >= 99")" = 1 ] || echo "its cache knew $share % of the requests' one token" ;;
	esac
}

# check_log GATE REQUESTS: an access line for each of them; the log is cut for the next round. Says what
# is wrong.
check_log()
{
	local lines dropped

	for _ in $(seq 20); do
		lines=$(wc -l <"$dir/$1.log")
		[ "$lines" -lt "$2" ] || break
		sleep 0.1
	done
	: >"$dir/$1.log"
	[ "$lines" -ge "$2" ] || echo "$lines access lines for $2 requests"
	dropped=$(curl -s "http://127.0.0.1:${admin[$1]}/metrics" | awk '/^postern_log_dropped_total/ { print $2 }')
	[ "$dropped" = 0 ] || echo "it dropped access lines"
}

# summary: "count rate p50_us p99_us" of what wrk said.
summary()
{
	awk '
		function us(text) { return text ~ /us$/ ? text + 0 : text ~ /ms$/ ? text * 1000 : text * 1e6 }
		$1 == "50%" { p50 = us($2) }
		$1 == "99%" { p99 = us($2) }
		/requests in/ { count = $1 }
		/^Requests\/sec/ { rate = $2 }
		/Non-2xx|Socket errors/ { sub(/^ +/, ""); print > "/dev/stderr"; bad = 1 }
		END { if (bad || !count) exit 1; print count, rate, p50, p99 }'
}

# load GATE SECONDS: "count rate p50_us p99_us"; fails, and says why, where not every answer was 2xx.
load()
{
	local url wrk=(wrk -t1 -c"$connections" -d"$2s" --timeout 10s --latency)

	url=$(url_of "$1")$path
	case $tokens in
	connect)
		"$tools/handshakes" "${port[$1]}" "$2" "$connections" "$(head -n 1 "$dir/known")"
		;;
	form)
		[ "$1" != oidc-provider ] || url=$(url_of "$1")/token
		BENCH_REQUEST=$dir/request-$1 "${wrk[@]}" -s "$here/clients/form.lua" "$url" | summary
		;;
	one)
		if [ "$path" = /customer/upload ]; then
			choose_tokens
			"${wrk[@]}" -s "$here/clients/requests.lua" "$url" | summary
		else
			# No script in the client: what it does not spend, gates and upstream have.
			"${wrk[@]}" -H "Authorization: Bearer $(head -n 1 "$dir/known")" "$url" | summary
		fi
		;;
	*)
		choose_tokens
		"${wrk[@]}" -s "$here/clients/requests.lua" "$url" | summary
		;;
	esac
}

# choose_tokens: for clients/requests.lua. Each round of new tokens starts elsewhere in the list.
choose_tokens()
{
	export BENCH_TOKENS=$dir/known BENCH_TAKE=1 BENCH_FIRST=0 BENCH_UPLOAD=0
	case $tokens in
	turn) BENCH_TAKE=$known ;;
	copies) BENCH_TOKENS=$dir/copies BENCH_TAKE=$known ;;
	new-*) BENCH_TOKENS=$dir/$tokens BENCH_TAKE=$fresh BENCH_FIRST=$(((round - 1) * fresh / rounds)) ;;
	esac
	[ "$path" != /customer/upload ] || BENCH_UPLOAD=1048576
}

# prepare GATE: with the configuration read anew no verdict of an earlier round counts; tokens in turn are
# shown to it once before they are measured. Every gate has the same load for a second before one token is
# measured: what counts is the load that lasts, not the connections that it opens to its upstream at first.
prepare()
{
	case $tokens-$1 in
	new-*-postern*)
		curl -s -o /dev/null -f -X POST "http://127.0.0.1:${admin[$1]}/reload" || return 1
		sleep 0.3
		;;
	turn-haproxy | turn-nginx) ;;
	turn-*) load "$1" $((seconds * 2)) >/dev/null ;;
	one-*) [ "$part" != seen ] || load "$1" 1 >/dev/null ;;
	esac
}

# measure GATE: "requests/s p50_us p99_us cpu_us" of one round into the gate's file, or the round is refused.
measure()
{
	local key=$work-$connections-$1 before after cache out wrong

	plays "$1" && [ ! -e "$dir/refused/$key" ] || return 0
	prepare "$1" 2>"$dir/wrong" || { refuse_round "$1" "it could not be prepared: $(tail -n 1 "$dir/wrong")" && return; }
	cache=$(cache_counters "$1")
	before=$(ticks "$1")
	out=$(load "$1" "$seconds" 2>"$dir/wrong") || { refuse_round "$1" "$(tail -n 1 "$dir/wrong")" && return; }
	after=$(ticks "$1")
	wrong=
	[ -z "$cache" ] || wrong=$(check_cache "$1" "$cache" "$(cache_counters "$1")")
	[ "$1" != postern-log ] || wrong=$wrong$(check_log "$1" "${out%% *}")
	[ -z "$wrong" ] || { refuse_round "$1" "$wrong" && return; }
	echo "$out" | awk -v ticks=$((after - before)) -v hz="$(getconf CLK_TCK)" \
		'{ printf "%.0f %.0f %.0f %.1f\n", $2, $3, $4, ticks / hz * 1e6 / $1 }' >>"$dir/rounds/$key"
}

# measure_bare: what signatures cost by themselves, with every processor at it, as in the other rounds.
measure_bare()
{
	local i loops=()

	for i in $(seq "$(nproc)"); do
		"$tools/bare" 0.3 >"$dir/bare-$i" &
		loops+=($!)
	done
	wait "${loops[@]}"
	for i in rs256-check es256-check es256-signature; do
		awk -v n=$i '$1 == n { sum += $2; count++ } END { print sum / count }' "$dir"/bare-[0-9]* >>"$dir/rounds/$i"
	done
}

# measure_round: every wanted work at each of its gates, which take turns in being the first.
measure_round()
{
	local part all gates

	while read -r part work all tokens path gates; do
		[ $((round % 2)) -eq 1 ] || gates=$(printf '%s\n' $gates | tac)
		for connections in ${all//,/ }; do
			for gate in $gates; do
				measure "$gate"
			done
		done
	done < <(wanted_works)
	if wanted new || wanted issue; then
		measure_bare
	fi
}
