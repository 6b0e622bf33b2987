/* link-pair.c - a link under test and what is at its other end */
#include "tests/unit/wire/link-pair.h"

#include <string.h>
#include <sys/socket.h>

struct loop *loop;
int bare = -1;
struct seen seen, peer;

static void
on_frame(void *arg, const uint8_t *payload, size_t len)
{
	struct seen *s = arg;

	s->frames++;
	s->bytes += len;
	if (s->free_after && s->frames == (size_t)s->free_after)
		link_free(TAKE(s->link));
	if (s->pause_after && s->frames == (size_t)s->pause_after)
		link_pause(s->link, true);
	if (len < 100) /* also after the free: it is ours during the call */
		ck_assert_int_eq(buf_printf(&s->text, "%.*s;", (int)len,
					 (const char *)payload),
			0);
}

static void
on_drained(void *arg)
{
	struct seen *s = arg;

	s->drained++;
}

static void
on_end(void *arg, int r)
{
	struct seen *s = arg;

	s->ends++;
	s->end_r = r;
	if (s->free_at_end)
		link_free(TAKE(s->link));
}

static const struct link_ops ops = { on_frame, on_drained, on_end };

void
open_bare(void)
{
	int fds[2];

	ck_assert_int_eq(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	loop = loop_new();
	ck_assert_ptr_nonnull(loop);
	seen.link = link_new(loop, fds[0], &ops, &seen);
	ck_assert_ptr_nonnull(seen.link);
	bare = fds[1];
}

void
open_pair(void)
{
	open_bare();
	peer.link = link_new(loop, TAKE_FD(bare), &ops, &peer);
	ck_assert_ptr_nonnull(peer.link);
}

void
close_all(void)
{
	link_free(seen.link);
	link_free(peer.link);
	if (bare >= 0)
		(void)close(bare);
	loop_free(loop);
	buf_done(&seen.text);
	buf_done(&peer.text);
}

void
turns(int n)
{
	while (n--)
		loop_turn(loop, 0);
}

void
send_text(struct link *link, const char *text)
{
	ck_assert_int_eq(link_send_payload(link, (const uint8_t *)text,
				 strlen(text), false),
		LINK_OK);
}

void
say(const char *bytes, size_t len)
{
	ck_assert_int_eq(send(bare, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
}
