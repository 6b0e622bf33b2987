/* env.c - the environment of a task's programs, built and never inherited */
#include "executor/env.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "executor/scratch.h"
#include "executor/text.h"

#define DEFAULT_PATH \
	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
#define DIGITS "0123456789"
#define OURS "NODELINK_"

static bool
is_name(const char *name)
{
	return *name && strspn(name, LETTERS DIGITS) == strlen(name) &&
	       !strchr(DIGITS, *name);
}

/* The last one given wins. */
static const struct msg_env *
find(const struct msg_env *list, size_t n, const char *name)
{
	for (size_t i = n; i > 0; i--)
		if (strcmp(list[i - 1].name, name) == 0)
			return &list[i - 1];
	return NULL;
}

static char *
put_variable(char **text, const struct msg_env *v)
{
	char *start = *text;

	(void)text_put(text, v->name);
	(*text)[-1] = '=';
	(void)text_put(text, v->value);
	return start;
}

/* Pointers and text in one block. */
static char **
to_block(const struct msg_env *list, size_t n)
{
	size_t size = (n + 1) * sizeof(char *);
	char **out, *text;

	for (size_t i = 0; i < n; i++)
		size += text_size(list[i].name) + text_size(list[i].value);
	out = malloc(size);
	if (!out)
		return NULL;
	text = (char *)(out + n + 1);
	for (size_t i = 0; i < n; i++)
		out[i] = put_variable(&text, &list[i]);
	out[n] = NULL;
	return out;
}

struct msg_env *
env_base(const struct user *user)
{
	const char *lang = getenv("LANG");
	const struct msg_env list[] = {
		{ "PATH", DEFAULT_PATH },
		{ "HOME", user->home },
		{ "USER", user->name },
		{ "LOGNAME", user->name },
		{ "SHELL", user->shell },
		{ "LANG", lang && *lang ? lang : "C.UTF-8" },
		{ NULL, NULL },
	};
	struct msg_env *out = malloc(sizeof list);

	if (out)
		memcpy(out, list, sizeof list);
	return out;
}

static int
check(const struct msg_env *given, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		if (!is_name(given[i].name))
			return err_set(err, -EINVAL,
				"env: '%.64s' is no name of a variable",
				given[i].name);
		if (strncmp(given[i].name, OURS, strlen(OURS)) == 0)
			return err_set(err, -EINVAL,
				"env: '%.64s': names that begin with %s are nodelink's own",
				given[i].name, OURS);
	}
	return 0;
}

/* Of the task's folder; texts in *block. */
struct files {
	const char *work, *cancel, *defer;
};

static int
name_files(const char *dir, char **block, struct files *out)
{
	if (asprintf(block,
		    "%s/" SCRATCH_WORK "%c%s/" SCRATCH_CANCEL
		    "%c%s/" SCRATCH_DEFER,
		    dir, 0, dir, 0, dir) < 0) {
		*block = NULL;
		return -ENOMEM;
	}
	out->work = *block;
	out->cancel = out->work + strlen(out->work) + 1;
	out->defer = out->cancel + strlen(out->cancel) + 1;
	return 0;
}

int
env_build(const struct msg_env *base, const char *task_id, const char *dir,
	const struct msg_env *given, size_t n, char ***out, struct err *err)
{
	AUTO_FREE char *block = NULL;
	struct files files = { NULL, NULL, NULL };
	const int named = name_files(dir, &block, &files);
	const struct msg_env ours[] = {
		{ "TMPDIR", files.work }, { OURS "TASK", task_id },
		{ OURS "CANCEL_FILE", files.cancel },
		{ OURS "DEFER_FILE", files.defer },
		{ OURS "TASK_DIR",
			files.work }, /* env_asked() needs one last */
	};
	AUTO_FREE struct msg_env *list = NULL;
	size_t n_base = 0, n_list = 0;
	int r = check(given, n, err);

	if (r < 0)
		return r;
	if (named < 0)
		return err_set(err, named, "out of memory");
	while (base[n_base].name)
		n_base++;
	list = calloc(n_base + ARRAY_SIZE(ours) + n, sizeof *list);
	if (!list)
		return err_set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < n_base; i++)
		if (!find(given, n, base[i].name))
			list[n_list++] = base[i];
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		if (!find(given, n, ours[i].name))
			list[n_list++] = ours[i];
	for (size_t i = 0; i < n; i++)
		if (find(given, n, given[i].name) == &given[i])
			list[n_list++] = given[i];
	*out = to_block(list, n_list);
	return *out ? 0 : err_set(err, -ENOMEM, "out of memory");
}

static bool
is_in(const struct msg_env *list, size_t n, const char *line)
{
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(list[i].name);

		if (strncmp(line, list[i].name, len) == 0 && line[len] == '=')
			return true;
	}
	return false;
}

char **
env_with(char *const *env, const struct msg_env *more, size_t n)
{
	size_t n_env = 0, at = 0, size;
	char **out, *text;

	while (env[n_env])
		n_env++;
	size = (n_env + n + 1) * sizeof(char *);
	for (size_t i = 0; i < n; i++)
		size += text_size(more[i].name) + text_size(more[i].value);
	out = malloc(size);
	if (!out)
		return NULL;
	text = (char *)(out + n_env + n + 1);
	for (; *env; env++)
		if (!is_in(more, n, *env))
			out[at++] = *env;
	for (size_t i = 0; i < n; i++)
		if (more[i].value)
			out[at++] = put_variable(&text, &more[i]);
	out[at] = NULL;
	return out;
}

const char *
env_get(char *const *env, const char *name)
{
	size_t len = strlen(name);

	for (; *env; env++)
		if (strncmp(*env, name, len) == 0 && (*env)[len] == '=')
			return *env + len + 1;
	return NULL;
}

char *const *
env_asked(char *const *env)
{
	char *const *after = env;

	for (; *env; env++)
		if (strncmp(*env, OURS, strlen(OURS)) == 0)
			after = env + 1;
	return after;
}
