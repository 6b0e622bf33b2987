/* test-transcript.c - everything one task has said, in order */
#include "store/transcript.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "store/keep.h"
#include "tests/unit/unit.h"

static struct transcript *
fresh(void)
{
	struct transcript *t = transcript_new(spool_new("/tmp"));

	ck_assert_ptr_nonnull(t);
	return t;
}

/* Append, and show it as stored. */
static int
put(struct transcript *t, enum transcript_kind kind, const void *data,
	size_t len)
{
	int r = transcript_append(t, kind, data, len, 0);
	struct transcript_mark all = transcript_mark(t);

	transcript_show(t, &all);
	return r;
}

static void
add(struct transcript *t, enum transcript_kind kind, const char *text)
{
	ck_assert_int_eq(put(t, kind, text, strlen(text)), 0);
}

TEST(gives_back_what_was_appended_in_order)
{
	AUTO(transcript_free) struct transcript *t = fresh();
	struct transcript_entry e;

	ck_assert_int_eq(transcript_read(t, 0, &e), TRANSCRIPT_NONE);
	add(t, TRANSCRIPT_STDOUT, "one");
	add(t, TRANSCRIPT_STDERR, "two");
	add(t, TRANSCRIPT_CANCEL, "note");
	ck_assert_int_eq(transcript_read(t, 0, &e), TRANSCRIPT_OK);
	ck_assert_uint_eq(e.id, 1);
	ck_assert_mem_eq(e.data, "one", 3);
	ck_assert_int_eq(transcript_read(t, 1, &e), TRANSCRIPT_OK);
	ck_assert_int_eq(e.kind, TRANSCRIPT_STDERR);
	ck_assert_int_eq(transcript_read(t, 2, &e), TRANSCRIPT_OK);
	ck_assert_int_eq(e.kind, TRANSCRIPT_CANCEL);
	ck_assert_int_eq(transcript_read(t, 3, &e), TRANSCRIPT_NONE);
	ck_assert_uint_eq(transcript_bytes(t, TRANSCRIPT_STDOUT), 3);
}
END

TEST(counts_output_that_is_shown_and_that_is_taken)
{
	AUTO(transcript_free) struct transcript *t = fresh();

	add(t, TRANSCRIPT_STDOUT, "1");
	add(t, TRANSCRIPT_STDERR, "22");
	add(t, TRANSCRIPT_HOOK, "333");
	add(t, TRANSCRIPT_CANCEL, "note");
	ck_assert_int_eq(transcript_append(t, TRANSCRIPT_HOOK, "4", 1, 0), 0);
	ck_assert_uint_eq(transcript_total(t), 6);
	ck_assert_uint_eq(transcript_taken(t), 7);
}
END

TEST(takes_nothing_after_its_end)
{
	AUTO(transcript_free) struct transcript *t = fresh();

	add(t, TRANSCRIPT_FINAL, "");
	ck_assert(transcript_ended(t));
	ck_assert_int_eq(put(t, TRANSCRIPT_STDOUT, "x", 1), -EINVAL);
	ck_assert_uint_eq(transcript_last(t), 1);
}
END

TEST(refuses_a_piece_over_the_limit)
{
	AUTO(transcript_free) struct transcript *t = fresh();
	static char big[LIMIT_OUTPUT_CHUNK + 1];

	ck_assert_int_eq(put(t, TRANSCRIPT_STDOUT, big, sizeof big), -EINVAL);
}
END

	enum { MANY = 60000 };

static void
check_number(struct transcript *t, uint64_t after)
{
	struct transcript_entry e;
	char want[32];

	(void)snprintf(want, sizeof want, "line %llu\n",
		(unsigned long long)after + 1);
	ck_assert_int_eq(transcript_read(t, after, &e), TRANSCRIPT_OK);
	ck_assert_uint_eq(e.id, after + 1);
	ck_assert_uint_eq(e.len, strlen(want));
	ck_assert_mem_eq(e.data, want, e.len);
}

TEST(finds_any_entry_in_memory_or_file)
{
	AUTO(transcript_free) struct transcript *t = fresh();

	for (unsigned i = 1; i <= MANY; i++) {
		char line[32];

		(void)snprintf(line, sizeof line, "line %u\n", i);
		add(t, TRANSCRIPT_STDOUT, line);
	}
	for (uint64_t i = 0; i < MANY; i++)
		check_number(t, i);
	for (uint64_t i = 0, at = 1; i < 2000; i++) {
		at = (at * 48271) % 2147483647;
		check_number(t, at % MANY);
	}
}
END

TEST(follows_a_file_that_grows_while_it_is_read)
{
	AUTO(transcript_free) struct transcript *t = fresh();
	AUTO(transcript_free) struct transcript *other = fresh();
	static char big[LIMIT_OUTPUT_CHUNK];
	struct transcript_entry e;

	for (int i = 0; i < 100; i++) {
		memset(big, 'a' + i % 26, sizeof big);
		ck_assert_int_eq(put(t, TRANSCRIPT_STDOUT, big, sizeof big), 0);
		ck_assert_int_eq(
			put(other, TRANSCRIPT_STDERR, big, sizeof big), 0);
		/* two readers take turns: neither sees the other's bytes */
		ck_assert_int_eq(
			transcript_read(t, (uint64_t)i, &e), TRANSCRIPT_OK);
		ck_assert_mem_eq(e.data, big, sizeof big);
		ck_assert_int_eq(
			transcript_read(other, (uint64_t)i, &e), TRANSCRIPT_OK);
		ck_assert_mem_eq(e.data, big, sizeof big);
	}
}
END

	/* The text of all entries of a stream, as a reader puts it together. */
	static void
	text_of(struct transcript *t, enum transcript_kind kind,
		struct buf *out)
{
	struct transcript_entry e;

	for (uint64_t at = 0; transcript_read(t, at, &e) == TRANSCRIPT_OK;
		at = e.id) {
		if (e.kind != kind)
			continue;
		ck_assert_int_eq(buf_add(out, e.carry, e.n_carry), 0);
		ck_assert_int_eq(buf_add(out, e.data, e.len - e.cut), 0);
	}
}

TEST(keeps_characters_whole_that_pieces_tear_apart)
{
	static const char text[] = "a\xf0\x9f\x98\x80z\xe2\x82\xac\xc3\xa9";
	const size_t len = sizeof text - 1;

	/* every way to tear it into three */
	for (size_t i = 0; i <= len; i++)
		for (size_t j = i; j <= len; j++) {
			AUTO(transcript_free) struct transcript *t = fresh();
			AUTO_BUF struct buf got = { 0 };
			struct transcript_entry e;

			ck_assert_int_eq(put(t, 1, text, i), 0);
			add(t, TRANSCRIPT_STDERR, "\xe2");
			ck_assert_int_eq(put(t, 1, text + i, j - i), 0);
			ck_assert_int_eq(put(t, 1, text + j, len - j), 0);
			add(t, TRANSCRIPT_FINAL, "");
			text_of(t, TRANSCRIPT_STDOUT, &got);
			ck_assert_str_eq(buf_text(&got), text);
			/* and no entry's text begins inside a character */
			for (uint64_t at = 0; transcript_read(t, at, &e) == 0;
				at = e.id)
				if (!e.n_carry && e.len > e.cut)
					ck_assert_uint_ne(
						e.data[0] & 0xc0, 0x80);
		}
}
END

TEST(tears_byte_by_byte_and_ends_inside_a_character)
{
	AUTO(transcript_free) struct transcript *t = fresh();
	AUTO_BUF struct buf got = { 0 };
	static const char text[] = "\xf0\x9f\x98\x80\xe2\x82";

	for (size_t i = 0; i < sizeof text - 1; i++)
		ck_assert_int_eq(put(t, 1, text + i, 1), 0);
	add(t, TRANSCRIPT_FINAL, "");
	text_of(t, TRANSCRIPT_STDOUT, &got);
	ck_assert_str_eq(buf_text(&got), text);
	ck_assert_uint_eq(transcript_bytes(t, TRANSCRIPT_STDOUT), 6);
}
END

TEST(says_so_when_the_file_cannot_be_made)
{
	AUTO(transcript_free)
	struct transcript *t = transcript_new(spool_new("/nonexistent"));
	static char big[LIMIT_OUTPUT_CHUNK];
	struct transcript_entry e;
	uint64_t last;
	int r = 0;

	for (int i = 0; i < 10 && r == 0; i++)
		r = put(t, TRANSCRIPT_STDOUT, big, sizeof big);
	ck_assert_int_eq(r, -ENOENT);
	last = transcript_last(t);
	ck_assert_int_eq(put(t, TRANSCRIPT_STDOUT, "x", 1), -ENOENT);
	ck_assert_uint_eq(transcript_last(t), last);
	/* but the end comes, and readers are told of it */
	add(t, TRANSCRIPT_FINAL, "");
	ck_assert(transcript_ended(t));
	ck_assert_int_eq(transcript_read(t, last, &e), TRANSCRIPT_OK);
	ck_assert_int_eq(e.kind, TRANSCRIPT_FINAL);
}
END

	UNIT_MAIN("transcript", gives_back_what_was_appended_in_order,
		counts_output_that_is_shown_and_that_is_taken,
		takes_nothing_after_its_end, refuses_a_piece_over_the_limit,
		finds_any_entry_in_memory_or_file,
		follows_a_file_that_grows_while_it_is_read,
		keeps_characters_whole_that_pieces_tear_apart,
		tears_byte_by_byte_and_ends_inside_a_character,
		says_so_when_the_file_cannot_be_made)
