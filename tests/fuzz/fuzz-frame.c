/* fuzz-frame.c - frames out of a socket, however its bytes come
 *
 * The first byte says how large the pieces are. */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/limits.h"
#include "tests/fuzz/fuzz.h"
#include "wire/frame.h"
#include "wire/intake.h"

/* Frames as they are one behind the other; the rest is no whole one. */
static size_t
count(const uint8_t *data, size_t len)
{
	const uint8_t *payload;
	size_t n = 0, size, used = 0;

	while (frame_next(data, len, &payload, &size, &used) > 0) {
		data += used;
		len -= used;
		n++;
	}
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = { data, len };
	size_t piece = 1 + (size_t)input_byte(&in) * 64, n = 0, size;
	struct intake intake = { 0 };
	const size_t want = count(in.data, in.len);
	const uint8_t *payload;
	int fds[2], r = 0;

	MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
	while (in.len && r == 0) {
		struct input p = input_piece(&in, piece);

		MUST(send(fds[0], p.data, p.len, 0) == (ssize_t)p.len);
		MUST(intake_read(&intake, fds[1]) >= 0);
		while ((r = intake_next(&intake, &payload, &size)) > 0) {
			MUST(size <= LIMIT_MESSAGE);
			n++;
		}
	}
	MUST(r == 0 || r == -EMSGSIZE);
	MUST(n == want);
	intake_done(&intake);
	(void)close(fds[0]);
	(void)close(fds[1]);
	return 0;
}
