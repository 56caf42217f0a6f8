# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Equal work is checked, not assumed: a gate that does not do the same work is left out, by name.

body='{"ok": true}'

ask()
{
	curl -s -k -w ' %{http_code}' -H "Authorization: Bearer $2" "$(url_of "$1")/customer/1" | tr -d '\n'
}

# The gates that judge tokens, of those that take part.
judging_gates()
{
	local gate

	for gate in $all_gates; do
		case $gate in
		postern-issuer) ;;
		postern* | haproxy-?s256 | envoy | apache) ! plays "$gate" || echo "$gate" ;;
		esac
	done
}

# algorithms_of GATE: of the tokens that it gets.
algorithms_of()
{
	case $1 in
	haproxy-?s256) echo "${1#haproxy-}" ;;
	*) echo "rs256 es256" ;;
	esac
}

# The upstream's own answer for a right token.
check_answers()
{
	local gate algorithm got

	for gate in $all_gates; do
		case $gate in postern-issuer | oidc-provider | leaving-*) continue ;; esac
		for algorithm in $(algorithms_of "$gate"); do
			plays "$gate" || continue
			got=$(ask "$gate" "$(head -n 1 "$dir/new-$algorithm")")
			[ "$got" = "$body 200" ] || leave_out "$gate" "it answers ${got##* } to a right $algorithm token"
		done
	done
}

# right_status GATE GOT WANTED: Envoy and mod_oauth2 do not tell 401 and 403 apart as the others do.
right_status()
{
	case $1-$2 in
	apache-401 | apache-403 | envoy-401 | envoy-403) ;;
	*) [ "$2" = "$3" ] ;;
	esac
}

# What a gate that judges does with no token, and with each of those in which one thing is wrong: says
# where that is not a refusal with the right status.
wrong_refusals()
{
	local algorithm status what token got

	got=$(curl -s -k -o /dev/null -w '%{http_code}' "$(url_of "$1")/customer/1")
	[ "$got" = 401 ] || echo "it answers $got without a token"
	for algorithm in $(algorithms_of "$1"); do
		while read -r status what token; do
			got=$(ask "$1" "$token")
			got=${got##* }
			right_status "$1" "$got" "$status" ||
				echo "it answers $got to an $algorithm token with a wrong $what, not $status"
		done <"$dir/refused-$algorithm"
	done
}

check_refusals()
{
	local gate wrong

	for gate in $(judging_gates); do
		wrong=$(wrong_refusals "$gate")
		[ -z "$wrong" ] || leave_out "$gate" "$(head -n 1 <<<"$wrong")"
	done
}

# The same files come down, and whole uploads arrive.
check_bodies()
{
	local gate file got bearer

	bearer="Authorization: Bearer $(head -n 1 "$dir/known")"
	for gate in $(wanted_works | awk '$1 == "bodies" { for (i = 6; i <= NF; i++) print $i }' | sort -u); do
		for file in 1k 16k 1m; do
			plays "$gate" || continue
			curl -s -H "$bearer" "$(url_of "$gate")/customer/files/$file" | cmp -s - "$dir/files/customer/files/$file" ||
				leave_out "$gate" "it does not bring the same file of $file"
		done
		plays "$gate" || continue
		got=$(curl -s -D - -o /dev/null -H "$bearer" -H Expect: --data-binary "@$dir/files/customer/files/1m" \
			"$(url_of "$gate")/customer/upload" | tr -d '\r' | awk 'tolower($1) == "x-received:" { print $2 }')
		[ "${got:-0}" -gt 1048576 ] || leave_out "$gate" "${got:-no} bytes of an upload of 1 MB came through"
	done
}

# The same protocol, cipher and group for all.
check_tls()
{
	local gate agreed first

	tls=
	for gate in haproxy-tls nginx-tls postern-tls; do
		plays "$gate" || continue
		agreed=$("$tools/handshakes" "${port[$gate]}" 0 1 "$(head -n 1 "$dir/known")" 2>&1)
		[ -n "$tls" ] || first=$gate tls=$agreed
		[ "$agreed" = "$tls" ] || leave_out "$gate" "its TLS is $agreed, and that of $first is $tls"
	done
}

# give_credentials: one client of the local issuer and of oidc-provider, and what each is sent.
give_credentials()
{
	local form=grant_type=client_credentials

	if plays postern-issuer; then
		"$root/build/release/postern" client add bench --role reader --output env -c "$dir/postern-issuer.yaml" \
			>"$dir/client" || fail "no client"
		. "$dir/client"
		printf '%s\n' "$(basic "$CLIENT_ID" "$CLIENT_SECRET")" $form >"$dir/request-postern-issuer"
		check_token postern-issuer /oauth/token
	fi
	if plays oidc-provider; then
		printf '%s\n' "$(basic bench bench-secret)" $form >"$dir/request-oidc-provider"
		check_token oidc-provider /token
	fi
}

basic()
{
	printf 'Basic %s' "$(printf '%s:%s' "$1" "$2" | base64 -w 0)"
}

check_token()
{
	local token

	token=$(curl -s -H "Authorization: $(head -n 1 "$dir/request-$1")" -d "$(tail -n 1 "$dir/request-$1")" \
		"$(url_of "$1")$2" | jq -r '.access_token // empty')
	printf '%s' "$token" | cut -d. -f1 | base64 -d 2>/dev/null | grep -q ES256 ||
		leave_out "$1" "it gives no token signed with ES256"
}

check_work()
{
	check_answers
	check_refusals
	! wanted bodies || check_bodies
	! wanted tls || check_tls
	! wanted issue || give_credentials
}
