/* fuzz-profile.c - a seccomp profile in the OCI's JSON
 *
 * The first byte says which capabilities the program has. */
#include <errno.h>
#include <linux/bpf_common.h>
#include <linux/filter.h>

#include "executor/profile.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = { data, len };
	uint64_t caps = (uint64_t)input_byte(&in) << 16;
	AUTO_BUF struct buf code = { 0 }, unknown = { 0 };
	struct err err = { "" };
	unsigned flags;
	json_t *root = json_loadb(
		(const char *)in.data, in.len, JSON_REJECT_DUPLICATES, NULL);
	int r;

	if (!root)
		return -1;
	r = profile_compile(root, caps, &code, &flags, &unknown, &err);
	MUST(r == 0 || r == -EINVAL || r == -E2BIG);
	if (r == 0)
		MUST(code.len && code.len % sizeof(struct sock_filter) == 0 &&
			code.len / sizeof(struct sock_filter) <= BPF_MAXINSNS);
	else
		MUST(*err.text);
	json_decref(root);
	return 0;
}
