/* test-batch.c - several small messages that travel as one */
#include "wire/batch.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/unit.h"
#include "wire/msg.h"

static void
add(struct batch *b, const char *text)
{
	ck_assert_int_eq(
		batch_add(b, (const uint8_t *)text, strlen(text)), BATCH_OK);
}

static struct batch_walk
walk(const struct batch *b)
{
	struct batch_walk w = { 0 };

	ck_assert(batch_get(b, &w.rest, &w.len));
	return w;
}

static void
expect(struct batch_walk *w, const char *text)
{
	const uint8_t *item;
	size_t len;

	ck_assert_int_eq(batch_next(w, &item, &len), 1);
	ck_assert_uint_eq(len, strlen(text));
	ck_assert_mem_eq(item, text, len);
}

TEST(gives_back_each_item_in_order)
{
	static char large[5000];
	struct batch b = { 0 };
	struct batch_walk w;
	const uint8_t *item;
	size_t len;

	memset(large, 'x', sizeof large - 1);
	ck_assert(!batch_get(&b, &item, &len));
	add(&b, "one");
	add(&b, large);
	add(&b, "three");
	w = walk(&b);
	expect(&w, "one");
	expect(&w, large);
	expect(&w, "three");
	ck_assert_int_eq(batch_next(&w, &item, &len), 0);
	batch_clear(&b);
	ck_assert(!batch_get(&b, &item, &len));
	batch_done(&b);
}
END

TEST(sends_a_single_item_as_it_is)
{
	struct batch b = { 0 };
	const uint8_t *data;
	size_t len;

	add(&b, "alone");
	ck_assert(batch_get(&b, &data, &len));
	ck_assert_uint_eq(len, 5);
	ck_assert_mem_eq(data, "alone", 5);
	batch_done(&b);
}
END

TEST(is_full_at_its_limits)
{
	static uint8_t item[BATCH_ITEM_MAX + 1];
	struct batch b = { 0 };
	int n = 0;

	ck_assert_int_eq(batch_add(&b, item, sizeof item), BATCH_FULL);
	while (batch_add(&b, item, 1000) == BATCH_OK)
		n++;
	ck_assert_int_ge(n, 60);
	ck_assert_uint_le(b.bytes.len, BATCH_MAX + 8);
	batch_done(&b);
}
END

TEST(takes_a_plain_message_for_its_only_item)
{
	struct msg msg = { .kind = MSG_ATTACH, .plugin = "shell" };
	AUTO_BUF struct buf packed = { 0 };
	struct batch_walk w;
	const uint8_t *item;
	size_t len;

	ck_assert_int_eq(msg_pack(&msg, &packed), 0);
	w = (struct batch_walk){ packed.data, packed.len, false };
	ck_assert_int_eq(batch_next(&w, &item, &len), 1);
	ck_assert_uint_eq(len, packed.len);
	ck_assert_int_eq(batch_next(&w, &item, &len), 0);
}
END

TEST(refuses_what_is_cut_or_mixed)
{
	static const struct {
		uint8_t bytes[10];
		size_t len;
	} bad[] = { { { 0xfa, 1 }, 2 }, { { 0xfa, 1, 5, 'x' }, 4 },
		{ { 0xfa, 1, 0x80 }, 3 },
		{ { 0xfa, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, 8 },
		{ { 0xfa, 1, 1, 'x', 'y' }, 5 } };

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct batch_walk w = { bad[i].bytes, bad[i].len, false };
		const uint8_t *item;
		size_t len;
		int r;

		while ((r = batch_next(&w, &item, &len)) > 0)
			;
		ck_assert_msg(r == -EBADMSG, "case %zu: %d", i, r);
	}
}
END

	UNIT_MAIN("batch", gives_back_each_item_in_order,
		sends_a_single_item_as_it_is, is_full_at_its_limits,
		takes_a_plain_message_for_its_only_item,
		refuses_what_is_cut_or_mixed)
