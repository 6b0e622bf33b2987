#!/bin/sh
# openapi.sh - a public linter finds nothing in proto/openapi.yaml
#
# It comes from the npm registry, in the versions of openapi/package-lock.json, into
# the build tree. Where that cannot be reached there is no test, but for CI.
# shellcheck source=tests/lint/lint.sh
. "$(dirname "$0")/lint.sh"

need node
need npm
[ -f "$top_builddir/config.h" ] || skip_all "this is not a configured build tree"
document=$PWD/proto/openapi.yaml
linter=$top_builddir/tests/lint/openapi

install() {
	mkdir -p "$linter" && cp tests/lint/openapi/* "$linter" && cd "$linter" &&
		{ cmp -s package-lock.json node_modules/installed ||
			{ npm ci --ignore-scripts --no-audit --no-fund 2>&1 &&
				cp package-lock.json node_modules/installed; }; }
}

look() {
	[ -z "$trouble" ] || echo "npm: $trouble"
	[ -n "$trouble" ] || node "$linter/lint.mjs" "$document"
}

trouble=
said=$(install) || trouble=${said:-failed}
[ -z "$trouble" ] || [ -n "${CI-}" ] || skip_all "the linter cannot be had from npm"
plan 1
check "the linter finds no mistake" look
