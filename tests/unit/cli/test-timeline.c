/* test-timeline.c - what became of a task and when, drawn from its record */
#include "cli/timeline.h"

#include <locale.h>
#include <string.h>

#include "base/limits.h"
#include "tests/unit/unit.h"

/* Times are seconds and milliseconds within one minute of 2026. */
#define AT(s) "\"2026-11-22T17:08:" s "Z\""
enum { MINUTE_S = 1795367280 };

static const struct term plain = { .fd = -1 };

static void
draws(const char *record, int64_t now, const char *expected)
{
	AUTO(json_decref) json_t *doc = NULL;
	AUTO_BUF struct buf out = { 0 };

	ck_assert_int_eq(json_parse(record, strlen(record), &doc, NULL), 0);
	ck_assert_int_eq(
		timeline_add(&out, doc, MINUTE_S * 1000LL + now, &plain), 0);
	ck_assert_str_eq(buf_text(&out), expected);
}

TEST(draws_a_task_that_ended_by_itself)
{
	draws("{\"agent_id\":\"web1\",\"owner\":\"ci\",\"status\":\"failed\","
	      "\"created_at\":" AT("03.100") ",\"sent_at\":" AT("03.101") ",\"started_at\":" AT(
		      "03.105") ",\"finished_at\":" AT("05.305") ",\"user\":\"nobody\",\"pid\":4711,\"containment\":\"cgroup2\","
								 "\"exit_code\":3,\"failure\":\"exit\"}",
		0,
		"     0 ms  ┬  created    by ci\n"
		"    +1 ms  ├  sent       to web1\n"
		"    +5 ms  ├  started    pid 4711 as nobody, held by cgroup2\n"
		"           ┊  2.2 s\n"
		" +2205 ms  └  failed     exit 3\n");
}
END

TEST(draws_every_step_of_a_cancel)
{
	draws("{\"agent_id\":\"web1\",\"status\":\"cancelled\","
	      "\"created_at\":" AT("03.000") ",\"sent_at\":" AT("03.000") ",\"started_at\":" AT("03.002") ",\"finished_at\":" AT(
		      "04.004") ",\"signal\":\"SIGKILL\",\"containment\":\"group\","
				"\"cancel\":{\"phase\":\"verified\",\"code\":100,\"name\":"
				"\"user_request\",\"reason\":\"seen\\nenough\",\"actor\":"
				"\"me@::1\",\"grace\":0.5,\"requests\":2,\"requested_at\":" AT("03.500") ",\"delivered_at\":" AT("03.501") ",\"stopping_at\":" AT("03.502") ",\"killing_at\":" AT("04.002") ",\"verified_at\":" AT(
					"04.004") "},\"receipt\":{\"signals\":"
						  "[\"SIGTERM\",\"SIGCONT\",\"SIGKILL\"],\"killed\":[{\"pid\":7,"
						  "\"name\":\"sh\"},{\"pid\":8,\"name\":\"sleep\"}],"
						  "\"containment\":\"group\"},\"hooks\":[{\"kind\":\"pre_stop\","
						  "\"cmd\":\"sync\",\"exit_code\":0,\"started_at\":" AT(
							  "03.501") ",\"duration\":0.001},{\"kind\":\"cleanup\",\"cmd\":\"rm x\","
								    "\"signal\":\"SIGKILL\",\"timed_out\":true,\"started_at\":" AT(
									    "04.005") ",\"duration\":0.004},{\"kind\":\"cleanup\","
										      "\"cmd\":\"y\",\"error\":\"ENOENT\",\"started_at\":" AT(
											      "04.009") "}]}",
		0,
		"     0 ms  ┬  created\n"
		"     0 ms  ├  sent       to web1\n"
		"    +2 ms  ├  started    held by group\n"
		"  +500 ms  ├  cancel     user_request (100) by me@::1, grace "
		"500 ms, asked 2 times: seen\\nenough\n"
		"  +501 ms  ├  delivered  to the node\n"
		"  +501 ms  ├  pre_stop   sync: exit 0 after 1 ms\n"
		"  +502 ms  ├  stop       SIGTERM, SIGCONT\n"
		" +1002 ms  ├  kill       SIGKILL: 7 sh, 8 sleep\n"
		" +1004 ms  ├  verified   nothing of it is left, says group\n"
		" +1004 ms  ├  ended      by SIGKILL\n"
		" +1005 ms  ├  cleanup    rm x: SIGKILL, its time was over, "
		"after 4 ms\n"
		" +1009 ms  ├  cleanup    y: ENOENT\n"
		" +1009 ms  └  cancelled\n");
}
END

TEST(says_what_an_unfinished_task_waits_for)
{
	draws("{\"agent_id\":\"web1\",\"status\":\"pending\",\"created_at\":" AT(
		      "03.000") "}",
		8000,
		"     0 ms  ┬  created\n"
		"           ┊  waiting for its agent, 5 s\n");
	draws("{\"agent_id\":\"web1\",\"status\":\"in_progress\","
	      "\"created_at\":" AT("03.000") ",\"started_at\":" AT(
		      "03.000") ",\"pid\":7}",
		3900,
		"     0 ms  ┬  created\n"
		"     0 ms  ├  started    pid 7\n"
		"           ┊  running\n");
	draws("{\"status\":\"in_progress\",\"created_at\":" AT(
		      "03.000") ",\"cancel\":{\"phase\":\"unkillable\",\"name\":\"timeout\","
				"\"code\":200,\"actor\":\"nodelink\",\"grace\":10,"
				"\"requested_at\":" AT("03.000") "}}",
		3000,
		"     0 ms  ┬  created\n"
		"     0 ms  ├  cancel     timeout (200) by nodelink, grace 10 s\n"
		"     0 ms  ├  unkillable  something of it survives SIGKILL\n"
		"           ┊  being cancelled\n");
}
END

TEST(says_why_a_cancel_missed)
{
	draws("{\"status\":\"completed\",\"exit_code\":0,\"created_at\":" AT("03.000") ",\"finished_at\":" AT(
		      "03.500") ",\"cancel\":{\"phase\":\"too_late\",\"name\":\"bulk\",\"code\":"
				"102,\"actor\":\"me\",\"grace\":1,\"requested_at\":" AT(
					"03.500") "}}",
		0,
		"     0 ms  ┬  created\n"
		"  +500 ms  ├  cancel     bulk (102) by me, grace 1 s\n"
		"  +500 ms  ├  too late   it had ended by itself before the "
		"signal\n"
		"  +500 ms  └  completed  exit 0\n");
	draws("{\"status\":\"failed\",\"failure\":\"agent_lost\",\"message\":"
	      "\"gone\",\"created_at\":" AT("03.000") ",\"finished_at\":" AT(
		      "03.500") ",\"cancel\":{\"phase\":\"undeliverable\"}}",
		0,
		"     0 ms  ┬  created\n"
		"  +500 ms  ├  lost       nobody can say that nothing of it is "
		"left\n"
		"  +500 ms  └  failed     agent_lost: gone\n");
	draws("{\"status\":\"failed\",\"failure\":\"refused\",\"rule\":"
	      "\"tasks.allow_users\",\"message\":\"no\",\"created_at\":" AT(
		      "03.000") ",\"finished_at\":" AT("03.001") "}",
		0,
		"     0 ms  ┬  created\n"
		"    +1 ms  └  failed     refused by tasks.allow_users: no\n");
}
END

TEST(draws_what_it_understands_of_a_strange_record)
{
	draws("{}", 0, "");
	draws("{\"created_at\":\"yesterday\",\"cancel\":7,\"hooks\":[3,{}]}", 0,
		"");
	draws("{\"status\":\"hibernating\\u001b[m\",\"created_at\":" AT(
		      "03.000") ",\"finished_at\":" AT("03.001") "}",
		0,
		"     0 ms  ┬  created\n"
		"    +1 ms  └  hibernating\\x1b[m\n");
	draws("{\"status\":\"resting\",\"created_at\":" AT("03.000") "}", 0,
		"     0 ms  └  created\n");
}
END

/* Where there is no terminal to ask it is 80 columns wide. */
TEST(wraps_what_is_too_long_for_a_terminal)
{
	static const char record[] =
		"{\"status\":\"failed\",\"failure\":\"refused\",\"message\":"
		"\"this is a long explanation of why it could not be, which "
		"goes on and on\",\"created_at\":" AT(
			"03.000") ",\"finished_at\":" AT("03.001") "}";
	static const struct term terminal = { .fd = -1, .is_tty = true };
	AUTO(json_decref) json_t *doc = NULL;
	AUTO_BUF struct buf out = { 0 };

	ck_assert_int_eq(json_parse(record, strlen(record), &doc, NULL), 0);
	ck_assert_int_eq(timeline_add(&out, doc, 0, &terminal), 0);
	ck_assert_str_eq(buf_text(&out),
		"     0 ms  ┬  created\n"
		"    +1 ms  └  failed     refused: this is a long explanation of "
		"why it could not\n"
		"                         be, which goes on and on\n");
}
END

TEST(wraps_as_much_as_a_message_holds_without_a_pause)
{
	static const struct term terminal = { .fd = -1, .is_tty = true };
	AUTO(json_decref) json_t *doc = NULL;
	AUTO_BUF struct buf text = { 0 };
	AUTO_BUF struct buf out = { 0 };

	ck_assert_int_eq(
		buf_add_text(&text,
			"{\"created_at\":" AT("03.000") ",\"finished_at\":" AT(
				"04.000") ",\"message\":\""),
		0);
	while (text.len < 2 * LIMIT_MESSAGE)
		ck_assert_int_eq(buf_add_text(&text, "a word "), 0);
	ck_assert_int_eq(buf_add_text(&text, "\"}"), 0);
	ck_assert_int_eq(json_parse(text.data, text.len, &doc, NULL), 0);
	ck_assert_int_eq(timeline_add(&out, doc, 0, &terminal), 0);
	ck_assert_uint_gt(out.len, text.len);
}
END

TEST(can_do_without_utf8)
{
	ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C"));
	draws("{\"status\":\"sent\",\"created_at\":" AT(
		      "03.000") ",\"sent_at\":" AT("03.001") ",\"agent_id\":\"a\"}",
		5000,
		"     0 ms  +  created\n"
		"    +1 ms  +  sent       to a\n"
		"           :  waiting for its start, 1.9 s\n");
}
END

	int
	main(void)
{
	const TTest *const tests[] = { draws_a_task_that_ended_by_itself,
		draws_every_step_of_a_cancel,
		says_what_an_unfinished_task_waits_for,
		says_why_a_cancel_missed,
		draws_what_it_understands_of_a_strange_record,
		wraps_what_is_too_long_for_a_terminal,
		wraps_as_much_as_a_message_holds_without_a_pause,
		can_do_without_utf8, NULL };

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return unit_skip("there is no locale C.UTF-8");
	return unit_run("timeline", tests);
}
