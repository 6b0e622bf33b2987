/* test-look.c - how things look that several verbs show */
#include "cli/look.h"

#include <string.h>

#include "tests/unit/unit.h"

static json_t *
parse(const char *text)
{
	json_t *doc = NULL;

	ck_assert_int_eq(json_parse(text, strlen(text), &doc, NULL), 0);
	return doc;
}

TEST(every_end_has_a_style_of_its_own)
{
	ck_assert_int_eq(look_status("completed"), TERM_GREEN);
	ck_assert_int_eq(look_status("failed"), TERM_RED);
	ck_assert_int_eq(look_status("cancelled"), TERM_YELLOW);
	ck_assert_int_eq(look_status("of a newer server"), TERM_PLAIN);
}
END

TEST(says_what_a_task_does)
{
	static const struct {
		const char *task, *what;
	} tasks[] = {
		{ "{\"cmd\":\"make\",\"params\":{\"cmd\":\"make\"}}", "make" },
		{ "{\"params\":{\"operation\":\"run\",\"image\":\"busybox\","
		  "\"cmd\":[\"echo\",\"hi\"]}}",
			"busybox echo hi" },
		{ "{\"params\":{\"image\":\"busybox\"}}", "busybox " },
		{ "{\"params\":{\"from\":\"5\",\"list\":[\"a\",\"b\"]}}",
			"from=5 list=a b" },
		{ "{\"params\":{}}", "" },
		{ "{}", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(tasks); i++) {
		AUTO(json_decref) json_t *task = parse(tasks[i].task);
		AUTO_BUF struct buf out = { 0 };

		ck_assert_int_eq(look_what(&out, task), 0);
		ck_assert_str_eq(buf_text(&out), tasks[i].what);
	}
}
END

TEST(lists_labels)
{
	AUTO(json_decref) json_t *labels = parse("{\"a\":\"b\",\"c\":\"\"}");
	AUTO_BUF struct buf out = { 0 };

	ck_assert_int_eq(look_labels(&out, labels), 0);
	ck_assert_str_eq(buf_text(&out), "a=b, c=");
	ck_assert_int_eq(look_labels(&out, NULL), 0);
	ck_assert_str_eq(buf_text(&out), "a=b, c=");
}
END

	UNIT_MAIN("look", every_end_has_a_style_of_its_own,
		says_what_a_task_does, lists_labels)
