# lint.sh - what the lints share; sourced, speaks TAP
#
# A lint is a list of checks: each prints what is wrong, one line a finding
# ("file:line: what"), and says nothing when all is well.
# shellcheck shell=sh
set -u
LC_ALL=C
export LC_ALL
: "${top_builddir:=.}"
top_builddir=$(cd "$top_builddir" && pwd) # headers.sh needs it after the cd
cd "${top_srcdir:-$(dirname "$0")/../..}" || exit 99

skip_all() {
	echo "1..0 # SKIP $*"
	exit 0
}

need() {
	command -v "$1" >/dev/null && return
	[ -n "${NODELINK_CI-}" ] || skip_all "$1 is not installed"
	printf '1..1\nnot ok 1 - %s is not installed\n' "$1"
	exit 1
}

plan() {
	echo "1..$1"
	checks=0
}

# check NAME COMMAND...: one TAP result; the command's output is the finding.
check() {
	checks=$((checks + 1))
	name=$1
	shift
	findings=$("$@" 2>&1)
	if [ -z "$findings" ]; then
		echo "ok $checks - $name"
	else
		echo "not ok $checks - $name"
		printf '%s\n' "$findings" | sed 's/^/# /'
	fi
}

# C files of ours; generated ones live in the build tree. With arguments:
# only those below the named folders.
c_files() {
	[ $# -gt 0 ] || set -- core include agent server cli plugins tests bench
	for folder; do
		[ ! -d "$folder" ] || find "$folder" -name '*.[ch]'
	done | grep -v -e '\.pb-c\.[ch]$' | sort
}
