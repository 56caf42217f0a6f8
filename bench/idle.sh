# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What is measured once and not by rounds: memory, and how soon a gate notices that its client has left.

# note_memory WHEN: the RSS of every gate into its file.
note_memory()
{
	local gate

	for gate in $memory_gates; do
		! plays "$gate" || echo "$1 $(rss_kb "$gate")" >>"$dir/memory-$gate"
	done
}

# note_idle_memory WHEN: the same while connections that have asked once are silent at it. Connections that
# did not stay are not idle ones, so that gate has no figure.
note_idle_memory()
{
	local gate gates=()

	for gate in $memory_gates; do
		! plays "$gate" || gates+=("$gate")
	done
	for gate in "${gates[@]}"; do
		start "idle-$gate" node "$here/clients/idle.mjs" "${port[$gate]}" "$idle" "$(head -n 1 "$dir/known")"
	done
	for gate in "${gates[@]}"; do
		for _ in $(seq 300); do
			! grep -q . "$dir/idle-$gate.log" || break
			sleep 0.1
		done
	done
	sleep "$silence"
	for gate in "${gates[@]}"; do
		if [ "$(cat "$dir/idle-$gate.log")" = open ]; then
			echo "$1 $(rss_kb "$gate")" >>"$dir/memory-$gate"
		else
			say "$gate did not answer and keep $idle connections: $(sort "$dir/idle-$gate.log" | uniq -c | head -n 1)" >&2
		fi
		stop "idle-$gate"
		rm -f "$dir/idle-$gate.log"
	done
}

# mb GATE WHEN
mb()
{
	awk -v w="$2" '$1 == w { printf "%.1f", $2 / 1024 }' "$dir/memory-$1" 2>/dev/null
}

measure_leaving()
{
	local gate pairs=()

	for gate in $leaving_gates; do
		! plays "$gate" || pairs+=("${gate#leaving-}=${port[$gate]}")
	done
	node "$here/clients/leaving.mjs" $silent "$(head -n 1 "$dir/known")" "${pairs[@]}" >"$dir/leaving" ||
		say "the time until a client's leaving is noticed could not be measured" >&2
}
