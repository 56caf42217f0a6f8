# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The page docs/performance.md and its plots, made of one run.

# A class of machine and not a machine.
machine()
{
	say "$(awk -F': ' '/^model name/ { print $2; exit }' /proc/cpuinfo), $(nproc) processors, $(awk '/^MemTotal/ { printf "%.0f", $2 / 1024 / 1024 }' /proc/meminfo) GB, Linux $(uname -r | cut -d- -f1 | cut -d. -f1,2), $(. /etc/os-release && say "$PRETTY_NAME")"
}

# by_connections COLUMN DIVISOR: a block for each gate: its label, then connections and figure.
by_connections()
{
	local gate c file

	for gate in postern haproxy nginx postern-log postern-civetweb haproxy-rs256 envoy apache; do
		say "\"$(label "$gate")\""
		for c in 1 32 128 1000; do
			file=seen-$c-$gate
			[ ! -e "$dir/rounds/$file" ] || say "$c $(calculate "$(of "$file" "$1") / $2")"
		done
		say
		say
	done
}

# short_title WORK: for a plot.
short_title()
{
	case $1 in
	seen) echo 'one\ntoken' ;;
	turn) echo "$known\\nin turn" ;;
	new-*) echo "new ${1#new-}" | tr a-z A-Z | sed 's/NEW /new\\n/' ;;
	down-*) echo "$1" | sed -E 's/down-(.*)k/\1 KB\\nanswers/' ;;
	esac
}

# judging_haproxy WORK: the HAProxy that checks the tokens of that work.
judging_haproxy()
{
	case $1 in
	new-es256) echo haproxy-es256 ;;
	*) echo haproxy-rs256 ;;
	esac
}

# A row for each work, a column for each gate.
cpu_by_work()
{
	local work gate row

	say "work \"$(label postern)\" \"$(label haproxy)\" \"HAProxy, tokens checked\" \"$(label envoy)\" \"$(label nginx)\""
	for work in seen turn new-rs256 new-es256 down-1k down-16k; do
		row=
		for gate in postern haproxy "$(judging_haproxy $work)" envoy nginx; do
			row="$row $(of "$work-32-$gate" 4 | grep . || echo '?')"
		done
		say "\"$(short_title $work)\"$row"
	done
}

# plot NAME TITLE COMMANDS
plot()
{
	gnuplot 2>"$dir/gnuplot.log" <<-END || fail "gnuplot could not draw $1"
		set terminal svg noenhanced size 720,440 font "sans-serif,12" background "white"
		set output "$dir/performance/$1.svg"
		set title "$2"
		set key below width 2
		set grid ytics
		set border 3
		set tics nomirror
		set datafile missing "?"
		$3
	END
}

plots()
{
	local axes="set logscale x; set xtics (1, 32, 128, 1000); set xlabel 'connections'" lines

	wanted seen || return 0
	mkdir -p "$dir/performance"
	by_connections 1 1 >"$dir/plot-rate"
	by_connections 3 1000 >"$dir/plot-p99"
	cpu_by_work >"$dir/plot-cpu"
	lines="index i using 1:2 with linespoints linewidth 2 pointtype 7 pointsize 0.5 title columnheader(1)"
	plot throughput "Requests per second, one token" \
		"$axes; set yrange [0:*]; plot for [i=0:7] '$dir/plot-rate' $lines"
	plot p99 "p99 in milliseconds, one token" \
		"$axes; set logscale y; plot for [i=0:7] '$dir/plot-p99' $lines"
	plot cpu "CPU per request in microseconds, 32 connections" \
		"set style data histograms; set style histogram clustered gap 1; set style fill solid; set xlabel ' '; set yrange [0:*]
		plot for [i=2:6] '$dir/plot-cpu' using i:xtic(1) title columnheader(i)"
}

page()
{
	local name

	cat <<-END
		# Performance

		Made by \`bench/run\`, which is described in [bench/README.md](../bench/README.md), in one run:
		$(machine); $rounds rounds of $seconds s, all gates in turn, medians; ratios are taken round by
		round. Client, gate and upstream share the processors. Every gate has two threads or processes, or a pool
		of threads. Tokens have $(head -n 1 "$dir/known" | tr -d '\n' | wc -c) bytes. Every gate's answers and refusals were checked first; a round in
		which one answer was not right does not count.

		$(versions | sed 's/^/- /')

		## What is aimed at
		$(aims)
	END
	[ ! -d "$dir/performance" ] || printf '\n## Plots\n'
	for name in throughput p99 cpu; do
		[ ! -e "$dir/performance/$name.svg" ] || printf '\n![%s](performance/%s.svg)\n' "$(plot_text $name)" "$name"
	done
	say
	say "## Tables"
	[ -z "${tls-}" ] || printf '\nTLS is %s, resumption is not offered; one certificate with a P-256 key.\n' "${tls// /, }"
	tables
}

plot_text()
{
	case $1 in
	throughput) echo "Requests per second by connections" ;;
	p99) echo "p99 by connections" ;;
	cpu) echo "CPU per request by work" ;;
	esac
}
