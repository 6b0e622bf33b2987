/* test-outcome.c - how a task ended, as a status and in a sentence */
#include "cli/outcome.h"

#include <string.h>

#include "tests/unit/unit.h"

static void
check_end(const char *text, int status, const char *sentence)
{
	AUTO(json_decref) json_t *record = json_loads(text, 0, NULL);
	AUTO_BUF struct buf said = { 0 };

	ck_assert_msg(record != NULL, "%s", text);
	ck_assert_int_eq(outcome_status(record), status);
	ck_assert_int_eq(outcome_text(record, &said), 0);
	ck_assert_str_eq(buf_text(&said), sentence);
}

TEST(passes_an_exit_status_on_without_words)
{
	check_end("{\"status\":\"completed\",\"exit_code\":0}", 0, "");
	check_end("{\"status\":\"completed\",\"exit_code\":null}", 0, "");
	check_end("{\"status\":\"failed\",\"failure\":\"exit\","
		  "\"exit_code\":3}",
		3, "");
}
END

TEST(names_a_signal)
{
	check_end("{\"status\":\"failed\",\"failure\":\"signal\","
		  "\"signal\":\"SIGSEGV\"}",
		139, "ended by SIGSEGV");
	check_end("{\"status\":\"failed\",\"failure\":\"oom\","
		  "\"message\":\"its memory\"}",
		137, "failed: oom: its memory");
}
END

TEST(says_why_it_never_ran)
{
	check_end("{\"status\":\"failed\",\"failure\":\"refused\","
		  "\"message\":\"no user 'x'\",\"rule\":\"tasks.users\"}",
		125, "failed: refused: no user 'x' (setting tasks.users)");
	check_end("{\"status\":\"failed\",\"failure\":\"agent_lost\"}", 125,
		"failed: agent_lost");
	check_end("{\"status\":\"asleep\"}", 125, "");
}
END

TEST(is_as_timeout_1_when_a_time_was_over)
{
	check_end("{\"status\":\"cancelled\",\"timeout\":0.5,"
		  "\"cancel\":{\"code\":200},\"signal\":\"SIGTERM\","
		  "\"receipt\":{\"signals\":[\"SIGTERM\",\"SIGKILL\"],"
		  "\"killed\":[{\"pid\":1}]}}",
		124,
		"cancelled: its time of 0.5 s was over (--timeout says how "
		"long, 0 for ever); SIGTERM, SIGKILL; killed 1 process");
	check_end("{\"status\":\"cancelled\",\"start_timeout\":300,"
		  "\"cancel\":{\"code\":201},\"receipt\":null}",
		124,
		"cancelled: its agent was not there within 300 s "
		"(--start-timeout)");
	check_end("{\"status\":\"cancelled\",\"idle_timeout\":9,"
		  "\"cancel\":{\"code\":202}}",
		124, "cancelled: it was silent for 9 s (--idle-timeout)");
	check_end("{\"status\":\"cancelled\",\"cancel\":{\"code\":299}}", 124,
		"cancelled: its time was over");
}
END

TEST(is_no_success_when_it_was_cancelled)
{
	check_end("{\"status\":\"cancelled\",\"exit_code\":0,\"cancel\":"
		  "{\"code\":100,\"actor\":\"me@::1\","
		  "\"reason\":\"a\\u001bb\"}}",
		143, "cancelled by me@::1: a\\x1bb");
	check_end("{\"status\":\"cancelled\",\"exit_code\":4}", 4, "cancelled");
	check_end("{\"status\":\"cancelled\",\"signal\":\"SIGKILL\"}", 137,
		"cancelled");
}
END

	UNIT_MAIN("cli outcome", passes_an_exit_status_on_without_words,
		names_a_signal, says_why_it_never_ran,
		is_as_timeout_1_when_a_time_was_over,
		is_no_success_when_it_was_cancelled)
