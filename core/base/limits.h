/* limits.h - everything that a peer can make us hold, in one table
 *
 * Each limit is reached by a test. Defaults that an administrator may change
 * are settings of the programs; these are the walls behind them. */
#ifndef NODELINK_BASE_LIMITS_H
#define NODELINK_BASE_LIMITS_H

enum {
	/* wire: one message on the stream or on an executor's socket */
	LIMIT_MESSAGE = 1 << 20,
	/* one piece of output in a message */
	LIMIT_OUTPUT_CHUNK = 64 << 10,
	/* output of one task that the node may hold unacknowledged */
	LIMIT_TASK_WINDOW = 1 << 20,

	/* HTTP */
	LIMIT_HTTP_BODY = 1 << 20,
	LIMIT_JSON_DEPTH = 32,
	LIMIT_BULK = 10000, /* tasks that one request cancels */
	LIMIT_PAGE = 8 << 20, /* records of one page of a list, and one more */
	LIMIT_SESSIONS = 32, /* of browsers, with one token */
	LIMIT_SESSION_S = 12 * 3600,

	/* a client of it */
	LIMIT_ANSWER = 64 << 20, /* a page of records */
	LIMIT_EVENT = 16 << 20, /* the last one has a record */

	/* a task */
	LIMIT_CMD = 128 << 10, /* the kernel's own limit for one argument */
	LIMIT_PARAMS = 64, /* fields of a plugin */
	LIMIT_LIST = 1024, /* members of one list field, of env */
	LIMIT_REASON = 1024,
	LIMIT_LABELS = 32,
	LIMIT_LABEL_TEXT = 256,
	LIMIT_USER = 64, /* bytes of a user's name */
	LIMIT_HOOKS = 32, /* cleanup commands given with a task */
	LIMIT_DEFERS = 256, /* registered by the task itself */
	LIMIT_HOOK_RUNS =
		2 + LIMIT_DEFERS + LIMIT_HOOKS, /* pre_stop; too many */
	LIMIT_HOOK_CMD = 4 << 10, /* bytes of one of them */
	LIMIT_HOOK_S = 600, /* longest time of one of them */
	LIMIT_TIMEOUT_S = 30 * 24 * 3600,
	LIMIT_GRACE_S = 24 * 3600,
	LIMIT_PIDS = 4 << 20, /* what a task may ask for; the kernel's own */
	LIMIT_CPUS = 8192,
	LIMIT_OPEN_FILES = 1 << 30, /* the kernel's highest nr_open */
	LIMIT_MEMORY_MIN = 1 << 20, /* with less no program starts */

	/* names that a rate is kept for */
	LIMIT_RATES = 4096,

	/* webhooks */
	LIMIT_TASK_WEBHOOKS = 4, /* of one task */
	LIMIT_URL = 2048,
	LIMIT_LETTERS = 100000, /* events that wait to be told */
	LIMIT_DEAD_LETTERS = 10000, /* that could not be told, and are kept */

	/* clients */
	LIMIT_TOKENS = 10000, /* that are good */
	LIMIT_TOKEN_S = 3650 * 24 * 3600,

	/* agents */
	LIMIT_AGENTS = 20000, /* connected at a time, or remembered */

	/* an agent */
	LIMIT_TASKS_PER_AGENT = 20000,
	LIMIT_TASK_BYTES_PER_AGENT = 256 << 20, /* what was asked for, packed */
	LIMIT_PLUGINS = 32,
	LIMIT_PLACES = 8, /* executors of one plugin, with earlier settings */
	LIMIT_USERS = 64, /* names that its tasks may run as */
	LIMIT_DIRECTORIES = 64, /* that its tasks may begin in */
	LIMIT_STARTS = 8 << 20, /* bytes of starts that wait in an executor */
	LIMIT_SEND_QUEUE = 8 << 20, /* bytes waiting for one stream or socket */
};

#endif
