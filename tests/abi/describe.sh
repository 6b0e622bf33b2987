#!/bin/sh
# What a plugin declares and what its manual page says are the same.
build=${top_builddir:-.}
n=0

# ours NAME PAGE
ours() {
	n=$((n + 1))
	declared=$("$build/nodelink-executor" --plugin "$build/plugins/.libs/$1.so" \
		--describe | sed -n '/^params:/,$s/^  \([^ ]*\) .*/\1/p' | sort)
	written=$(sed -n '/^\.Sh PARAMETERS/,/^\.El/s/^\.It Cm //p' \
		"${top_srcdir:-.}/$2" | sort)
	if [ -n "$declared" ] && [ "$declared" = "$written" ]; then
		echo "ok $n - the parameters of $1 are in its manual page"
	else
		printf '# declared: %s\n' "$declared" | tr '\n' ' '
		printf -- '- written: %s' "$written" | tr '\n' ' '
		echo
		echo "not ok $n - the parameters of $1 are in its manual page"
	fi
}

ours shell plugins/shell/nodelink-plugin-shell.7
if [ -e "$build/plugins/.libs/docker.so" ]; then
	ours docker plugins/docker/nodelink-plugin-docker.7
fi
ours countdown plugins/example/nodelink-plugin-countdown.7
echo "1..$n"
