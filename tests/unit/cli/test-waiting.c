/* test-waiting.c - why a task is not begun */
#include "cli/waiting.h"

#include <string.h>

#include "cli/when.h"
#include "tests/unit/unit.h"

#define AWAY "\"agent_id\": \"web1\", \"connected\": false"
#define HERE "\"agent_id\": \"web1\", \"connected\": true"
#define DRAIN \
	"\"draining\": {\"since\": \"2026-11-22T17:00:00.000Z\", \"until\": "
#define SHELL "\"plugins\": [{\"name\": \"shell\", \"up\": "

static json_t *
parse(const char *text)
{
	json_t *doc = NULL;

	ck_assert_int_eq(json_parse(text, strlen(text), &doc, NULL), 0);
	return doc;
}

TEST(says_why_and_since_when_and_what_to_do)
{
	static const struct {
		const char *agent, *why;
	} agents[] = {
		{ "{" AWAY ", \"seen_at\": \"2026-11-22T17:02:00.000Z\", "
		  "\"draining\": null}",
			"agent 'web1' is not connected, last seen "
			"2026-11-22T17:02:00.000Z (3m 5s ago); the task waits "
			"until nodelink-agent runs there, 10m at most "
			"(--start-timeout); Ctrl-C" },
		{ "{" AWAY ", \"seen_at\": null}",
			"agent 'web1' is not connected; the task waits until "
			"nodelink-agent runs there, 10m at most "
			"(--start-timeout); Ctrl-C" },
		{ "{" HERE ", " DRAIN
		  "null, \"actor\": \"me@::1\", \"reason\": \"new kernel\"}}",
			"agent 'web1' is drained since "
			"2026-11-22T17:00:00.000Z (5m 5s ago) by me@::1: new "
			"kernel; the task waits until \"nodelink drain --undo "
			"web1\" is given, 10m at most (--start-timeout); "
			"Ctrl-C" },
		{ "{" HERE ", " DRAIN
		  "\"2026-11-22T18:00:00.000Z\", \"actor\": null, "
		  "\"reason\": null}}",
			"agent 'web1' is drained since "
			"2026-11-22T17:00:00.000Z (5m 5s ago); the task waits "
			"until \"nodelink drain --undo web1\" is given, unless "
			"cancelled at 2026-11-22T18:00:00.000Z, 10m at most "
			"(--start-timeout); Ctrl-C" },
		{ "{" AWAY ", " DRAIN "null, \"actor\": null, \"reason\": "
		  "null}}",
			"agent 'web1' is not connected, and drained since "
			"2026-11-22T17:00:00.000Z (5m 5s ago); the task waits "
			"until nodelink-agent runs there and \"nodelink drain "
			"--undo web1\" is given, 10m at most "
			"(--start-timeout); Ctrl-C" },
		{ "{" HERE ", " SHELL "false, \"draining\": false}]}",
			"plugin 'shell' of agent 'web1' is down; the task "
			"waits for it, 10m at most (--start-timeout); Ctrl-C" },
		{ "{" HERE ", " SHELL "true, \"draining\": true}]}",
			"plugin 'shell' of agent 'web1' takes no new tasks: it "
			"is being stopped; the task waits for it, 10m at most "
			"(--start-timeout); Ctrl-C" },
		{ "{" HERE ", " SHELL "true, \"draining\": true, "
		  "\"draining_reason\": \"why\"}]}",
			"plugin 'shell' of agent 'web1' takes no new tasks: "
			"why; the task waits for it, 10m at most "
			"(--start-timeout); Ctrl-C" },
		{ "{" HERE ", " SHELL "true, \"draining\": false}]}", "" },
		{ "{" HERE ", \"plugins\": []}", "" },
	};
	json_t *task = parse("{\"plugin\": \"shell\", \"start_timeout\": 600}");
	int64_t now;

	ck_assert_int_eq(when_parse("2026-11-22T17:05:05Z", &now), 0);
	for (size_t i = 0; i < ARRAY_SIZE(agents); i++) {
		json_t *agent = parse(agents[i].agent);
		AUTO_BUF struct buf out = { 0 };

		ck_assert_int_eq(
			waiting_why(agent, task, now, "Ctrl-C", &out), 0);
		ck_assert_str_eq(buf_text(&out), agents[i].why);
		json_decref(agent);
	}
	json_decref(task);
}
END

TEST(knows_no_limit_where_there_is_none)
{
	json_t *task = parse("{\"plugin\": \"shell\", \"start_timeout\": 0}");
	json_t *agent = parse("{" AWAY "}");
	AUTO_BUF struct buf out = { 0 };

	ck_assert_int_eq(waiting_why(agent, task, 0, "x", &out), 0);
	ck_assert_ptr_nonnull(strstr(buf_text(&out), "runs there; x"));
	json_decref(agent);
	json_decref(task);
}
END

	UNIT_MAIN("waiting", says_why_and_since_when_and_what_to_do,
		knows_no_limit_where_there_is_none)
