/* output.c - from what the engine sends to the task's output */
#include "output.h"

#include <errno.h>
#include <string.h>

#define SUM_START 0xcbf29ce484222325ull /* FNV-1a, 64 bits */
#define SUM_FACTOR 0x100000001b3ull

static uint64_t
sum(uint64_t old, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		old = (old ^ (unsigned char)data[i]) * SUM_FACTOR;
	return old;
}

void
output_begin(struct output *o, bool tty, bool log)
{
	o->frames = (struct frames){ .raw = tty };
	for (int i = 0; i < 2; i++) {
		struct output_stream *s = &o->stream[i];

		if (!s->taken)
			s->sum = SUM_START;
		s->skip = log ? s->taken : 0;
		s->skip_sum = SUM_START;
	}
}

void
output_end(struct output *o)
{
	for (int i = 0; i < 2; i++) {
		o->gap |= o->stream[i].skip > 0; /* the log has less */
		o->stream[i].skip = 0;
	}
}

static size_t
piece(size_t len)
{
	return len < NDL_EMIT_MAX ? len : NDL_EMIT_MAX;
}

static int
wait_for_room(struct output_stream *s, const char *data, size_t len)
{
	if (s->at) {
		memmove(s->data, s->data + s->at, s->len);
		s->at = 0;
	}
	if (s->len + len > s->room) {
		size_t room = (s->len + len) * 2;
		char *bigger = realloc(s->data, room);

		if (!bigger)
			return -ENOMEM;
		s->data = bigger;
		s->room = room;
	}
	memcpy(s->data + s->len, data, len);
	s->len += len;
	return 0;
}

static int
emit(struct output *o, unsigned stream, const char *data, size_t len)
{
	struct output_stream *s = &o->stream[stream == NDL_ERR];

	while (len && !s->len) {
		size_t n = piece(len);

		if (host->emit(o->task, stream, data, n) == -EAGAIN)
			break;
		data += n;
		len -= n;
	}
	return len ? wait_for_room(s, data, len) : 0;
}

static int
take(void *arg, unsigned stream, const char *data, size_t len)
{
	struct output *o = arg;
	struct output_stream *s = &o->stream[stream == NDL_ERR];
	size_t known = s->skip < len ? (size_t)s->skip : len;

	if (known) {
		s->skip_sum = sum(s->skip_sum, data, known);
		s->skip -= known;
		if (!s->skip && s->skip_sum != s->sum)
			o->gap = true;
	}
	data += known;
	len -= known;
	s->sum = sum(s->sum, data, len);
	s->taken += len;
	return emit(o, stream, data, len);
}

int
output_feed(struct output *o, const char *data, size_t len)
{
	return frames_feed(&o->frames, data, len, take, o);
}

void
output_flush(struct output *o)
{
	for (unsigned i = 0; i < 2; i++) {
		struct output_stream *s = &o->stream[i];

		while (s->len) {
			size_t n = piece(s->len);

			if (host->emit(o->task, i ? NDL_ERR : NDL_OUT,
				    s->data + s->at, n) == -EAGAIN)
				break;
			s->at += n;
			s->len -= n;
		}
		if (!s->len)
			s->at = 0;
	}
}

size_t
output_waiting(const struct output *o)
{
	return o->stream[0].len + o->stream[1].len;
}

void
output_done(struct output *o)
{
	free(o->stream[0].data);
	free(o->stream[1].data);
}
