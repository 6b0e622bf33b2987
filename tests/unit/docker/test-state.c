/* test-state.c - what engines answer */
#include <string.h>

#include "base/auto.h"
#include "plugins/docker/state.h"
#include "tests/unit/unit.h"

#define PARSE(text, out) state_parse(text, strlen(text), out)

TEST(reads_an_inspect)
{
	struct state s;

	ck_assert(
		PARSE("{\"Id\":\"abc\",\"Name\":\"/x\",\"State\":{"
		      "\"Status\":\"exited\",\"ExitCode\":7,\"OOMKilled\":true,"
		      "\"StartedAt\":\"2026-01-01T00:00:00Z\","
		      "\"FinishedAt\":\"0001-01-01T00:00:00Z\"},"
		      "\"Config\":{\"Labels\":{\"nodelink.task\":\"t1\"}},"
		      "\"New\":[1,2]}",
			&s));
	ck_assert_int_eq(s.seen, SEEN_ENDED);
	ck_assert_int_eq(s.exit_code, 7);
	ck_assert(s.oom && s.has_start && !s.has_finish && !s.paused);
	ck_assert_str_eq(s.id, "abc");
	ck_assert_str_eq(s.name, "x");
	ck_assert_str_eq(s.task, "t1");
	ck_assert_str_eq(s.agent, "");
}
END

TEST(knows_the_states_of_docker_and_podman)
{
	static const struct {
		const char *status;
		enum seen seen;
	} cases[] = { { "created", SEEN_CREATED }, { "running", SEEN_RUNNING },
		{ "paused", SEEN_RUNNING }, { "exited", SEEN_ENDED },
		{ "stopped", SEEN_ENDED }, { "dead", SEEN_ENDED },
		{ "removing", SEEN_ENDED }, { "new", SEEN_UNKNOWN } };
	char text[128];
	struct state s;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		(void)snprintf(text, sizeof text,
			"{\"Id\":\"a\",\"State\":{\"Status\":\"%s\"}}",
			cases[i].status);
		ck_assert(PARSE(text, &s));
		ck_assert_int_eq(s.seen, cases[i].seen);
	}
}
END

TEST(survives_answers_that_make_no_sense)
{
	static const char *const bad[] = { "", "{", "[]", "null", "404 page",
		"{\"Id\":5}", "{\"Id\":\"a\",\"State\":[]}",
		"{\"Id\":\"a\",\"State\":{\"ExitCode\":\"x\"}}" };
	struct state s;
	char text[64];
	int code;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		(void)PARSE(bad[i], &s);
		ck_assert(s.seen == SEEN_UNKNOWN || !*s.id);
		ck_assert(!state_parse_wait(bad[i], strlen(bad[i]), &code));
		state_message(bad[i], strlen(bad[i]), text, sizeof text);
		state_pull_error(bad[i], strlen(bad[i]), text, sizeof text);
		ck_assert_str_eq(text, "");
	}
}
END

TEST(finds_the_message_in_json_and_plain_text)
{
	char text[64];

	state_message(
		"{\"message\":\"no such\\nthing\"}", 28, text, sizeof text);
	ck_assert_str_eq(text, "no such");
	state_message("client is too old\n", 18, text, sizeof text);
	ck_assert_str_eq(text, "client is too old");
}
END

TEST(finds_the_error_in_the_last_line_of_a_pull)
{
	static const char bad[] = "{\"status\":\"x\"}\r\n{\"errorDetail\":{},"
				  "\"error\":\"denied\"}\r\n";
	static const char good[] =
		"{\"status\":\"x\"}\r\n{\"status\":\"y\"}\r\n";
	char text[64];

	state_pull_error(bad, sizeof bad - 1, text, sizeof text);
	ck_assert_str_eq(text, "denied");
	state_pull_error(good, sizeof good - 1, text, sizeof text);
	ck_assert_str_eq(text, "");
}
END

TEST(reads_the_answer_of_a_wait)
{
	int code = -1;

	ck_assert(state_parse_wait(
		"{\"Error\":null,\"StatusCode\":3}", 29, &code));
	ck_assert_int_eq(code, 3);
	ck_assert(!state_parse_wait("{\"StatusCode\":-1}", 17, &code));
}
END

	UNIT_MAIN("docker: state", reads_an_inspect,
		knows_the_states_of_docker_and_podman,
		survives_answers_that_make_no_sense,
		finds_the_message_in_json_and_plain_text,
		finds_the_error_in_the_last_line_of_a_pull,
		reads_the_answer_of_a_wait)
