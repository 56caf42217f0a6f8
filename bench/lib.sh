# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the parts of bench/run share: processes, what they use, and medians. Source it after
# scripts/lib.sh.

here=$root/bench
dir=$root/build/bench
tools=$root/build/bench-tools
declare -A pid_of=() # of what runs, by name
declare -A without=() # of what does not take part, by name: why

# leave_out NAME WHY: the run goes on without it, and says so.
leave_out()
{
	say "$1 is left out: ${2:0:200}" >&2
	without[$1]=${2:0:200}
	stop "$1"
}

# plays GATE: is it wanted, and not left out?
plays()
{
	[[ " $all_gates " = *" $1 "* ]] && [ -z "${without[$1]-}" ]
}

# start NAME COMMAND...: what it says goes to NAME.log, which may be cut at any time.
start()
{
	local name=$1

	shift
	"$@" >>"$dir/$name.log" 2>&1 &
	pid_of[$name]=$!
}

stop()
{
	[ -n "${pid_of[$1]-}" ] || return 0
	kill "${pid_of[$1]}" 2>/dev/null
	wait "${pid_of[$1]}" 2>/dev/null
	unset "pid_of[$1]"
}

stop_all()
{
	local pid

	trap - EXIT INT TERM
	for pid in "${pid_of[@]}"; do
		kill "$pid" 2>/dev/null
	done
	wait 2>/dev/null
}

# fill TEMPLATE OUT NAME=VALUE...: the template of bench/gates with each @NAME@ replaced.
fill()
{
	local template=$1 out=$2 pair script=

	shift 2
	for pair in "$@"; do
		script+="s|@${pair%%=*}@|${pair#*=}|g;"
	done
	sed "$script" "$here/gates/$template" >"$dir/$out"
}

# The process of that name and its children.
processes()
{
	local pid=${pid_of[$1]}

	echo "$pid" $(cat "/proc/$pid/task/$pid/children" 2>/dev/null)
}

# ticks NAME: user and system time so far.
ticks()
{
	local pid sum=0

	for pid in $(processes "$1"); do
		sum=$((sum + $(awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$pid/stat" 2>/dev/null || echo 0)))
	done
	echo "$sum"
}

rss_kb()
{
	local pid sum=0

	for pid in $(processes "$1"); do
		sum=$((sum + $(awk '/^VmRSS/ { print $2 }' "/proc/$pid/status" 2>/dev/null || echo 0)))
	done
	echo "$sum"
}

# median [COLUMN]: of the lines on standard input; nothing for no lines.
median()
{
	awk -v c="${1:-1}" '{ print $c }' | sort -n | awk '{ v[NR] = $1 }
		END { if (NR) print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

# calculate EXPRESSION: nothing where a figure is missing in it.
calculate()
{
	awk "BEGIN { print ($1) }" 2>/dev/null
}
