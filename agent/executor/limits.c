/* limits.c - what a task may use */
#include "executor/limits.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "executor/hold.h"
#include "executor/task.h"

enum { CPUS_MAX = 4096, MILLI = 1000, MILLI_DIGITS = 3 };

static int parse_count(const char *text, uint64_t *out);
static int parse_cpus(const char *text, uint64_t *out);

static const struct kind {
	const char *name;
	int group; /* enum contain_limit, or -1: by rlimit only */
	bool rlimit; /* by rlimit where groups cannot */
	int (*parse)(const char *text, uint64_t *out);
} kinds[LIMIT_KINDS] = {
	{ "pids", CONTAIN_PIDS, false, parse_count },
	{ "memory", CONTAIN_MEMORY, true, parse_size },
	{ "cpu", CONTAIN_CPU, false, parse_cpus },
	{ "open_files", -1, true, parse_count },
	{ "file_size", -1, true, parse_size },
};

/* In the order of kinds[]. */
static void
to_list(const struct msg_limits *limits, uint64_t out[LIMIT_KINDS])
{
	out[0] = limits->pids;
	out[1] = limits->memory;
	out[2] = limits->cpu_milli;
	out[3] = limits->open_files;
	out[4] = limits->file_size;
}

static void
from_list(const uint64_t list[LIMIT_KINDS], struct msg_limits *out)
{
	*out = (struct msg_limits){ .pids = list[0],
		.memory = list[1],
		.cpu_milli = (uint32_t)list[2],
		.open_files = list[3],
		.file_size = list[4] };
}

/* ------------------------------------------------------------------- parsing */

static int
parse_count(const char *text, uint64_t *out)
{
	return parse_u64(text, 0, UINT32_MAX, out);
}

/* "2", "0.5", "1.25": thousandths. */
static int
parse_cpus(const char *text, uint64_t *out)
{
	char whole[8] = "0", part[MILLI_DIGITS + 1] = "000";
	const char *dot = strchr(text, '.');
	size_t n = dot ? (size_t)(dot - text) : strlen(text);
	uint64_t units, thousandths;

	if (!*text || n >= sizeof whole ||
		(dot && strlen(dot + 1) > MILLI_DIGITS))
		return -EINVAL;
	if (n)
		(void)memcpy(whole, text, n + 1);
	whole[n ? n : 1] = 0;
	if (dot)
		(void)memcpy(part, dot + 1, strlen(dot + 1));
	if (parse_u64(whole, 0, CPUS_MAX, &units) < 0 ||
		parse_u64(part, 0, MILLI - 1, &thousandths) < 0)
		return -EINVAL;
	*out = units * MILLI + thousandths;
	return 0;
}

int
limits_parse(const char *text, struct msg_limits *out)
{
	const char *equals = strchr(text, '=');
	uint64_t list[LIMIT_KINDS];

	to_list(out, list);
	for (int i = 0; equals && i < LIMIT_KINDS; i++) {
		size_t len = strlen(kinds[i].name);

		if ((size_t)(equals - text) != len ||
			strncmp(text, kinds[i].name, len) != 0)
			continue;
		if (kinds[i].parse(equals + 1, &list[i]) < 0)
			return -EINVAL;
		from_list(list, out);
		return 0;
	}
	return -EINVAL;
}

/* ------------------------------------------------------------------ choosing */

/* "cgroup2", "cgroup1", "rlimit", or NULL. */
static const char *
enforced_by(const struct executor *ex, const struct kind *kind)
{
	const char *by =
		kind->group < 0
			? NULL
			: holds_limit(ex, (enum contain_limit)kind->group);

	return by ? by : kind->rlimit ? "rlimit" : NULL;
}

int
limits_choose(const struct executor *ex, const struct msg_limits *asked,
	struct msg_limits *out, struct err *err)
{
	uint64_t want[LIMIT_KINDS], def[LIMIT_KINDS], max[LIMIT_KINDS];

	to_list(asked, want);
	to_list(&ex->opt.limits, def);
	to_list(&ex->opt.max_limits, max);
	for (int i = 0; i < LIMIT_KINDS; i++) {
		const bool can = enforced_by(ex, &kinds[i]) != NULL;

		if (want[i] && !can)
			return err_set(err, -ENOTSUP,
				"the task asks for a limit of '%s', which this "
				"host cannot enforce",
				kinds[i].name);
		if (!want[i])
			want[i] = def[i];
		if (max[i] && (!want[i] || want[i] > max[i]))
			want[i] = max[i];
		if (!can)
			want[i] = 0;
	}
	from_list(want, out);
	return 0;
}

const char *
limits_beyond(const struct executor *ex, const struct msg_limits *asked)
{
	uint64_t want[LIMIT_KINDS], max[LIMIT_KINDS];

	to_list(asked, want);
	to_list(&ex->opt.max_limits, max);
	for (int i = 0; i < LIMIT_KINDS; i++)
		if (max[i] && want[i] > max[i])
			return kinds[i].name;
	return NULL;
}

static bool
groups_limit_memory(const struct task *task)
{
	return holds_limit(task->ex, CONTAIN_MEMORY) != NULL;
}

void
limits_by_group(const struct task *task, struct contain_limits *out)
{
	const struct msg_limits *limits = &task->limits;

	*out = (struct contain_limits){
		/* The default is the containment's own business. */
		.pids = task->asks_pids ? limits->pids : 0,
		.memory = groups_limit_memory(task) ? limits->memory : 0,
		.cpu_milli = limits->cpu_milli,
	};
}

void
limits_by_rlimit(const struct task *task, struct spawn_rlimits *out)
{
	const struct msg_limits *limits = &task->limits;

	*out = (struct spawn_rlimits){
		.nofile = limits->open_files,
		.fsize = limits->file_size,
		.as = groups_limit_memory(task) ? 0 : limits->memory,
		.no_core = true,
	};
}

void
limits_note(struct task *task)
{
	struct contain_events did;

	if (!task->hold)
		return;
	contain_events(hold_contain(task->hold), &did);
	if (did.oom_kills) {
		if (task->outcome == MSG_SIGNALED && task->code == SIGKILL &&
			!task->failure)
			task->failure = "oom";
		task_note_count(task, did.oom_kills,
			"process killed at the limit of memory",
			"processes killed at the limit of memory");
	}
	if (did.pids_refused)
		task_note_count(task, did.pids_refused,
			"fork refused at the limit of processes",
			"forks refused at the limit of processes");
}

size_t
limits_list(const struct executor *ex, struct msg_limit_kind out[LIMIT_KINDS])
{
	size_t n = 0;

	for (int i = 0; i < LIMIT_KINDS; i++) {
		const char *by = enforced_by(ex, &kinds[i]);

		if (by)
			out[n++] = (struct msg_limit_kind){ kinds[i].name, by };
	}
	return n;
}
