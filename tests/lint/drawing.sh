#!/bin/sh
# drawing.sh - nodelink-tasks(7) draws the states that core/task/state.c has
# shellcheck source=tests/lint/lint.sh
. "$(dirname "$0")/lint.sh"

page=man/nodelink-tasks.7
draw=$top_builddir/core/task/draw
[ -x "$draw" ] || skip_all "core/task/draw is not built"

differs() {
	"$draw" "$page" | diff "$page" - ||
		echo "do: core/task/draw $page > page && mv page $page"
}

drawings() {
	[ "$(grep -c '^\.\\" drawn: ' "$page")" = 2 ] || echo "$page: not two drawings"
}

plan 2
check "both drawings are there" drawings
check "they are what the tables give" differs
