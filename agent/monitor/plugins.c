/* plugins.c - which plugins are there
 *
 * The monitor only looks at files, so that what is wrong with one is said at
 * once; loading is the executor's. */
#include "monitor/plugins.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/trusted.h"

static int
by_name(const void *a, const void *b)
{
	const struct plugin_file *x = a, *y = b;

	return strcmp(x->name, y->name);
}

bool
plugins_has(const char *dir, const char *name)
{
	AUTO_FREE char *file = NULL;

	if (!id_valid_plugin(name))
		return false;
	if (asprintf(&file, "%s/%s.so", dir, name) < 0)
		file = NULL;
	return file && access(file, R_OK) == 0;
}

static int
add(const char *dir, const char *name, struct plugin_file *out, size_t *n,
	struct err *err)
{
	int fd;

	for (size_t i = 0; i < *n; i++)
		if (strcmp(out[i].name, name) == 0)
			return err_set(err, -EINVAL,
				"plugin '%s' is listed twice", name);
	if (*n == LIMIT_PLUGINS)
		return err_set(
			err, -E2BIG, "more than %d plugins", LIMIT_PLUGINS);
	(void)snprintf(out[*n].name, sizeof out[*n].name, "%s", name);
	if (asprintf(&out[*n].file, "%s/%s.so", dir, name) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	fd = trusted_open(out[(*n)++].file, "plugin", err);
	if (fd < 0)
		return fd;
	(void)close(fd); /* loading is the executor's, which looks again */
	return 0;
}

static int
find_listed(const char *dir, const char *list, struct plugin_file *out,
	size_t *n, struct err *err)
{
	AUTO_FREE char *copy = strdup(list);
	char *rest = NULL;
	int r = copy ? 0 : err_set(err, -ENOMEM, "out of memory");

	if (r < 0)
		return r;
	for (const char *name = strtok_r(copy, ", \t", &rest); r == 0 && name;
		name = strtok_r(NULL, ", \t", &rest)) {
		if (!plugins_has(dir, name))
			return err_set(err, -ENOENT,
				"plugin '%s': no file '%s/%s.so'", name, dir,
				name);
		r = add(dir, name, out, n, err);
	}
	return r;
}

static int
find_all(const char *dir, struct plugin_file *out, size_t *n, struct err *err)
{
	DIR *d = opendir(dir);
	const struct dirent *entry;
	int r = 0;

	if (!d)
		return err_set(err, -errno,
			"cannot read plugin directory '%s': %s", dir,
			err_name(errno));
	while (r == 0 && (entry = readdir(d)) != NULL) {
		size_t len = strlen(entry->d_name);
		char name[ID_MAX];

		if (len <= 3 || len - 3 >= sizeof name ||
			strcmp(entry->d_name + len - 3, ".so") != 0)
			continue;
		(void)snprintf(name, sizeof name, "%.*s", (int)(len - 3),
			entry->d_name);
		if (plugins_has(dir, name))
			r = add(dir, name, out, n, err);
	}
	(void)closedir(d); /* only read */
	return r;
}

int
plugins_find(const char *dir, const char *list,
	struct plugin_file out[LIMIT_PLUGINS], size_t *n, struct err *err)
{
	int r;

	*n = 0;
	r = list ? find_listed(dir, list, out, n, err)
		 : find_all(dir, out, n, err);
	if (r < 0)
		return r;
	if (!*n)
		return err_set(err, -ENOENT, "no plugin %s '%s'",
			list ? "is listed for" : "in", dir);
	qsort(out, *n, sizeof *out, by_name);
	return 0;
}
