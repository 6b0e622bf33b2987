/* plugin.c - the one plugin of this executor: load it, vet it, describe it */
#include "executor/plugin.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/limits.h"
#include "base/trusted.h"

#define SYMBOL "nodelink_plugin_v1"

/* What the first release of ABI 1 declared: the least a plugin can have. */
#define SIZE_1_0 (offsetof(struct ndl_plugin, fini) + sizeof(void *))
#define FIELD_SIZE_1_0 sizeof(struct ndl_field)

static const char *const type_names[] = { "text", "bool", "int", "size", "msec",
	"path" };

const char *
plugin_type_name(unsigned type)
{
	return type < ARRAY_SIZE(type_names) ? type_names[type] : "text";
}

/* -------------------------------------------------------------------- vet */

static int
vet_header(const struct ndl_plugin *p, const char *file, struct err *err)
{
	unsigned major = p->abi >> 16, minor = p->abi & 0xffff;

	if (major != NDL_ABI_MAJOR || minor > NDL_ABI_MINOR)
		return err_set(err, -ENOEXEC,
			"plugin '%s' needs ABI %u.%u, this executor has %d.%d",
			file, major, minor, NDL_ABI_MAJOR, NDL_ABI_MINOR);
	if (p->size < SIZE_1_0 || p->size % sizeof(void *))
		return err_set(err, -ENOEXEC,
			"plugin '%s': descriptor of %u bytes, ABI 1.0 has %zu",
			file, (unsigned)p->size, SIZE_1_0);
	if (p->field_size < FIELD_SIZE_1_0 || p->field_size % sizeof(void *))
		return err_set(err, -ENOEXEC,
			"plugin '%s': fields of %u bytes, ABI 1.0 has %zu",
			file, (unsigned)p->field_size, FIELD_SIZE_1_0);
	return 0;
}

static int
vet_members(const struct ndl_plugin *p, const char *file, struct err *err)
{
	if (!p->name || !id_valid_plugin(p->name))
		return err_set(err, -ENOEXEC,
			"plugin '%s': its name must be [a-z][a-z0-9-]*", file);
	if (!p->version || !*p->version)
		return err_set(
			err, -ENOEXEC, "plugin '%s' has no version", file);
	if (!p->start)
		return err_set(err, -ENOEXEC,
			"plugin '%s' has no start callback", file);
	return 0;
}

/* Copy a table of theirs, whose stride is theirs, to one of ours. */
static int
copy_fields(const struct ndl_field *given, size_t stride, const char *file,
	struct ndl_field **out, struct err *err)
{
	const char *p = (const char *)given;
	struct ndl_field *fields;
	size_t n = 0;

	for (; given && ((const struct ndl_field *)(p + n * stride))->name; n++)
		if (n == LIMIT_PARAMS)
			return err_set(err, -ENOEXEC,
				"plugin '%s' declares more than %d fields",
				file, LIMIT_PARAMS);
	fields = calloc(n + 1, sizeof *fields);
	if (!fields)
		return err_set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < n; i++) {
		memcpy(&fields[i], p + i * stride, sizeof *fields);
		if (fields[i].type < ARRAY_SIZE(type_names))
			continue;
		(void)err_set(err, -ENOEXEC,
			"plugin '%s': field '%s' has the unknown type %u", file,
			fields[i].name, (unsigned)fields[i].type);
		free(fields);
		return -ENOEXEC;
	}
	*out = fields;
	return 0;
}

int
plugin_vet(const struct ndl_plugin *given, const char *file,
	struct plugin **out, struct err *err)
{
	AUTO(plugin_free) struct plugin *p = NULL;
	size_t size;
	int r;

	r = vet_header(given, file, err);
	if (r < 0)
		return r;
	p = calloc(1, sizeof *p);
	if (!p)
		return err_set(err, -ENOMEM, "out of memory");
	size = given->size < sizeof p->v ? given->size : sizeof p->v;
	memcpy(&p->v, given, size);
	r = vet_members(&p->v, file, err);
	if (r < 0)
		return r;
	r = copy_fields(
		given->settings, given->field_size, file, &p->settings, err);
	if (r < 0)
		return r;
	r = copy_fields(
		given->params, given->field_size, file, &p->params, err);
	if (r < 0)
		return r;
	*out = TAKE(p);
	return 0;
}

/* ------------------------------------------------------------------- load */

/* Without our name for the file, which says nothing to a person. */
static const char *
why_not(const char *path)
{
	const char *text = dlerror();
	size_t len = strlen(path);

	return strncmp(text, path, len) == 0 && text[len] == ':'
		       ? text + len + 2
		       : text;
}

int
plugin_load(const char *file, struct plugin **out, struct err *err)
{
	const struct ndl_plugin *found;
	AUTO_CLOSE int fd = trusted_open(file, "plugin", err);
	char path[32];
	void *dl;

	if (fd < 0)
		return fd;
	/* The file that was checked, whatever the name stands for by now. */
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	dl = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!dl)
		return err_set(err, -ENOEXEC, "cannot load plugin '%s': %s",
			file, why_not(path));
	/* It stays open: libc would take the next file with this number for
	 * the same library. */
	(void)TAKE_FD(fd);
	found = dlsym(dl, SYMBOL);
	if (!found) {
		(void)dlclose(dl);
		return err_set(err, -ENOEXEC,
			"'%s' is not an ABI 1 plugin: it does not define %s",
			file, SYMBOL);
	}
	return plugin_vet(found, file, out, err);
}

void
plugin_free(struct plugin *p)
{
	if (!p)
		return;
	free(p->settings);
	free(p->params);
	free(p);
}
