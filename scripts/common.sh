# common.sh - what quickstart and test share; sourced by bash
# shellcheck shell=bash disable=SC2034  # what is set here is used there
set -u

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
	bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' green=$'\e[32m' plain=$'\e[m'
else
	bold='' dim='' red='' green='' plain=''
fi

say() {
	printf '%s\n' "$*"
}

# die STATUS TEXT...: one paragraph for a person, then the end.
die() {
	local status=$1
	shift
	printf '%s%s:%s %s\n' "$red" "${0##*/}" "$plain" "$*" >&2
	exit "$status"
}

# Milliseconds since boot, without starting a program.
now_ms() {
	local up
	read -r up _ </proc/uptime
	printf '%s' "$((10#${up/./} * 10))"
}

seconds_since() {
	local ms=$(($(now_ms) - $1))
	printf '%d.%d s' $((ms / 1000)) $((ms % 1000 / 100))
}

# The last lines of a log, indented, for a message about a failure.
log_tail() {
	tail -n "${2:-20}" "$1" | sed 's/^/    /'
}

# configure_in DIR OPTION...: make DIR a configured build tree of $top. Once
# configured, make itself notices when something has changed.
configure_in() {
	local dir=$1
	shift
	[ -x "$top/configure" ] || "$top/bootstrap" || return
	[ -f "$dir/Makefile" ] && return
	mkdir -p "$dir" && (cd "$dir" && "$top/configure" "$@")
}
