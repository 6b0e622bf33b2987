/* test-address.c - which executor of a plugin a start or cancel is for */
#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "tests/unit/unit.h"
#include "wire/msg.h"

static const struct msg *
unpack(const struct buf *b, struct msg_box **box)
{
	ck_assert_int_eq(
		msg_unpack(MSG_TO_AGENT, b->data, b->len, box, NULL), 0);
	return msg_get(*box);
}

TEST(travels_with_a_start_and_a_cancel)
{
	AUTO(msg_free) struct msg_box *any = NULL, *start = NULL, *stop = NULL;
	AUTO_BUF struct buf b = { 0 }, c = { 0 };
	struct msg msg = { .kind = MSG_START,
		.task_id = "t",
		.plugin = "shell",
		.start.user = "daemon" };

	ck_assert_int_eq(msg_pack(&msg, &b), 0);
	ck_assert_str_eq(unpack(&b, &any)->instance, "");
	ck_assert_int_eq(msg_address(&b, "i-1"), 0);
	ck_assert_str_eq(unpack(&b, &start)->instance, "i-1");
	ck_assert_str_eq(msg_get(start)->task_id, "t");
	ck_assert_str_eq(msg_get(start)->start.user, "daemon");
	msg.kind = MSG_CANCEL;
	msg.cancel = (struct msg_cancel){ .grace_ms = -1 };
	msg.instance = "i-2";
	ck_assert_int_eq(msg_pack(&msg, &c), 0);
	ck_assert_str_eq(unpack(&c, &stop)->instance, "i-2");
}
END

TEST(is_left_out_where_the_start_has_no_room_for_it)
{
	static char large[LIMIT_MESSAGE - 40];
	const char *value = large;
	struct msg_param param = { "cmd", &value, 1 };
	struct msg msg = { .kind = MSG_START,
		.task_id = "t",
		.plugin = "x",
		.start = { .params = &param, .n_params = 1 } };
	AUTO_BUF struct buf b = { 0 };
	size_t len;

	memset(large, 'x', sizeof large - 1);
	ck_assert_int_eq(msg_pack(&msg, &b), 0);
	len = b.len;
	ck_assert_int_eq(
		msg_address(&b, "0123456789abcdef0123456789abcdef"), -EMSGSIZE);
	ck_assert_uint_eq(b.len, len);
	ck_assert_int_eq(msg_address(&b, "i"), 0);
	ck_assert_uint_gt(b.len, len);
}
END

	UNIT_MAIN("address", travels_with_a_start_and_a_cancel,
		is_left_out_where_the_start_has_no_room_for_it)
