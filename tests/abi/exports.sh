#!/bin/sh
# Each plugin we ship defines its descriptor and nothing else, and needs
# nothing but libc; docker, the two libraries that it is written with.
dir=${top_builddir:-.}/plugins/.libs
n=0

check() {
	n=$((n + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $n - $1"
	else
		echo "# found: $2"
		echo "not ok $n - $1"
	fi
}

for file in "$dir"/*.so; do
	name=$(basename "$file")
	check "$name defines only its descriptor" \
		"$(nm -D --defined-only "$file" | awk '{ print $3 }' |
			grep -v '^__odr_asan\.' | xargs)" \
		nodelink_plugin_v1
	more=
	[ "$name" != docker.so ] || more='libcurl.so.4 libjansson.so.4'
	check "$name needs only libc${more:+ and $more}" \
		"$(readelf -d "$file" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
			grep -v -e '^libc\.' -e '^libasan' -e '^libubsan' |
			xargs)" "$more"
done
echo "1..$n"
