#!/bin/sh
# layers.sh - includes only look down, as the file LAYERS says
# shellcheck source=tests/lint/lint.sh
. "$(dirname "$0")/lint.sh"

# shellcheck disable=SC2046  # our file names have no spaces
look() {
	awk '
	FILENAME == "LAYERS" {
		if ($0 ~ /^#/ || NF == 0)
			next
		subject = $1
		sub(/:$/, "", subject)
		if (subject ~ /^</)		# <library>: folders
			library[substr(subject, 2, length(subject) - 2)] = 1
		else
			layer[subject] = 1
		for (i = 2; i <= NF; i++)
			may[subject, $i] = 1
		next
	}
	FNR == 1 {
		# the longest folder of LAYERS that holds this file
		folder = FILENAME
		sub(/^core\//, "", folder)
		while (sub(/\/[^\/]*$/, "", folder) && !(folder in layer))
			continue
		self = folder
		sub(/.*\//, "", self)
		if (!(folder in layer))
			print FILENAME ":1: its folder is not in LAYERS"
	}
	/^[ \t]*#[ \t]*include[ \t]*"/ {
		split($0, part, "\"")
		to = part[2]
		if (!sub(/\/[^\/]*$/, "", to) || to == self || to == folder)
			next
		if (to ~ /^nodelink\/v/)
			to = "proto"
		if (!((folder, to) in may))
			print FILENAME ":" FNR ": " folder " must not include " \
				part[2]
	}
	/^[ \t]*#[ \t]*include[ \t]*</ {
		to = $0
		sub(/^[^<]*</, "", to)
		sub(/>.*/, "", to)
		sub(/\/.*/, "", to)
		if (to in library && !(("<" to ">", folder) in may))
			print FILENAME ":" FNR ": " folder \
				" must not use the library behind <" to ">"
	}' LAYERS $(c_files core agent server cli plugins)
}

plan 1
check "every include is allowed by LAYERS" look
