#!/bin/sh
# usage.sh - each --help and the manual page of its program name the same flags
#
# A flag of a --help stands at ".It Fl" in the page that the help names; what
# stands there is a flag of a --help that names this page. --help and --version
# are everybody's. Flags that all verbs of nodelink share are in nodelink(1).
# shellcheck source=tests/lint/lint.sh
. "$(dirname "$0")/lint.sh"

[ -x "${top_builddir:-.}/nodelink-server" ] || skip_all "the programs are not built"
said=$(mktemp) || exit 99
trap 'rm -f "$said"' EXIT

# program WORD...: what it prints.
program() {
	name=$1
	shift
	"${top_builddir:-.}/$name" "$@" </dev/null 2>&1
}

# "PAGE FLAG" for each flag of a command's --help: of the page that the help
# names, else $page.
helped() {
	program "$@" --help | awk -v page="$page" '
		/^See / { page = $2; sub(/\(/, ".", page); sub(/\).*/, "", page) }
		/^Common flags:/ { common = "nodelink.1" }
		/^By the / { over = 1 }
		!over && /^ +(-., )?--/ && match($0, /--[a-z][-a-z]*/) {
			flags[++n] = substr($0, RSTART, RLENGTH)
			of[n] = common
		}
		END {
			for (i = 1; i <= n; i++)
				print (of[i] ? of[i] : page), flags[i]
		}'
}

# The same of a program whose help is a usage line.
used() {
	program "$1" --help | grep -o -e '--[a-z][-a-z]*' |
		sed "s/^/$1.$2 /"
}

# Names of commands in the list of a --help, to "COMMAND --help".
commands() {
	program "$@" | sed -n 's/^  \([a-z][a-z-]*\( [a-z]*\)\{0,1\}\)  .*/\1/p'
}

all() {
	for name in server agent uplink executor; do
		page=nodelink-$name.8
		helped "nodelink-$name"
	done
	page=nodelink-enroll.8
	helped nodelink-enroll
	page=
	commands nodelink-server --help | while read -r words; do
		# shellcheck disable=SC2086  # words of one command
		helped nodelink-server $words
	done
	commands nodelink help | while read -r words; do
		# shellcheck disable=SC2086
		helped nodelink $words
	done
	used nodelink-shim 8
	used nodelink-defer 1
}
all | sort -u >"$said"

# Flags that a page documents.
documented() {
	grep '^\.It' "$1" | grep -o 'Fl -[a-z][-a-z]*' | sed 's/Fl -/--/' | sort -u
}

everybodys='^--(help|version)$'

undocumented() {
	cut -d ' ' -f 1 "$said" | sort -u | while read -r page; do
		[ -f "man/$page" ] || { echo "man/$page: a --help names it"; continue; }
		sed -n "s/^$page //p" "$said" | grep -vE "$everybodys" | while read -r flag; do
			documented "man/$page" | grep -qxe "$flag" ||
				echo "man/$page: says nothing of $flag"
		done
	done
}

unknown() {
	for path in man/*.[18]; do
		page=${path#man/}
		documented "$path" | grep -vE "$everybodys" | while read -r flag; do
			grep -qxe "$page $flag" "$said" ||
				echo "$path: no --help has $flag"
		done
	done
}

# A verb or a program that the lists above have lost would check nothing.
missing() {
	for name in nodelink-server.8 nodelink-agent.8 nodelink-uplink.8 \
		nodelink-enroll.8 nodelink-executor.8 nodelink-ps.1; do
		grep -q "^$name " "$said" || echo "$name: no --help was read for it"
	done
}

plan 3
check "each program was asked" missing
check "the manual has every flag of --help" undocumented
check "--help has every flag of the manual" unknown
