/* options.c - what a request says about any task, whatever its plugin */
#include "api/options.h"

#include <errno.h>
#include <string.h>

#include "api/hooks.h"
#include "api/params.h"
#include "base/limits.h"
#include "json/json.h"

enum { DEFAULT_TIMEOUT_MS = 300 * 1000 };

/* --------------------------------------------------------- stop and limits */

static int
read_stop(const json_t *stop, struct msg_start *out, struct err *err)
{
	static const char *const names[] = { "signal", "grace", "pre_stop" };
	int signo = 0;
	int r = json_known(stop, names, ARRAY_SIZE(names), err);

	if (r == 0)
		r = json_get_signal(stop, "signal", &signo, err);
	if (r >= 0)
		r = json_get_duration(
			stop, "grace", LIMIT_GRACE_S, &out->grace_ms, err);
	if (r >= 0)
		r = hooks_read_pre_stop(stop, out, err);
	out->stop_signal = (uint32_t)signo;
	return r < 0 ? r : 0;
}

static int
read_memory(const json_t *limits, struct msg_limits *l, struct err *err)
{
	int r = json_get_size(limits, "memory", &l->memory, err);

	if (r == JSON_GOT && l->memory < LIMIT_MEMORY_MIN)
		return err_set(err, -EINVAL,
			"field 'memory': expected at least %d bytes, got %llu",
			LIMIT_MEMORY_MIN, (unsigned long long)l->memory);
	return r;
}

static int
read_file_size(const json_t *limits, struct msg_limits *l, struct err *err)
{
	int r = json_get_size(limits, "file_size", &l->file_size, err);

	if (r == JSON_GOT && !l->file_size)
		return err_set(err, -EINVAL,
			"field 'file_size': expected at least 1 byte, got 0");
	return r;
}

static int
read_limits(const json_t *limits, struct msg_start *out, struct err *err)
{
	static const char *const names[] = { "pids", "memory", "cpu",
		"open_files", "file_size" };
	struct msg_limits *l = &out->limits;
	int r = json_known(limits, names, ARRAY_SIZE(names), err);

	if (r == 0)
		r = json_get_count(
			limits, "pids", 1, LIMIT_PIDS, &l->pids, err);
	if (r >= 0)
		r = read_memory(limits, l, err);
	if (r >= 0)
		r = json_get_milli(
			limits, "cpu", LIMIT_CPUS, &l->cpu_milli, err);
	if (r >= 0)
		r = json_get_count(limits, "open_files", 1, LIMIT_OPEN_FILES,
			&l->open_files, err);
	if (r >= 0)
		r = read_file_size(limits, l, err);
	return r < 0 ? r : 0;
}

/* A field that is an object with fields of its own. */
typedef int
read_object_fn(const json_t *object, struct msg_start *out, struct err *err);

static int
read_object(const json_t *body, const char *name, read_object_fn *read,
	struct msg_start *out, struct err *err)
{
	struct err inner;
	json_t *object;
	int r = json_get_object(body, name, &object, err);

	if (r != JSON_GOT)
		return r == JSON_ABSENT ? 0 : r;
	r = read(object, out, &inner);
	return r < 0 ? err_set(err, r, "field '%s': %.480s", name, inner.text)
		     : 0;
}

/* -------------------------------------------------------------- the others */

int
labels_read(const json_t *body, struct arena *arena, const struct label **out,
	size_t *n_out, struct err *err)
{
	struct label *labels;
	json_t *object, *value;
	const char *name;
	size_t n = 0;
	int r = json_get_object(body, "labels", &object, err);

	if (r != JSON_GOT)
		return r == JSON_ABSENT ? 0 : r;
	if (json_object_size(object) > LIMIT_LABELS)
		return err_set(err, -EINVAL, "field 'labels': more than %d",
			LIMIT_LABELS);
	labels = arena_array(arena, json_object_size(object), sizeof *labels);
	if (!labels)
		return -ENOMEM;
	json_object_foreach(object, name, value)
	{
		if (!*name || strchr(name, '=') ||
			strlen(name) > LIMIT_LABEL_TEXT)
			return err_set(err, -EINVAL,
				"field 'labels': '%.64s' is no label name",
				name);
		if (!json_plain_text(value) ||
			json_string_length(value) > LIMIT_LABEL_TEXT)
			return err_set(err, -EINVAL,
				"field 'labels.%.64s': expected a text of at "
				"most %d bytes",
				name, LIMIT_LABEL_TEXT);
		labels[n++] = (struct label){ name, json_plain_text(value) };
	}
	*out = labels;
	*n_out = n;
	return 0;
}

/* A field with two words; *second: it was the second one. */
static int
read_choice(const json_t *body, const char *name, const char *word_1,
	const char *word_2, bool *second, struct err *err)
{
	const char *text = word_1;
	int r = json_get_text(body, name, 16, &text, err);

	if (r < 0)
		return r;
	if (strcmp(text, word_1) != 0 && strcmp(text, word_2) != 0)
		return err_set(err, -EINVAL,
			"field '%s': expected \"%s\" or \"%s\", got \"%s\"",
			name, word_1, word_2, text);
	*second = strcmp(text, word_2) == 0;
	return 0;
}

static int
read_agent(const json_t *body, const char **out, struct err *err)
{
	int r = json_get_text(body, "agent_id", ID_LEN, out, err);

	if (r == JSON_ABSENT)
		return err_set(err, -EINVAL, "field 'agent_id' is required");
	if (r == 0 && !id_valid_agent(*out))
		return err_set(err, -EINVAL,
			"field 'agent_id': '%s' is no id of an agent", *out);
	return r;
}

const char *
options_seccomp_name(enum msg_seccomp seccomp)
{
	switch (seccomp) {
	case MSG_SECCOMP_ANY: break;
	case MSG_SECCOMP_DEFAULT: return "default";
	case MSG_SECCOMP_NONE: return "none";
	}
	return NULL;
}

static int
read_seccomp(const json_t *body, struct msg_start *out, struct err *err)
{
	const char *text;
	bool none = false;
	int r = json_get_text(body, "seccomp", 16, &text, err);

	if (r != JSON_GOT)
		return r;
	r = read_choice(body, "seccomp", "default", "none", &none, err);
	if (r == 0)
		out->seccomp = none ? MSG_SECCOMP_NONE : MSG_SECCOMP_DEFAULT;
	return r;
}

/* Which names there are only the node knows. */
static int
read_user(const json_t *body, const char **out, struct err *err)
{
	int r = json_get_text(body, "user", LIMIT_USER, out, err);

	if (r == JSON_GOT && (!**out || strpbrk(*out, ":/ \t\n")))
		return err_set(err, -EINVAL,
			"field 'user': '%s' is no name of a user", *out);
	return r;
}

static int
read_times(const json_t *body, struct hub_task *out, struct err *err)
{
	int r = json_get_duration(
		body, "timeout", LIMIT_TIMEOUT_S, &out->start.timeout_ms, err);

	if (r >= 0)
		r = json_get_duration(body, "start_timeout", LIMIT_TIMEOUT_S,
			&out->start_timeout_ms, err);
	if (r >= 0)
		r = json_get_duration(body, "idle_timeout", LIMIT_TIMEOUT_S,
			&out->start.idle_timeout_ms, err);
	return r;
}

int
options_read(const json_t *body, bool with_user, struct arena *arena,
	struct hub_task *out, struct err *err)
{
	struct msg_start *start = &out->start;
	int r = read_agent(body, &out->agent_id, err);

	start->timeout_ms = DEFAULT_TIMEOUT_MS;
	start->grace_ms = -1;
	start->user = "";
	out->start_timeout_ms = -1;
	if (r >= 0)
		r = read_times(body, out, err);
	if (r >= 0 && with_user)
		r = read_user(body, &start->user, err);
	if (r >= 0)
		r = json_get_size(
			body, "output_limit", &start->output_limit, err);
	if (r >= 0)
		r = read_object(body, "stop", read_stop, start, err);
	if (r >= 0)
		r = read_object(body, "limits", read_limits, start, err);
	if (r >= 0)
		r = hooks_read_cleanup(body, arena, start, err);
	if (r >= 0)
		r = read_choice(body, "orphans", "kill", "wait",
			&start->wait_orphans, err);
	if (r >= 0)
		r = read_choice(body, "containment", "any", "strict",
			&start->strict, err);
	if (r >= 0)
		r = read_seccomp(body, start, err);
	if (r >= 0)
		r = labels_read(body, arena, &out->labels, &out->n_labels, err);
	if (r >= 0)
		r = params_read_env(body, arena, start, err);
	return r < 0 ? r : 0;
}

/* ----------------------------------------------------------------- checking */

static bool
can_limit(const struct msg_inventory *inventory, const char *name)
{
	for (size_t i = 0; i < inventory->n_limits; i++)
		if (strcmp(inventory->limits[i].name, name) == 0)
			return true;
	return false;
}

static int
check_limits(const struct msg_limits *l, const struct msg_inventory *inventory,
	struct err *err)
{
	const struct {
		const char *name;
		uint64_t value;
	} asked[] = { { "pids", l->pids }, { "memory", l->memory },
		{ "cpu", l->cpu_milli }, { "open_files", l->open_files },
		{ "file_size", l->file_size } };

	for (size_t i = 0; i < ARRAY_SIZE(asked); i++)
		if (asked[i].value && !can_limit(inventory, asked[i].name))
			return err_set(err, -EINVAL,
				"field 'limits': the agent's host cannot limit "
				"'%s' (GET /agents/{id} lists what it can)",
				asked[i].name);
	return 0;
}

/* An executor of a version that knows none of these would ignore them without
 * a word. It names no limits; the newer ones can always limit something. */
static int
check_version(const struct msg_start *start, struct err *err)
{
	const struct {
		const char *name;
		bool asked;
	} news[] = { { "user", *start->user },
		{ "idle_timeout", start->idle_timeout_ms > 0 },
		{ "stop.pre_stop", start->pre_stop.cmd },
		{ "cleanup", start->n_cleanup > 0 },
		{ "seccomp", start->seccomp != MSG_SECCOMP_ANY } };

	for (size_t i = 0; i < ARRAY_SIZE(news); i++)
		if (news[i].asked)
			return err_set(err, -EINVAL,
				"field '%s': the agent's version does not know "
				"it",
				news[i].name);
	return 0;
}

/* One that says nothing of it is older and would ignore it. */
static int
check_seccomp(enum msg_seccomp asked, const char *has, struct err *err)
{
	if (asked == MSG_SECCOMP_ANY)
		return 0;
	if (!*has)
		return err_set(err, -EINVAL,
			"field 'seccomp': the agent's version does not know "
			"it");
	if (asked == MSG_SECCOMP_DEFAULT && strcmp(has, "none") == 0)
		return err_set(err, -EINVAL,
			"field 'seccomp': the agent has no profile (rule "
			"tasks.seccomp)");
	if (asked == MSG_SECCOMP_NONE && strcmp(has, "required") == 0)
		return err_set(err, -EINVAL,
			"field 'seccomp': the agent runs no task without its "
			"profile (rule tasks.seccomp_required)");
	return 0;
}

int
options_check(const struct msg_start *start,
	const struct msg_inventory *inventory, struct err *err)
{
	int r = check_limits(&start->limits, inventory, err);

	if (r == 0 && !inventory->n_limits)
		return check_version(start, err);
	if (r == 0 && start->strict && !inventory->complete)
		return err_set(err, -EINVAL,
			"field 'containment': the agent's host has only '%s', "
			"which is not complete",
			inventory->containment);
	return r < 0 ? r
		     : check_seccomp(start->seccomp, inventory->seccomp, err);
}
