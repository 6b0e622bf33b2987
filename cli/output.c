/* output.c - a task's bytes to our stdout and stderr, in order */
#include "cli/output.h"

#include <errno.h>
#include <nettle/base64.h>
#include <string.h>
#include <unistd.h>

enum {
	/* A pipe that is ready takes so much without blocking (pipe(7)). */
	PIECE_MAX = 4096,
};

struct output_piece {
	int fd;
	size_t len;
};

static bool
is_dropped(const struct output *o, int fd)
{
	return fd == STDOUT_FILENO ? o->broken != 0 : o->mute;
}

int
output_add(struct output *o, int fd, const void *data, size_t len)
{
	bool joins = o->n_pieces && o->pieces[o->n_pieces - 1].fd == fd;
	int r;

	if (!len || is_dropped(o, fd))
		return 0;
	if (!joins && o->n_pieces == o->max_pieces) {
		size_t max = o->max_pieces ? o->max_pieces * 2 : 16;
		struct output_piece *all =
			realloc(o->pieces, max * sizeof *all);

		if (!all)
			return -ENOMEM;
		o->pieces = all;
		o->max_pieces = max;
	}
	r = buf_add(&o->bytes, data, len);
	if (r < 0)
		return r;
	if (joins)
		o->pieces[o->n_pieces - 1].len += len;
	else
		o->pieces[o->n_pieces++] = (struct output_piece){ fd, len };
	return 0;
}

int
output_decode(const char *text, uint8_t out[OUTPUT_PIECE], size_t *n)
{
	struct base64_decode_ctx ctx;
	size_t len = strlen(text);

	*n = OUTPUT_PIECE;
	base64_decode_init(&ctx);
	return BASE64_DECODE_LENGTH(len) > OUTPUT_PIECE ||
			       !base64_decode_update(&ctx, n, out, len, text) ||
			       !base64_decode_final(&ctx)
		       ? -EBADMSG
		       : 0;
}

int
output_base64(struct output *o, int fd, const char *text)
{
	uint8_t bytes[OUTPUT_PIECE];
	size_t n;
	int r = output_decode(text, bytes, &n);

	return r < 0 ? r : output_add(o, fd, bytes, n);
}

/* How much of a piece went; 0: it must wait. */
static size_t
write_some(struct output *o, const struct output_piece *piece, size_t at)
{
	struct pollfd ready = { .fd = piece->fd, .events = POLLOUT };
	size_t len = piece->len < PIECE_MAX ? piece->len : PIECE_MAX;
	ssize_t n;

	if (is_dropped(o, piece->fd))
		return piece->len;
	if (poll(&ready, 1, 0) <= 0)
		return 0;
	n = write(piece->fd, o->bytes.data + at, len);
	if (n >= 0)
		return (size_t)n;
	if (errno == EAGAIN || errno == EINTR)
		return 0;
	if (piece->fd == STDOUT_FILENO)
		o->broken = errno;
	else
		o->mute = true;
	return piece->len;
}

void
output_flush(struct output *o)
{
	size_t at = 0, i = 0;

	while (i < o->n_pieces) {
		size_t n = write_some(o, &o->pieces[i], at);

		if (!n)
			break;
		at += n;
		o->pieces[i].len -= n;
		i += !o->pieces[i].len;
	}
	buf_drop(&o->bytes, at);
	for (size_t k = i; k < o->n_pieces; k++)
		o->pieces[k - i] = o->pieces[k];
	o->n_pieces -= i;
}

bool
output_waits(const struct output *o, struct pollfd *out)
{
	if (!o->n_pieces)
		return false;
	*out = (struct pollfd){ .fd = o->pieces[0].fd, .events = POLLOUT };
	return true;
}

void
output_done(struct output *o)
{
	buf_done(&o->bytes);
	free(o->pieces);
	*o = (struct output){ 0 };
}
