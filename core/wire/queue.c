/* queue.c - bytes of whole frames on their way into a socket */
#include "wire/queue.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "wire/frame.h"

enum { KEEP = 256 << 10 }; /* memory that an empty queue may keep */

void
queue_done(struct queue *q)
{
	buf_done(&q->buf);
	q->sent = 0;
	q->blocked = false;
}

size_t
queue_len(const struct queue *q)
{
	return q->buf.len - q->sent;
}

static void
drop(struct queue *q, size_t n)
{
	q->sent += n;
	if (!queue_len(q)) {
		q->sent = 0;
		if (q->buf.cap > KEEP)
			buf_done(&q->buf);
		else
			buf_clear(&q->buf);
	} else if (q->sent >= KEEP && q->sent >= queue_len(q)) {
		/* moves at most as much as was sent: linear over all */
		buf_drop(&q->buf, q->sent);
		q->sent = 0;
	}
}

int
queue_write(struct queue *q, int fd, const uint8_t *payload, size_t len,
	size_t *taken)
{
	uint8_t header[FRAME_HEADER];
	struct iovec iov[3];
	struct msghdr msg = { .msg_iov = iov };
	size_t total = queue_len(q), from_queue = total;
	ssize_t n;

	if (total)
		iov[msg.msg_iovlen++] =
			(struct iovec){ .iov_base = q->buf.data + q->sent,
				.iov_len = total };
	if (len) {
		frame_header(header, len);
		iov[msg.msg_iovlen++] = (struct iovec){ .iov_base = header,
			.iov_len = sizeof header };
		/* sendmsg() only reads, but an iovec cannot say so */
		iov[msg.msg_iovlen++] =
			(struct iovec){ .iov_base = (void *)(uintptr_t)payload,
				.iov_len = len };
		total += sizeof header + len;
	}
	do
		n = sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno != EAGAIN)
		return -errno;
	if (n < 0)
		n = 0;
	q->blocked = (size_t)n < total;
	if ((size_t)n < from_queue)
		from_queue = (size_t)n;
	drop(q, from_queue);
	*taken = (size_t)n - from_queue;
	return 0;
}

int
queue_add(struct queue *q, const uint8_t *payload, size_t len, size_t taken)
{
	uint8_t header[FRAME_HEADER];
	size_t header_rest = 0;
	int r = buf_reserve(&q->buf, sizeof header + len - taken);

	if (r < 0)
		return r;
	frame_header(header, len);
	if (taken < sizeof header)
		header_rest = sizeof header - taken;
	taken += header_rest;
	(void)buf_add(&q->buf, header + sizeof header - header_rest,
		header_rest); /* reserved above */
	(void)buf_add(&q->buf, payload + (taken - sizeof header),
		len - (taken - sizeof header)); /* the same */
	return 0;
}
