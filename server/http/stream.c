/* stream.c - bodies that grow while they are sent
 *
 * A reader that has nothing is suspended: MHD would ask again at once for
 * ever. It is not polled then, so connection.c watches for the hang-up. What
 * one client keeps in the kernel is bounded by a small send buffer; what it
 * keeps here is a cursor in its owner. */
#include "http/internal.h"

#include <string.h>
#include <sys/socket.h>

enum {
	BLOCK_KNOWN = 64 << 10, /* MHD's buffer for a body of known size */
	BLOCK_CHUNKED = 1 << 10, /* it uses its pool then, not this */
	SEND_BUFFER_CHUNKED = 64 << 10, /* doubled by the kernel */
	SEND_BUFFER_KNOWN = 256 << 10,
};

static ssize_t
have_nothing(struct http_request *req, char *out)
{
	static const char comment[] = ":\n\n";

	if (req->http->stopping)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (req->comment_due) {
		req->comment_due = false;
		connection_touch(req->conn);
		memcpy(out, comment, sizeof comment - 1);
		return sizeof comment - 1;
	}
	if (connection_watch(req->conn) < 0)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	MHD_suspend_connection(req->mhd);
	req->suspended = true;
	if (req->woken)
		request_resume(req);
	return 0;
}

static ssize_t
read_some(void *cls, uint64_t pos, char *out, size_t max)
{
	struct http_request *req = cls;
	ssize_t n;

	(void)pos;
	if (req->dead)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	req->woken = false;
	n = req->stream->read(req->stream_arg, (uint8_t *)out, max);
	http_count_streamed(req, n);
	if (n > 0) {
		req->comment_due = false;
		connection_touch(req->conn);
		return n;
	}
	if (n == HTTP_LATER)
		return have_nothing(req, out);
	return n == HTTP_END ? MHD_CONTENT_READER_END_OF_STREAM
			     : MHD_CONTENT_READER_END_WITH_ERROR;
}

void
http_stream(struct http_request *req, unsigned status, const char *type,
	int64_t size, bool comments, const struct http_stream_ops *ops,
	void *arg)
{
	bool known = size >= 0;
	int send_buffer = known ? SEND_BUFFER_KNOWN : SEND_BUFFER_CHUNKED;

	req->stream = ops;
	req->stream_arg = arg;
	req->comments = comments;
	http_count_stream(req);
	/* Without it a slow client costs megabytes of kernel memory. */
	(void)setsockopt(req->conn->fd, SOL_SOCKET, SO_SNDBUF, &send_buffer,
		sizeof send_buffer);
	reply_with(req, status, type,
		MHD_create_response_from_callback(
			known ? (uint64_t)size : MHD_SIZE_UNKNOWN,
			known ? BLOCK_KNOWN : BLOCK_CHUNKED, read_some, req,
			NULL));
}

void
http_stream_wake(struct http_request *req)
{
	req->woken = true;
	request_resume(req);
}
