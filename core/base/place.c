/* place.c - where an executor has its socket and its tasks' folders */
#include "base/place.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/parse.h"

static const char prefix[] = "executor-", suffix[] = ".sock";

const char *
place_folder(const char *plugin, unsigned place, struct place_name *out)
{
	if (place)
		(void)snprintf(out->text, sizeof out->text, "%.*s.%u",
			ID_MAX - 1, plugin, place);
	else
		(void)snprintf(out->text, sizeof out->text, "%.*s", ID_MAX - 1,
			plugin);
	return out->text;
}

const char *
place_socket(const char *plugin, unsigned place, struct place_name *out)
{
	struct place_name folder;

	(void)snprintf(out->text, sizeof out->text, "%s%.80s%s", prefix,
		place_folder(plugin, place, &folder), suffix);
	return out->text;
}

bool
place_parse(const char *name, char *plugin, unsigned *place)
{
	size_t len = strlen(name), fixed = sizeof prefix + sizeof suffix - 2;
	char *dot;
	uint64_t number = 0;

	if (len <= fixed || len - fixed >= ID_MAX ||
		strncmp(name, prefix, sizeof prefix - 1) != 0 ||
		strcmp(name + len - (sizeof suffix - 1), suffix) != 0)
		return false;
	(void)snprintf(plugin, ID_MAX, "%.*s", (int)(len - fixed),
		name + sizeof prefix - 1);
	dot = strchr(plugin, '.');
	if (dot) {
		*dot = 0;
		if (parse_u64(dot + 1, 1, LIMIT_PLACES - 1, &number) < 0)
			return false;
	}
	*place = (unsigned)number;
	return id_valid_plugin(plugin);
}
