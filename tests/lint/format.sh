#!/bin/sh
# format.sh - layout is as .clang-format decides
# shellcheck source=tests/lint/lint.sh
. "$(dirname "$0")/lint.sh"

need clang-format
# Releases differ in details; Debian 12's is the one that counts.
version=$(clang-format --version | sed 's/.*version \([0-9]*\).*/\1/')
[ "$version" = 14 ] || skip_all "layout is decided by clang-format 14, this is $version"

# plugin.h is laid out by hand: it is read more than any other file.
look() {
	c_files | grep -v '^include/nodelink/plugin\.h$' |
		xargs clang-format --dry-run 2>&1 | grep 'warning:' | cut -d: -f1 |
		sort | uniq -c | sed 's/^ *\([0-9]*\) \(.*\)/\2: \1 places; clang-format -i \2/'
}

plan 1
check "clang-format would change nothing" look
