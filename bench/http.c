/* http.c - see http.h for why this exists */
#include "bench/http.h"

#include <err.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <arpa/inet.h>

#include "base/parse.h"

void
http_address(const char *text, struct sockaddr_in *out)
{
	char host[256];
	uint16_t port;

	memset(out, 0, sizeof(*out));
	out->sin_family = AF_INET;
	if (parse_address(text, host, &port) < 0 ||
		inet_pton(AF_INET, host, &out->sin_addr) != 1)
		errx(2, "not an address like 127.0.0.1:8080: '%s'", text);
	out->sin_port = htons(port);
}

static int
dial(struct http *h)
{
	int one = 1;

	h->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (h->fd < 0)
		return -errno;
	if (connect(h->fd, (const struct sockaddr *)h->addr, sizeof(*h->addr)) <
		0) {
		int r = -errno;

		http_close(h);
		return r;
	}
	(void)setsockopt(h->fd, IPPROTO_TCP, TCP_NODELAY, &one,
		sizeof(one)); /* slower without, not wrong */
	return 0;
}

int
http_open(struct http *h, const struct sockaddr_in *addr, http_body_fn *body,
	void *arg)
{
	memset(h, 0, sizeof(*h));
	h->addr = addr;
	h->body = body;
	h->arg = arg;
	h->keep = true;
	return dial(h);
}

void
http_close(struct http *h)
{
	if (h->fd >= 0)
		(void)close(h->fd);
	h->fd = -1;
}

int
http_send(
	struct http *h, const char *method, const char *path, const char *body)
{
	char head[1024];
	struct iovec iov[2];
	ssize_t n;
	int len, r;

	if (!h->keep || h->fd < 0) {
		http_close(h);
		r = dial(h);
		if (r < 0)
			return r;
	}
	h->state = HTTP_HEAD;
	h->status = 0;
	h->line_len = 0;
	len = snprintf(head, sizeof(head),
		"%s %s HTTP/1.1\r\nHost: localhost\r\n%s", method, path,
		body ? "Content-Type: application/json\r\n" : "\r\n");
	if (body && len < (int)sizeof(head))
		len += snprintf(head + len, sizeof(head) - (size_t)len,
			"Content-Length: %zu\r\n\r\n", strlen(body));
	if (len >= (int)sizeof(head))
		return -E2BIG;
	iov[0] = (struct iovec){ head, (size_t)len };
	iov[1] = (struct iovec){ (void *)(uintptr_t)body,
		body ? strlen(body) : 0 };
	n = writev(h->fd, iov, body ? 2 : 1);
	if (n < 0)
		return -errno;
	/* a blocking socket takes all of a small request at once */
	return (size_t)n == iov[0].iov_len + iov[1].iov_len ? 0 : -EIO;
}

/* One line of header, without its end. */
static int
take_line(struct http *h)
{
	char *line = h->line;

	if (!h->status) {
		h->keep = true;
		h->chunked = false;
		h->left = UINT64_MAX;
		if (strncmp(line, "HTTP/1.1 ", 9) != 0)
			return -EPROTO;
		h->status = atoi(line + 9);
	} else if (!strncasecmp(line, "content-length:", 15)) {
		h->left = strtoull(line + 15, NULL, 10);
	} else if (!strncasecmp(line, "transfer-encoding:", 18)) {
		h->chunked = strstr(line, "chunked") != NULL;
	} else if (!strncasecmp(line, "connection:", 11)) {
		h->keep = strcasestr(line, "close") == NULL;
	}
	return 0;
}

/* The header is complete: what follows? */
static int
after_head(struct http *h)
{
	if (h->chunked) {
		h->state = HTTP_CHUNK_SIZE;
	} else if (h->left == UINT64_MAX) {
		h->keep = false;
		h->state = HTTP_UNTIL_CLOSE;
	} else {
		h->state = HTTP_LENGTH;
		if (!h->left)
			return HTTP_DONE;
	}
	return HTTP_MORE;
}

/* A complete line in a state that reads lines. */
static int
on_line(struct http *h)
{
	bool empty = !h->line_len;
	int r;

	h->line[h->line_len] = '\0';
	h->line_len = 0;
	switch (h->state) {
	case HTTP_HEAD:
		if (empty)
			return after_head(h);
		r = take_line(h);
		return r < 0 ? r : HTTP_MORE;
	case HTTP_CHUNK_SIZE:
		h->left = strtoull(h->line, NULL, 16);
		h->state = h->left ? HTTP_CHUNK : HTTP_TRAILER;
		return HTTP_MORE;
	case HTTP_CHUNK_END: h->state = HTTP_CHUNK_SIZE; return HTTP_MORE;
	case HTTP_TRAILER: return empty ? HTTP_DONE : HTTP_MORE;
	case HTTP_LENGTH:
	case HTTP_CHUNK:
	case HTTP_UNTIL_CLOSE: break;
	}
	return -EPROTO;
}

/* Bytes of the body at p; how many of n were used in *used. */
static int
take_body(struct http *h, const char *p, size_t n, size_t *used)
{
	if (h->state != HTTP_UNTIL_CLOSE && n > h->left)
		n = (size_t)h->left;
	*used = n;
	h->body(h->arg, p, n);
	if (h->state == HTTP_UNTIL_CLOSE)
		return HTTP_MORE;
	h->left -= n;
	if (h->left)
		return HTTP_MORE;
	if (h->state == HTTP_LENGTH)
		return HTTP_DONE;
	h->state = HTTP_CHUNK_END;
	return HTTP_MORE;
}

/* Bytes of a line at p, up to and with its end. */
static int
take_text(struct http *h, const char *p, size_t n, size_t *used)
{
	const char *end = memchr(p, '\n', n);
	size_t part = end ? (size_t)(end - p) : n;

	if (h->line_len + part >= sizeof(h->line))
		return -EPROTO;
	memcpy(h->line + h->line_len, p, part);
	h->line_len += part;
	*used = part + (end != NULL);
	if (!end)
		return HTTP_MORE;
	if (h->line_len && h->line[h->line_len - 1] == '\r')
		h->line_len--;
	return on_line(h);
}

int
http_read(struct http *h)
{
	static char piece[256 << 10];
	ssize_t n = recv(h->fd, piece, sizeof(piece), MSG_DONTWAIT);
	size_t at = 0, used = 0;
	int r = HTTP_MORE;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? HTTP_MORE : -errno;
	if (n == 0)
		return h->state == HTTP_UNTIL_CLOSE ? HTTP_DONE : -ECONNRESET;
	while (at < (size_t)n && r == HTTP_MORE) {
		bool body = h->state == HTTP_LENGTH || h->state == HTTP_CHUNK ||
			    h->state == HTTP_UNTIL_CLOSE;

		r = body ? take_body(h, piece + at, (size_t)n - at, &used)
			 : take_text(h, piece + at, (size_t)n - at, &used);
		at += used;
	}
	return r;
}

static void
keep_body(void *arg, const char *data, size_t len)
{
	struct buf *reply = arg;

	if (buf_add(reply, data, len) < 0)
		errx(1, "out of memory");
}

int
http_call(struct http *h, const char *method, const char *path,
	const char *body, struct buf *reply)
{
	struct pollfd p = { .events = POLLIN };
	int r;

	buf_clear(reply);
	h->body = keep_body;
	h->arg = reply;
	r = http_send(h, method, path, body);
	while (r == HTTP_MORE) {
		p.fd = h->fd;
		if (poll(&p, 1, 60000) == 0)
			errx(1, "%s %s: no answer for 60 s", method, path);
		r = http_read(h);
	}
	if (r < 0)
		errx(1, "%s %s: %s", method, path, strerror(-r));
	return h->status;
}
