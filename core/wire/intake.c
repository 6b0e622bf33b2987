/* intake.c - bytes out of a socket, on their way to be whole frames */
#include "wire/intake.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "wire/frame.h"

enum {
	SIZE = 128
	       << 10, /* the buffer's usual size; a larger frame gets more */
	ROOM = SIZE / 4, /* a read for less is not worth the call */
};

void
intake_done(struct intake *in)
{
	free(in->data);
	*in = (struct intake){ 0 };
}

static int
make_room(struct intake *in)
{
	size_t held = in->end - in->start, cap = SIZE, whole = 0, len;
	const uint8_t *payload;
	uint8_t *data;

	if (held) /* only for its size: intake_next() has judged it */
		(void)frame_next(
			in->data + in->start, held, &payload, &len, &whole);
	else
		in->start = in->end = 0;
	if (whole > cap)
		cap = whole;
	if (cap != in->cap) {
		data = malloc(cap);
		if (!data)
			return -ENOMEM;
		if (held)
			memcpy(data, in->data + in->start, held);
		free(in->data);
		in->data = data;
		in->cap = cap;
	} else if (cap - in->start < whole || cap - in->end < ROOM) {
		memmove(in->data, in->data + in->start, held);
	} else {
		return 0;
	}
	in->start = 0;
	in->end = held;
	return 0;
}

int
intake_read(struct intake *in, int fd)
{
	size_t room;
	ssize_t n;
	int r = make_room(in);

	if (r < 0)
		return r;
	room = in->cap - in->end;
	do
		n = recv(fd, in->data + in->end, room, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? INTAKE_NONE : -errno;
	if (n == 0)
		return in->end > in->start ? -ECONNRESET : INTAKE_EOF;
	in->end += (size_t)n;
	return (size_t)n == room ? INTAKE_MORE : INTAKE_SOME;
}

int
intake_next(struct intake *in, const uint8_t **payload, size_t *payload_len)
{
	size_t used;
	int r;

	if (in->start == in->end)
		return 0;
	r = frame_next(in->data + in->start, in->end - in->start, payload,
		payload_len, &used);
	if (r > 0)
		in->start += used;
	return r;
}
