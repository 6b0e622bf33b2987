#!/bin/sh
# headers.sh - every header compiles alone
# shellcheck source=tests/lint/lint.sh
. "$(dirname "$0")/lint.sh"

: "${CC:=cc}"
[ -f "$top_builddir/config.h" ] || skip_all "this is not a configured build tree"

# The plugin API must need nothing of ours, in every dialect a plugin may use.
api() {
	for std in c99 c11 gnu11; do
		# shellcheck disable=SC2086  # CC may hold flags
		$CC -std="$std" -pedantic-errors -Wall -Wextra -Werror -fsyntax-only \
			-Iinclude -x c include/nodelink/plugin.h
	done
}

ours() {
	c_files core agent server cli plugins tests | grep '\.h$' |
		while read -r header; do
			# shellcheck disable=SC2086  # CC may hold flags
			$CC -std=gnu11 -fsyntax-only -Wall -Wextra -Werror \
				-Wno-unused-function -DHAVE_CONFIG_H \
				-include "$top_builddir/config.h" \
				-Icore -Iserver -Iagent -I. -Iinclude \
				-I"$top_builddir/proto" -x c "$header" ||
				echo "$header: does not compile alone"
		done
}

plan 2
check "the plugin header compiles alone, as C99 and C11" api
check "every other header compiles alone" ours
