/* env.c - the environment of a task's programs, built and never inherited */
#include "executor/env.h"

#include <errno.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
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
	for (size_t i = 0; i < n; i++) {
		out[i] = text;
		(void)text_put(&text, list[i].name);
		text[-1] = '=';
		(void)text_put(&text, list[i].value);
	}
	out[n] = NULL;
	return out;
}

struct msg_env *
env_base(void)
{
	const struct passwd *pw = getpwuid(geteuid());
	const char *lang = getenv("LANG");
	const char *user = pw && pw->pw_name ? pw->pw_name : "nobody";
	const char *shell = pw && *pw->pw_shell ? pw->pw_shell : "/bin/sh";
	const struct msg_env list[] = {
		{ "PATH", DEFAULT_PATH },
		{ "HOME", pw && pw->pw_dir ? pw->pw_dir : "/" },
		{ "USER", user },
		{ "LOGNAME", user },
		{ "SHELL", shell },
		{ "LANG", lang && *lang ? lang : "C.UTF-8" },
		{ NULL, NULL },
	};
	size_t size = sizeof list;
	struct msg_env *out;
	char *text;

	for (size_t i = 0; list[i].name; i++)
		size += text_size(list[i].value);
	out = malloc(size);
	if (!out)
		return NULL;
	memcpy(out, list, sizeof list); /* names are static text */
	text = (char *)out + sizeof list;
	for (size_t i = 0; list[i].name; i++) {
		/* getpwuid()'s text does not last. */
		out[i].value = text_put(&text, list[i].value);
	}
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

int
env_build(const struct msg_env *base, const char *task_id, const char *dir,
	const struct msg_env *given, size_t n, char ***out, struct err *err)
{
	const struct msg_env ours[] = {
		{ "TMPDIR", dir }, { OURS "TASK", task_id },
		{ OURS "TASK_DIR", dir }, /* env_asked() needs one last */
	};
	AUTO_FREE struct msg_env *list = NULL;
	size_t n_base = 0, n_list = 0;
	int r = check(given, n, err);

	if (r < 0)
		return r;
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
