/* gone.c - plugins that our settings do not have, but which have executors
 *
 * The runtime directory is ours alone (rundir.c), and locked. Still whoever
 * listens there gets a signal later, and so must be an executor. */
#include "monitor/gone.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/place.h"
#include "monitor/running.h"

static bool
is_in(const struct plugin_file *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].name, name) == 0)
			return true;
	return false;
}

/* Nobody listens there any more, or one of our executors. */
static bool
is_executors(const char *dir, const char *name)
{
	AUTO_FREE char *path = NULL;
	pid_t pid = 0;
	AUTO_CLOSE int pidfd = -1;

	if (asprintf(&path, "%s/%s", dir, name) < 0) {
		path = NULL;
		return false;
	}
	pidfd = running_find(path, &pid);
	if (pidfd != -EPERM && (pidfd < 0 || running_is_executor(pid)))
		return true;
	log_warn(0, "'%s' is no executor's: left alone", path);
	return false;
}

static int
add(const struct settings *s, const char *name, struct plugin_file *out,
	size_t *n)
{
	if (*n == LIMIT_PLUGINS) {
		log_error(0,
			"more than %d plugins have executors and are not in "
			"the settings: '%s' is left as it is",
			LIMIT_PLUGINS, name);
		return 0;
	}
	if (asprintf(&out[*n].file, "%s/%s.so", s->plugin_dir, name) < 0) {
		out[*n].file = NULL;
		return -ENOMEM;
	}
	(void)snprintf(out[*n].name, sizeof out[*n].name, "%s", name);
	(*n)++;
	return 0;
}

int
gone_find(const struct settings *s, struct plugin_file out[LIMIT_PLUGINS],
	size_t *n)
{
	DIR *d = opendir(s->runtime_dir);
	const struct dirent *entry;
	int r = 0;

	*n = 0;
	if (!d)
		return -errno;
	while (r == 0 && (entry = readdir(d)) != NULL) {
		char name[ID_MAX];
		unsigned place;

		if (place_parse(entry->d_name, name, &place) &&
			!is_in(s->plugins, s->n_plugins, name) &&
			!is_in(out, *n, name) &&
			is_executors(s->runtime_dir, entry->d_name))
			r = add(s, name, out, n);
	}
	(void)closedir(d); /* only read */
	return r;
}

void
gone_done(struct plugin_file *gone, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(gone[i].file);
}
