/* link.c - one unix socket that carries frames, on the loop
 *
 * The writing half is a queue of frames, the reading half an intake. The user
 * is called only from the loop, never from inside his own call: what a call
 * finds out (an error, room again, frames that wait after a pause) is told by
 * `kick`, a timer of 0 ms, on a fresh turn. */
#include "wire/link.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/limits.h"
#include "wire/frame.h"
#include "wire/intake.h"
#include "wire/queue.h"

enum {
	READ_ROUNDS = 4, /* reads in a turn, then others have theirs */
	WRITE_AT_ONCE = 64 << 10, /* queued bytes that do not wait for more */
	BIG = 16 << 10, /* payloads from here on are not copied first */
};

struct link {
	int fd;
	struct loop_watch *watch;
	struct loop_flush *flush;
	struct loop_timer *kick;
	struct link_ops ops;
	void *arg;

	struct queue out;
	struct intake in;

	int error; /* of writing; told by the reader, after all frames */
	bool full; /* the user was told so and waits for on_drained() */
	bool hung_up; /* the loop does not watch it any more: read to the end */
	bool paused;
	bool ended;
	bool freed; /* from inside a callback: released when it returns */
	bool busy; /* inside a callback */
};

static void
release(struct link *link)
{
	queue_done(&link->out);
	intake_done(&link->in);
	free(link);
}

/* The user's functions are called only between these two. */
static void
enter(struct link *link)
{
	assert(!link->busy);
	link->busy = true;
}

static void
leave(struct link *link)
{
	link->busy = false;
	if (link->freed)
		release(link);
}

static void
watch_what_matters(struct link *link)
{
	unsigned events = 0;

	if (!link->ended && !link->hung_up) {
		events |= link->paused ? 0u : (unsigned)LOOP_READ;
		events |= link->out.blocked ? (unsigned)LOOP_WRITE : 0u;
	}
	if (loop_watch_set(link->watch, events) < 0 && !link->ended) {
		/* Not watched: find out what is wrong by reading. */
		link->hung_up = true;
		loop_timer_set(link->kick, 0);
	}
}

/* ----------------------------------------------------------------- writing */

static void
write_failed(struct link *link, int error)
{
	link->error = error;
	queue_done(&link->out);
	watch_what_matters(link);
	loop_timer_set(link->kick, 0);
}

static bool
has_room_again(const struct link *link)
{
	return link->full && queue_len(&link->out) < LIMIT_SEND_QUEUE / 2;
}

static int
write_now(struct link *link, const uint8_t *payload, size_t len, size_t *taken)
{
	bool was_blocked = link->out.blocked;
	int r = queue_write(&link->out, link->fd, payload, len, taken);

	if (r < 0) {
		write_failed(link, r);
		return r;
	}
	if (link->out.blocked != was_blocked)
		watch_what_matters(link);
	if (has_room_again(link))
		loop_timer_set(link->kick, 0);
	return 0;
}

static void
write_queue(struct link *link)
{
	size_t none;

	if (queue_len(&link->out) && !link->error)
		(void)write_now(link, NULL, 0, &none); /* reader tells errors */
}

static void
turn_ends(void *arg)
{
	struct link *link = arg;

	if (!link->out.blocked)
		write_queue(link);
}

/* May one more frame come? */
static int
admit(struct link *link, bool must)
{
	if (link->error)
		return link->error;
	if (!must && queue_len(&link->out) >= LIMIT_SEND_QUEUE) {
		link->full = true;
		return LINK_FULL;
	}
	return LINK_OK;
}

static void
added(struct link *link)
{
	if (!link->out.blocked && queue_len(&link->out) >= WRITE_AT_ONCE)
		write_queue(link);
}

int
link_send(struct link *link, const struct msg *msg, bool must)
{
	struct buf *buf = &link->out.buf;
	size_t start;
	int r = admit(link, must);

	if (r != LINK_OK)
		return r;
	r = frame_begin(buf, &start);
	if (r < 0) {
		write_failed(link, r);
		return r;
	}
	r = msg_pack(msg, buf);
	if (r == -ENOMEM)
		write_failed(link, r);
	else if (r < 0)
		buf->len = start;
	if (r < 0)
		return r;
	frame_end(buf, start);
	added(link);
	return LINK_OK;
}

int
link_send_payload(
	struct link *link, const uint8_t *payload, size_t len, bool must)
{
	size_t taken = 0;
	int r = admit(link, must);

	if (r != LINK_OK)
		return r;
	if (len > LIMIT_MESSAGE)
		return -EMSGSIZE;
	if (len >= BIG && !link->out.blocked) {
		r = write_now(link, payload, len, &taken);
		if (r < 0)
			return r;
		if (taken == FRAME_HEADER + len)
			return LINK_OK;
	}
	r = queue_add(&link->out, payload, len, taken);
	if (r < 0) {
		/* Half a frame may be out, and a message is missing: only a
		 * new connection makes both ends agree again. */
		write_failed(link, r);
		return r;
	}
	added(link);
	return LINK_OK;
}

/* ----------------------------------------------------------------- reading */

static void
end(struct link *link, int r)
{
	link->ended = true;
	if (!link->error)
		link->error = -EPIPE;
	watch_what_matters(link);
	loop_timer_stop(link->kick);
	link->ops.on_end(link->arg, r);
}

static bool
may_deliver(const struct link *link)
{
	return !link->paused && !link->ended && !link->freed;
}

static void
deliver(struct link *link)
{
	const uint8_t *payload;
	size_t len;
	int r;

	while (may_deliver(link)) {
		r = intake_next(&link->in, &payload, &len);
		if (r < 0)
			end(link, r);
		if (r <= 0)
			return;
		link->ops.on_frame(link->arg, payload, len);
	}
}

/* True when there may be more to read. */
static bool
read_once(struct link *link)
{
	bool to_the_end = link->error || link->hung_up;
	int r = intake_read(&link->in, link->fd);

	if (r == INTAKE_NONE && to_the_end)
		r = link->error ? link->error : -ECONNRESET;
	if (r < 0 || r == INTAKE_EOF) {
		end(link, r < 0 ? r : 0);
		return false;
	}
	if (r == INTAKE_NONE)
		return false;
	deliver(link);
	return r == INTAKE_MORE || to_the_end;
}

static void
read_some(struct link *link)
{
	deliver(link);
	for (int i = 0; i < READ_ROUNDS; i++)
		if (!may_deliver(link) || !read_once(link))
			return;
	if (may_deliver(link) && (link->error || link->hung_up))
		loop_timer_set(link->kick, 0); /* no watch will call again */
}

/* ------------------------------------------------------------------ events */

static void
ready(void *arg, int fd, unsigned events)
{
	struct link *link = arg;

	(void)fd;
	enter(link);
	if (events & LOOP_HANGUP) {
		link->hung_up = true;
		watch_what_matters(link);
	}
	if (events & LOOP_WRITE)
		write_queue(link);
	if (events & LOOP_READ)
		read_some(link);
	leave(link);
}

static void
kicked(void *arg)
{
	struct link *link = arg;

	enter(link);
	if (has_room_again(link)) {
		link->full = false;
		if (!link->error)
			link->ops.on_drained(link->arg);
	}
	if (!link->freed)
		read_some(link);
	leave(link);
}

void
link_pause(struct link *link, bool paused)
{
	if (link->paused == paused || link->ended)
		return;
	link->paused = paused;
	watch_what_matters(link);
	if (!paused) /* frames may wait in the buffer */
		loop_timer_set(link->kick, 0);
}

/* -------------------------------------------------------------- being made */

struct link *
link_new(struct loop *loop, int take_fd, const struct link_ops *ops, void *arg)
{
	struct link *link = calloc(1, sizeof *link);

	if (!link) {
		(void)close(take_fd);
		return NULL;
	}
	link->fd = take_fd;
	link->ops = *ops;
	link->arg = arg;
	link->watch = loop_watch_new(loop, take_fd, LOOP_READ, ready, link);
	link->flush = loop_flush_new(loop, turn_ends, link);
	link->kick = loop_timer_new(loop, kicked, link);
	if (!link->watch || !link->flush || !link->kick) {
		link_free(link);
		return NULL;
	}
	return link;
}

void
link_free(struct link *link)
{
	size_t none;

	if (!link || link->freed)
		return;
	if (queue_len(&link->out))
		(void)queue_write(&link->out, link->fd, NULL, 0,
			&none); /* nobody is left to hear of a failure */
	loop_watch_free(link->watch);
	loop_flush_free(link->flush);
	loop_timer_free(link->kick);
	(void)close(link->fd);
	link->freed = true;
	if (!link->busy)
		release(link);
}

int
link_peer_uid(const struct link *link)
{
	struct ucred cred;
	socklen_t len = sizeof cred;

	if (getsockopt(link->fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return -1;
	return (int)cred.uid;
}
