#!/bin/sh
# sizes.sh - a file stays small enough to be read in one sitting
# shellcheck source=tests/lint/lint.sh
. "$(dirname "$0")/lint.sh"

max=400
max_test=600 # a list of independent cases is read one case at a time

# Longer files and why that is better than two files: "path reason".
excused='
'

too_long() {
	c_files | while read -r file; do
		lines=$(wc -l <"$file")
		case $file in tests/*) limit=$max_test ;; *) limit=$max ;; esac
		if [ "$lines" -gt "$limit" ] &&
			! printf '%s' "$excused" | grep -q "^$file "; then
			echo "$file: $lines lines, the limit is $limit"
		fi
	done
}

stale() {
	printf '%s' "$excused" | while read -r file reason; do
		[ -n "$file" ] || continue
		[ -n "$reason" ] || echo "$file: excused without a reason"
		[ -f "$file" ] && [ "$(wc -l <"$file")" -gt "$max" ] ||
			echo "$file: excused, but it needs no excuse"
	done
}

plan 2
check "no file is longer than $max lines, no test than $max_test" too_long
check "no excuse is stale" stale
