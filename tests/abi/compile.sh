#!/bin/sh
# The plugin header compiles alone and without a warning in every dialect that
# a plugin may be written in, and no struct of it has a hole.
src=${top_srcdir:-.}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
n=0

# try NAME COMMAND...
try() {
	n=$((n + 1))
	name=$1
	shift
	if "$@" >"$tmp/log" 2>&1; then
		echo "ok $n - $name"
	elif grep -q -e 'unrecognized command' -e 'invalid value' "$tmp/log"; then
		echo "ok $n - $name # SKIP not known to this compiler"
	else
		sed 's/^/# /' "$tmp/log"
		echo "not ok $n - $name"
	fi
}

for ext in c cc; do
	printf '#include <nodelink/plugin.h>\n' >"$tmp/alone.$ext"
	cat >"$tmp/use.$ext" <<-END
		#include <nodelink/plugin.h>
		static int start(void *s, struct ndl_task *t, void **w)
		{ (void)s; (void)t; (void)w; return 0; }
		$(test $ext = cc && echo 'const struct ndl_plugin nodelink_plugin_v1 = {
		sizeof(struct ndl_plugin), NDL_ABI(NDL_NEEDS), sizeof(struct ndl_field), 0,
		"x", "1", 0, 0, 0, 0, 0, start, 0, 0, 0, 0 };' ||
		echo 'NDL_PLUGIN(.name = "x", .version = "1", .start = start);')
	END
done
warn='-Wall -Wextra -Werror -Wpadded'
for std in c99 c11 c17 c2x; do
	for file in alone use; do
		# shellcheck disable=SC2086
		try "$file.c as $std" "${CC:-cc}" -std=$std -pedantic $warn \
			-I"$src/include" -fsyntax-only "$tmp/$file.c"
	done
done
if command -v "${CXX:-c++}" >/dev/null; then
	for std in c++11 c++20; do
		for file in alone use; do
			# shellcheck disable=SC2086
			try "$file.cc as $std" "${CXX:-c++}" -std=$std $warn \
				-I"$src/include" -fsyntax-only "$tmp/$file.cc"
		done
	done
fi
echo "1..$n"
