/* tail.c - the end of a log that another process has left
 *
 * A line is written by one call, but a crash of the machine or a full disk may
 * leave a part of it. Its event had no effect then: that follows the write. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/internal.h"
#include "base/buf.h"

/* The last bytes of the file, enough for a torn line and a whole one. */
static int
read_end(int fd, struct buf *out, bool *whole_file)
{
	const size_t want = 2 * AUDIT_LINE;
	struct stat st;
	size_t size;
	int r;

	if (fstat(fd, &st) < 0)
		return -errno;
	size = (size_t)st.st_size;
	*whole_file = size <= want;
	if (!*whole_file)
		size = want;
	r = buf_reserve(out, size + 1);
	while (r == 0 && out->len < size) {
		ssize_t n = pread(fd, out->data + out->len, size - out->len,
			st.st_size - (off_t)(size - out->len));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EAGAIN; /* somebody cuts it */
		out->len += (size_t)n;
	}
	return r;
}

int
tail_read(int fd, struct chain *out, size_t *torn, struct err *err)
{
	AUTO_BUF struct buf end = { 0 };
	struct chain_line said;
	const char *text, *last, *before;
	bool whole_file = false;
	int r = read_end(fd, &end, &whole_file);

	if (r < 0)
		return err_set(err, r, "cannot read it: %s", err_name(-r));
	chain_init(out);
	text = (const char *)end.data;
	last = end.len ? memrchr(text, '\n', end.len) : NULL;
	*torn = end.len - (last ? (size_t)(last + 1 - text) : 0);
	if (!last)
		return whole_file ? 0
				  : err_set(err, -EBADMSG,
					    "it does not end in lines");
	before = memrchr(text, '\n', (size_t)(last - text));
	if (!before && !whole_file)
		return err_set(err, -EBADMSG, "its last line is too long");
	before = before ? before + 1 : text;
	r = chain_parse(before, (size_t)(last - before), &said, err);
	if (r < 0)
		return r;
	out->seq = said.seq;
	chain_hash(before, (size_t)(last - before), out->hash);
	return 0;
}

void
tail_end(const char *path, int head_fd, const struct chain *last,
	struct chain *out, struct err *why)
{
	struct chain head;
	int r = chain_read(head_fd, &head);

	if (r < 0) {
		*out = *last;
		if (last->seq)
			(void)err_set(why, 0, "'%s.head' said nothing", path);
		return;
	}
	*out = head.seq >= last->seq ? head : *last;
	if (!last->seq)
		return; /* rotated */
	if (last->seq < head.seq)
		(void)err_set(why, 0,
			"events %" PRIu64 " to %" PRIu64
			" are missing at the end",
			last->seq + 1, head.seq);
	else if (last->seq == head.seq && strcmp(last->hash, head.hash) != 0)
		(void)err_set(
			why, 0, "event %" PRIu64 " was changed", last->seq);
}
