/* test-sse.c - an event stream in pieces */
#include "cli/sse.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "tests/unit/unit.h"

/* Events as text: "id|name|data;" */
static int
note(void *arg, const struct sse_event *event)
{
	ck_assert_uint_eq(strlen(event->data), event->len);
	return buf_printf(
		arg, "%s|%s|%s;", event->id, event->name, event->data);
}

/* What a stream says, in pieces of every size. */
static void
check_stream(const char *stream, size_t len, const char *want)
{
	for (size_t step = 1; step <= len; step++) {
		AUTO_BUF struct buf got = { 0 };
		struct sse sse = { 0 };

		for (size_t i = 0; i < len; i += step)
			ck_assert_int_eq(
				sse_feed(&sse, stream + i,
					len - i < step ? len - i : step, note,
					&got),
				0);
		ck_assert_str_eq(buf_text(&got), want);
		sse_done(&sse);
	}
}

#define CHECK_STREAM(stream, want) check_stream(stream, strlen(stream), want)

TEST(tells_each_event_once_it_is_complete)
{
	CHECK_STREAM("id: 1\nevent: response\ndata: {}\n\n"
		     "id: 2\nevent: response\ndata: [1]\n\nid: 3\ndata: half\n",
		"1|response|{};2|response|[1];");
}
END

TEST(takes_every_end_of_line)
{
	CHECK_STREAM("data: a\r\n\r\ndata: b\r\rdata: c\n\n",
		"|message|a;|message|b;|message|c;");
}
END

TEST(keeps_the_last_id_and_joins_lines)
{
	CHECK_STREAM(":comment\nid: 7\ndata: a\ndata:b\ndata\n\n:\n\ndata: c\n"
		     "retry: 5\nunknown: x\n\nid\ndata:  d\n\n",
		"7|message|a\nb\n;7|message|c;|message| d;");
}
END

TEST(skips_a_byte_order_mark_at_the_beginning_only)
{
	CHECK_STREAM("\xef\xbb\xbf"
		     "data: a\n\n\xef\xbb\xbf"
		     "data: b\n\n",
		"|message|a;");
}
END

TEST(ignores_an_id_with_a_nul)
{
	static const char stream[] = "id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n";

	check_stream(stream, sizeof stream - 1, "1|message|a;1|message|b;");
}
END

TEST(forgets_half_an_event_when_it_begins_anew)
{
	AUTO_BUF struct buf got = { 0 };
	static const char first[] = "id: 4\ndata: a\n\nid: 5\ndata: lo";
	static const char second[] = "data: b\n\n";
	struct sse sse = { 0 };

	ck_assert_int_eq(
		sse_feed(&sse, first, sizeof first - 1, note, &got), 0);
	ck_assert_str_eq(buf_text(&sse.id), "4"); /* what was told whole */
	ck_assert_int_eq(sse_restart(&sse), 0);
	ck_assert_int_eq(
		sse_feed(&sse, second, sizeof second - 1, note, &got), 0);
	ck_assert_str_eq(buf_text(&got), "4|message|a;4|message|b;");
	sse_done(&sse);
}
END

	static int
	refuse(void *arg, const struct sse_event *event)
{
	(void)arg;
	(void)event;
	return -ECANCELED;
}

TEST(stops_when_it_is_told_to)
{
	struct sse sse = { 0 };

	ck_assert_int_eq(
		sse_feed(&sse, "data: a\n\ndata: b\n\n", 18, refuse, NULL),
		-ECANCELED);
	sse_done(&sse);
}
END

TEST(refuses_events_beyond_the_limit)
{
	enum { PIECE = 1 << 20 };
	char *piece = malloc(PIECE);
	struct sse sse = { 0 };
	int r = sse_feed(&sse, "data: ", 6, refuse, NULL);
	size_t sent = 0;

	ck_assert_ptr_nonnull(piece);
	memset(piece, 'x', PIECE);
	for (; r == 0 && sent <= LIMIT_EVENT; sent += PIECE)
		r = sse_feed(&sse, piece, PIECE, refuse, NULL);
	ck_assert_int_eq(r, -EMSGSIZE);
	sse_done(&sse);
	sse = (struct sse){ 0 };
	piece[PIECE - 1] = '\n'; /* the same in many lines */
	memcpy(piece, "data:", 5);
	for (r = 0, sent = 0; r == 0 && sent <= LIMIT_EVENT + PIECE;
		sent += PIECE)
		r = sse_feed(&sse, piece, PIECE, refuse, NULL);
	ck_assert_int_eq(r, -EMSGSIZE);
	sse_done(&sse);
	free(piece);
}
END

	UNIT_MAIN("cli sse", tells_each_event_once_it_is_complete,
		takes_every_end_of_line, keeps_the_last_id_and_joins_lines,
		skips_a_byte_order_mark_at_the_beginning_only,
		ignores_an_id_with_a_nul,
		forgets_half_an_event_when_it_begins_anew,
		stops_when_it_is_told_to, refuses_events_beyond_the_limit)
