/* test-sse.c - a task's transcript as server-sent events */
#include "api/sse.h"

#include <jansson.h>
#include <nettle/base64.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "store/keep.h"
#include "tests/unit/unit.h"
#include "wire/msg.h"

static struct task *
make_task(const char *plugin)
{
	struct task *t = task_new();

	ck_assert_ptr_nonnull(t);
	(void)snprintf(t->id, sizeof t->id, "t-1");
	(void)snprintf(t->agent_id, sizeof t->agent_id, "agent1");
	(void)snprintf(t->plugin, sizeof t->plugin, "%s", plugin);
	t->transcript = transcript_new(spool_new("/tmp"));
	ck_assert_ptr_nonnull(t->transcript);
	return t;
}

static void
append(struct task *t, enum transcript_kind kind, const void *data, size_t len)
{
	struct transcript_mark all;

	ck_assert_int_eq(
		transcript_append(t->transcript, kind, data, len, 0), 0);
	all = transcript_mark(t->transcript);
	transcript_show(t->transcript, &all);
}

static void
finish(struct task *t, struct msg_result result)
{
	const struct msg msg = { .kind = MSG_RESULT,
		.task_id = t->id,
		.plugin = t->plugin,
		.seq = 1,
		.result = result };

	ck_assert_int_eq(msg_pack(&msg, &t->result), 0);
	append(t, TRANSCRIPT_FINAL, "", 0);
}

/* Everything there is after `after`, through buffers of this size. */
static void
drain(struct task *t, uint64_t after, size_t room, struct buf *out)
{
	uint8_t *piece = malloc(room); /* exactly, for the sanitizer */
	struct sse s;
	ssize_t n;

	ck_assert_int_eq(sse_init(&s, t, NULL, after), 0);
	while ((n = sse_fill(&s, piece, room)) > 0) {
		ck_assert_uint_le((size_t)n, room);
		ck_assert_int_eq(buf_add(out, piece, (size_t)n), 0);
	}
	ck_assert_int_eq(n, transcript_ended(t->transcript) ? SSE_END : 0);
	ck_assert(sse_at_rest(&s));
	sse_done(&s);
	free(piece);
}

/* The same through every size; the caller frees the events, an array. */
static json_t *
events_after(struct task *t, uint64_t after)
{
	AUTO_BUF struct buf whole = { 0 };
	json_t *events = json_array();
	char *line, *rest;

	drain(t, after, 1 << 20, &whole);
	for (size_t room = 64; room < 500; room += 7) {
		AUTO_BUF struct buf pieces = { 0 };

		drain(t, after, room, &pieces);
		ck_assert_uint_eq(pieces.len, whole.len);
		ck_assert_str_eq(buf_text(&pieces), buf_text(&whole));
	}
	rest = (char *)whole.data;
	while (rest && *rest) {
		json_error_t e;
		json_t *event;

		line = strsep(&rest, "\n");
		ck_assert_int_eq(strncmp(line, "id: ", 4), 0);
		line = strsep(&rest, "\n");
		ck_assert_str_eq(line, "event: response");
		line = strsep(&rest, "\n");
		ck_assert_int_eq(strncmp(line, "data: ", 6), 0);
		event = json_loads(line + 6, JSON_REJECT_DUPLICATES, &e);
		ck_assert_msg(event != NULL, "%s: %s", e.text, line);
		ck_assert_int_eq(json_array_append_new(events, event), 0);
		ck_assert_str_eq(strsep(&rest, "\n"), "");
	}
	return events;
}

static const char *
text_of(json_t *events, size_t i, const char *object, const char *name)
{
	const json_t *o = json_object_get(json_array_get(events, i), object);

	ck_assert_msg(o != NULL, "event %zu has no %s", i, object);
	return json_string_value(json_object_get(o, name));
}

/* "time" becomes one that can be compared; they are all as long. */
static void
forget_times(char *text)
{
	static const char before[] = "\"time\":\"";

	while ((text = strstr(text, before))) {
		char now[CLOCK_TEXT];

		text += strlen(before);
		(void)clock_text(clock_wall_ms(), now);
		ck_assert_int_eq(memcmp(text, now, strlen("2026-11-2")), 0);
		memcpy(text, "1970-01-01T00:00:00.000Z", 24);
	}
}

TEST(formats_each_kind_of_entry)
{
	struct task *t = make_task("shell");
	AUTO_BUF struct buf out = { 0 };

	append(t, TRANSCRIPT_STDOUT, "a\"b\n", 4);
	append(t, TRANSCRIPT_STDERR, "oops", 4);
	append(t, TRANSCRIPT_CANCEL, "SIGTERM sent", 12);
	drain(t, 0, 4096, &out);
	forget_times((char *)out.data);
	ck_assert_str_eq(buf_text(&out),
		"id: 1\nevent: response\ndata: {\"agentId\":\"agent1\","
		"\"taskId\":\"t-1\",\"status\":\"IN_PROGRESS\","
		"\"isFinal\":false,\"cancelled\":false,"
		"\"time\":\"1970-01-01T00:00:00.000Z\",\"shellExecute\":{"
		"\"stdout\":\"a\\\"b\\n\",\"stderr\":\"\",\"exitCode\":0}}\n\n"
		"id: 2\nevent: response\ndata: {\"agentId\":\"agent1\","
		"\"taskId\":\"t-1\",\"status\":\"IN_PROGRESS\","
		"\"isFinal\":false,\"cancelled\":false,"
		"\"time\":\"1970-01-01T00:00:00.000Z\",\"shellExecute\":{"
		"\"stdout\":\"\",\"stderr\":\"oops\",\"exitCode\":0}}\n\n"
		"id: 3\nevent: response\ndata: {\"agentId\":\"agent1\","
		"\"taskId\":\"t-1\",\"status\":\"IN_PROGRESS\","
		"\"isFinal\":false,\"cancelled\":false,"
		"\"time\":\"1970-01-01T00:00:00.000Z\",\"taskCancel\":{"
		"\"message\":\"SIGTERM sent\"}}\n\n");
	task_unref(t);
}
END

TEST(ends_with_one_event_that_has_the_result)
{
	struct task *t = make_task("docker");
	const char *signals[] = { "SIGTERM" };
	const struct msg_receipt receipt = { .code = 100,
		.name = "user_request",
		.signals = signals,
		.n_signals = 1 };
	json_t *events, *last;

	append(t, TRANSCRIPT_STDOUT, "x", 1);
	t->status = TASK_CANCELLED;
	finish(t, (struct msg_result){ .cancelled = true,
			  .outcome = MSG_SIGNALED,
			  .code = 15,
			  .receipt = &receipt });
	events = events_after(t, 0);
	ck_assert_uint_eq(json_array_size(events), 2);
	last = json_array_get(events, 1);
	ck_assert(json_is_true(json_object_get(last, "isFinal")));
	ck_assert(json_is_true(json_object_get(last, "cancelled")));
	ck_assert_str_eq(json_string_value(json_object_get(last, "status")),
		"COMPLETED");
	ck_assert_str_eq(text_of(events, 1, "dockerOperation", "stdout"), "");
	ck_assert_int_eq(
		json_integer_value(json_object_get(
			json_object_get(last, "dockerOperation"), "exitCode")),
		143);
	ck_assert_str_eq(text_of(events, 1, "receipt", "name"), "user_request");
	json_decref(events);
	task_unref(t);
}
END

TEST(tells_a_failure_and_the_key_of_other_plugins)
{
	struct task *t = make_task("countdown");
	json_t *events, *last;

	t->status = TASK_FAILED;
	finish(t, (struct msg_result){ .code = 3, .failure = "exit" });
	events = events_after(t, 0);
	last = json_array_get(events, 0);
	ck_assert_str_eq(
		json_string_value(json_object_get(last, "status")), "FAILURE");
	ck_assert_int_eq(
		json_integer_value(json_object_get(
			json_object_get(last, "pluginTask"), "exitCode")),
		3);
	json_decref(events);
	task_unref(t);
}
END

TEST(resumes_after_any_event)
{
	struct task *t = make_task("shell");
	json_t *events;

	for (int i = 0; i < 5; i++)
		append(t, TRANSCRIPT_STDOUT, &"01234"[i], 1);
	finish(t, (struct msg_result){ .ok = true });
	for (uint64_t after = 0; after <= 7; after++) {
		events = events_after(t, after);
		ck_assert_uint_eq(
			json_array_size(events), after < 6 ? 6 - after : 0);
		json_decref(events);
	}
	task_unref(t);
}
END

TEST(keeps_characters_whole_that_pieces_tear_apart)
{
	static const char text[] = "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80!";

	for (size_t cut = 1; cut < sizeof text - 1; cut++) {
		struct task *t = make_task("shell");
		AUTO_BUF struct buf all = { 0 };
		json_t *events;

		append(t, TRANSCRIPT_STDOUT, text, cut);
		append(t, TRANSCRIPT_STDERR, "other", 5);
		append(t, TRANSCRIPT_STDOUT, text + cut, sizeof text - 1 - cut);
		events = events_after(t, 0);
		for (size_t i = 0; i < json_array_size(events); i++)
			ck_assert_int_eq(
				buf_add_text(
					&all, text_of(events, i, "shellExecute",
						      "stdout")),
				0);
		ck_assert_str_eq(buf_text(&all), text);
		json_decref(events);
		task_unref(t);
	}
}
END

TEST(keeps_a_character_whole_that_comes_byte_by_byte)
{
	struct task *t = make_task("shell");
	json_t *events;

	for (int i = 0; i < 4; i++)
		append(t, TRANSCRIPT_STDOUT, &"\xf0\x9f\x98\x80"[i], 1);
	events = events_after(t, 0);
	ck_assert_uint_eq(json_array_size(events), 1);
	ck_assert_str_eq(text_of(events, 0, "shellExecute", "stdout"),
		"\xf0\x9f\x98\x80");
	json_decref(events);
	task_unref(t);
}
END

TEST(replaces_broken_bytes_also_across_pieces)
{
	struct task *t = make_task("shell");
	json_t *events;

	append(t, TRANSCRIPT_STDOUT, "a\xe2\x82", 3);
	append(t, TRANSCRIPT_STDOUT, "b\xff\xf0\x9f", 4);
	finish(t, (struct msg_result){ .ok = true });
	events = events_after(t, 0);
	ck_assert_uint_eq(json_array_size(events), 4);
	ck_assert_str_eq(text_of(events, 0, "shellExecute", "stdout"), "a");
	ck_assert_str_eq(text_of(events, 1, "shellExecute", "stdout"),
		"\xef\xbf\xbd"
		"b\xef\xbf\xbd");
	ck_assert_str_eq(text_of(events, 2, "shellExecute", "stdout"),
		"\xef\xbf\xbd"); /* what was left when the stream ended */
	json_decref(events);
	task_unref(t);
}
END

TEST(carries_long_entries_of_the_worst_bytes)
{
	struct task *t = make_task("shell");
	static char data[LIMIT_OUTPUT_CHUNK];
	json_t *events;

	memset(data, 1, sizeof data);
	append(t, TRANSCRIPT_STDOUT, data, sizeof data);
	memset(data, '"', sizeof data);
	append(t, TRANSCRIPT_STDERR, data, sizeof data);
	memset(data, 0xff, sizeof data);
	append(t, TRANSCRIPT_STDOUT, data, sizeof data);
	events = events_after(t, 0);
	ck_assert_uint_eq(json_array_size(events), 3);
	ck_assert_uint_eq(strlen(text_of(events, 0, "shellExecute", "stdout")),
		sizeof data);
	ck_assert_uint_eq(strlen(text_of(events, 1, "shellExecute", "stderr")),
		sizeof data);
	ck_assert_uint_eq(strlen(text_of(events, 2, "shellExecute", "stdout")),
		3 * sizeof data);
	json_decref(events);
	task_unref(t);
}
END

	/* What drain() does, in base64; the decoded bytes of all pieces. */
	static void
	drain_base64(struct task *t, size_t room, struct buf *out)
{
	AUTO_BUF struct buf text = { 0 };
	uint8_t *piece = malloc(room);
	const char *p;
	struct sse s;
	ssize_t n;

	ck_assert_int_eq(sse_init(&s, t, NULL, 0), 0);
	s.base64 = true;
	while ((n = sse_fill(&s, piece, room)) > 0)
		ck_assert_int_eq(buf_add(&text, piece, (size_t)n), 0);
	sse_done(&s);
	free(piece);
	for (p = buf_text(&text); (p = strstr(p, "\"stdout\":\"")); p++) {
		struct base64_decode_ctx ctx;
		uint8_t bytes[LIMIT_OUTPUT_CHUNK + 3];
		size_t len = sizeof bytes;

		p += strlen("\"stdout\":\"");
		base64_decode_init(&ctx);
		ck_assert_int_eq(base64_decode_update(&ctx, &len, bytes,
					 strcspn(p, "\""), p),
			1);
		ck_assert_int_eq(base64_decode_final(&ctx), 1);
		ck_assert_int_eq(buf_add(out, bytes, len), 0);
	}
}

TEST(tells_the_exact_bytes_in_base64)
{
	/* Torn characters, broken ones, and lengths of all remainders. */
	static const char bytes[] = "\xc3\xa4\xff\0\xe2\x82\xac!\x80\xf0";
	struct task *t = make_task("shell");

	for (size_t i = 0; i < sizeof bytes; i += 2 + i % 3)
		append(t, TRANSCRIPT_STDOUT, bytes + i,
			sizeof bytes - i < 2 + i % 3 ? sizeof bytes - i
						     : 2 + i % 3);
	append(t, TRANSCRIPT_CANCEL, "no bytes", 8);
	for (size_t room = 64; room < 400; room += 7) {
		AUTO_BUF struct buf out = { 0 };

		drain_base64(t, room, &out);
		ck_assert_uint_eq(out.len, sizeof bytes);
		ck_assert_mem_eq(out.data, bytes, sizeof bytes);
	}
	task_unref(t);
}
END

TEST(carries_the_longest_piece_in_base64)
{
	static char data[LIMIT_OUTPUT_CHUNK];
	struct task *t = make_task("shell");
	AUTO_BUF struct buf out = { 0 };

	memset(data, 0xc3, sizeof data);
	append(t, TRANSCRIPT_STDOUT, data, sizeof data);
	drain_base64(t, 1000, &out);
	ck_assert_uint_eq(out.len, sizeof data);
	ck_assert_mem_eq(out.data, data, sizeof data);
	task_unref(t);
}
END

TEST(leaves_output_out_a_few_pieces_at_a_time)
{
	struct task *t = make_task("shell");
	uint8_t piece[4096];
	struct sse s;
	ssize_t n;

	for (int i = 0; i < 1000; i++)
		append(t, i % 2 ? TRANSCRIPT_STDOUT : TRANSCRIPT_HOOK, "x", 1);
	append(t, TRANSCRIPT_CANCEL, "SIGTERM", 7);
	ck_assert_int_eq(sse_init(&s, t, NULL, 0), 0);
	s.no_output = true;
	n = sse_fill(&s, piece, sizeof piece);
	ck_assert_int_eq(n, 0);
	ck_assert(s.more);
	while (s.more)
		n = sse_fill(&s, piece, sizeof piece);
	ck_assert_int_gt(n, 0);
	piece[n] = 0;
	ck_assert_int_eq(strncmp((char *)piece, "id: 1001\n", 9), 0);
	ck_assert_ptr_nonnull(strstr((char *)piece, "SIGTERM"));
	ck_assert_int_eq(sse_fill(&s, piece, sizeof piece), 0);
	ck_assert(!s.more);
	sse_done(&s);
	task_unref(t);
}
END

TEST(has_nothing_to_say_until_something_comes)
{
	struct task *t = make_task("shell");
	uint8_t out[256];
	struct sse s;

	ck_assert_int_eq(sse_init(&s, t, NULL, 0), 0);
	ck_assert_int_eq(sse_fill(&s, out, sizeof out), 0);
	append(t, TRANSCRIPT_STDOUT, "\xe2", 1);
	ck_assert_int_eq(sse_fill(&s, out, sizeof out), 0);
	append(t, TRANSCRIPT_STDOUT, "\x82\xac", 2);
	ck_assert_int_gt(sse_fill(&s, out, sizeof out), 0);
	sse_done(&s);
	task_unref(t);
}
END

	UNIT_MAIN("sse", formats_each_kind_of_entry,
		ends_with_one_event_that_has_the_result,
		tells_a_failure_and_the_key_of_other_plugins,
		resumes_after_any_event,
		keeps_characters_whole_that_pieces_tear_apart,
		keeps_a_character_whole_that_comes_byte_by_byte,
		replaces_broken_bytes_also_across_pieces,
		carries_long_entries_of_the_worst_bytes,
		tells_the_exact_bytes_in_base64,
		carries_the_longest_piece_in_base64,
		leaves_output_out_a_few_pieces_at_a_time,
		has_nothing_to_say_until_something_comes)
