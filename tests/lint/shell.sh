#!/bin/sh
# shell.sh - shellcheck likes all our shell scripts
# shellcheck source=tests/lint/lint.sh
. "$(dirname "$0")/lint.sh"

need shellcheck

scripts() {
	for place in bootstrap run.in scripts .ci tests bench packaging; do
		[ ! -e "$place" ] || find "$place" -type f
	done | while read -r file; do
		case $file in
		*/__pycache__/* | *.[ch]) continue ;;
		*.sh) echo "$file" ;;
		*) ! sed 1q "$file" | grep -qE '^#! ?/bin/(ba|da)?sh|^#! ?/usr/bin/env (ba)?sh' ||
			echo "$file" ;;
		esac
	done | sort
}

# SC2317: what traps and our own check() call is not unreachable.
look() {
	scripts | xargs shellcheck --external-sources --exclude=SC2317 --format=gcc
}

plan 1
check "shellcheck has nothing to say" look
