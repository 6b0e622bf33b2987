#!/bin/sh
# manual.sh - the manual pages are well-formed mdoc
# shellcheck source=tests/lint/lint.sh
. "$(dirname "$0")/lint.sh"

need mandoc
pages=$(find man plugins -name '*.[1-9]' 2>/dev/null | sort)
[ -n "$pages" ] || skip_all "there are no manual pages yet"

# Pages refer to each other before they are installed: not a finding.
look() {
	# shellcheck disable=SC2086
	mandoc -T lint -W warning $pages
}

plan 1
check "mandoc finds no mistake" look
