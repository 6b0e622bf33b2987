#!/bin/sh
# forbidden.sh - calls that STYLE rules out, with what to use instead
# shellcheck source=tests/lint/lint.sh
. "$(dirname "$0")/lint.sh"

# Code without comments and without what stands in quotes, as file:line:code.
code() {
	c_files "$@" | while read -r file; do
		awk '
		{
			line = ""
			rest = $0
			while (rest != "") {
				if (comment) {
					end = index(rest, "*/")
					if (!end)
						break
					rest = substr(rest, end + 2)
					comment = 0
				} else if (match(rest, /^"([^"\\]|\\.)*"/) ||
					match(rest, /^\047([^\047\\]|\\.)*\047/)) {
					line = line "\"\""
					rest = substr(rest, RLENGTH + 1)
				} else if (substr(rest, 1, 2) == "/*") {
					comment = 1
					rest = substr(rest, 3)
				} else if (substr(rest, 1, 2) == "//") {
					break
				} else {
					line = line substr(rest, 1, 1)
					rest = substr(rest, 2)
				}
			}
			if (line ~ /[^ \t]/)
				print FILENAME ":" FNR ":" line
		}' "$file"
	done
}

# calls INSTEAD NAMES EXCEPT-FILES FOLDERS...: NAMES are alternatives of a
# regular expression, EXCEPT-FILES one over paths ("" for none).
calls() {
	instead=$1 names=$2 except=$3
	shift 3
	code "$@" | grep -E "^[^:]*:[0-9]*:(.*[^[:alnum:]_>.])?($names)[ \t]*\(" |
		grep -vE "^(${except:-/})" |
		sed "s|^\\([^:]*:[0-9]*\\):.*|\\1: use $instead|"
}

markers() {
	c_files | xargs grep -nE '\b(TODO|FIXME|XXX)\b'
	grep -rnE '\b(TODO|FIXME|XXX)\b' --include='*.py' --include='*.mk' \
		scripts tests bench configure.ac Makefile.am
}

product='core agent server cli plugins'
# shellcheck disable=SC2086  # a list of folders
{
	plan 8
	check "numbers are parsed by parse_*" calls "parse_*()" \
		'ato(i|l|ll|f)|strto(l|ul|ll|ull|d|f|imax|umax)|v?f?s?scanf' \
		'core/base/parse\.c:' $product
	check "text is not copied without bounds" calls "snprintf() or buf_*()" \
		'v?sprintf|str(cpy|n?cat)|gets|strtok' '' $product
	check "no shell is started behind our back" calls "core/proc" \
		'system|popen|wordexp|posix_spawnp?' '' $product
	check "only core/proc/spawn.c forks" calls "proc_spawn()" \
		'v?fork|clone3?|daemon' 'core/proc/spawn\.c:' $product
	check "descriptors are born close-on-exec" calls "the variant that takes O_CLOEXEC" \
		'pipe|dup|accept|creat|epoll_create|inotify_init|tmpfile' '' $product
	check "nothing sleeps" calls "a timer of core/loop" \
		'sleep|usleep|nanosleep|clock_nanosleep|sched_yield' '' \
		core agent server plugins
	check "time comes from core/base/clock.c" calls "clock_ms() or clock_wall_ms()" \
		'time|gettimeofday|clock_gettime|ftime' \
		'(core/base/clock|plugins/.*)\.c:' $product
	check "no marker of unfinished work is left" markers
}
