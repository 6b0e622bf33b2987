#!/bin/sh
# sizes.sh - a file stays small enough to be read in one sitting
# shellcheck source=tests/lint/lint.sh
. "$(dirname "$0")/lint.sh"

max=400

# Longer files and why that is better than two files: "path reason".
excused='
'

too_long() {
	c_files | while read -r file; do
		lines=$(wc -l <"$file")
		if [ "$lines" -gt "$max" ] &&
			! printf '%s' "$excused" | grep -q "^$file "; then
			echo "$file: $lines lines, the limit is $max"
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
check "no file is longer than $max lines" too_long
check "no excuse is stale" stale
