/* fuzz-request.c - one message of the server, and what an executor makes of it
 *
 * A start is checked against what plugins declare, and becomes an environment;
 * both before anything is done with it. */
#include <string.h>

#include "base/limits.h"
#include "executor/env.h"
#include "executor/fields.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/wire-again.h"

static const struct ndl_field declared[] = {
	{ "cmd", NULL, "", NDL_TEXT, NDL_REQUIRED },
	{ "cwd", "/", "", NDL_PATH, 0 },
	{ "shell", "sh", "", NDL_TEXT, 0 },
	{ "words", NULL, "", NDL_TEXT, NDL_LIST },
	{ "tries", "3", "", NDL_INT, 0 },
	{ "size", NULL, "", NDL_SIZE, 0 },
	{ "wait", "1s", "", NDL_MSEC, NDL_SECRET },
	{ "tty", NULL, "", NDL_BOOL, 0 },
	{ 0 },
};

static void
check_fields(const struct msg_start *start)
{
	AUTO(fields_free) struct fields *fields = NULL;
	struct err err = { "" };

	if (fields_check(declared, "parameter", start->params, start->n_params,
		    &fields, &err) < 0) {
		MUST(*err.text);
		return;
	}
	MUST(fields_get(fields, "cmd") && fields_get(fields, "tries"));
	MUST(*fields_get(fields, "cwd") == '/');
}

static void
check_env(const struct msg_start *start)
{
	static const struct msg_env base[] = { { "PATH", "/bin" }, { 0 } };
	AUTO_FREE char **env = NULL;
	struct err err = { "" };

	if (env_build(base, "t1", "/tmp/t1", start->env, start->n_env, &env,
		    &err) < 0) {
		MUST(*err.text);
		return;
	}
	MUST(strcmp(env_get(env, "NODELINK_TASK"), "t1") == 0);
	for (char **p = env; *p; p++)
		MUST(strchr(*p, '=') > *p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO(msg_free) struct msg_box *box = NULL;
	const struct msg *m;

	if (!wire_again(MSG_TO_AGENT, data, len))
		return 0;
	MUST(msg_unpack(MSG_TO_AGENT, data, len, &box, NULL) == 0);
	m = msg_get(box);
	if (m->kind == MSG_START) {
		check_fields(&m->start);
		check_env(&m->start);
	}
	return 0;
}
