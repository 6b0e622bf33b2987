#!/bin/sh
# systemd.sh - the units are well-formed, and as tight as promised
# shellcheck source=tests/lint/lint.sh
. "$(dirname "$0")/lint.sh"

need systemd-analyze
units=$(mktemp -d)
trap 'rm -rf "$units"' EXIT
for name in agent server; do
	sed "s,@sbindir@/nodelink-$name,/bin/true," "systemd/nodelink-$name.service.in" \
		>"$units/nodelink-$name.service"
done

# It asks for manual pages and for units that only a running system has, and may
# be older than a key.
well_formed() {
	systemd-analyze verify --man=no "$units"/*.service 2>&1 |
		grep -F 'nodelink-' | grep -v -e 'not found' -e DelegateSubgroup
}

# exposure PROGRAM TENTHS: its score may not be above that.
exposure() {
	systemd-analyze security --offline=true --threshold="$2" \
		"$units/nodelink-$1.service" >"$units/report" 2>&1 || tail -n 2 "$units/report"
}

# One that has died some times in a row would stay dead.
always_again() {
	for unit in "$units"/*.service; do
		grep -qx 'Restart=always' "$unit" && grep -qx 'StartLimitIntervalSec=0' "$unit" ||
			echo "$unit"
	done
}

plan 3
check "systemd finds no mistake" well_formed
check "the server's exposure is at most 1.5" exposure server 15
check "both are started again however often they die" always_again
