/* fuzz-conf.c - a configuration file and a secret beside it */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/conf.h"
#include "tests/fuzz/fuzz.h"

static const struct conf_item items[] = {
	{ .key = "agent.id", .flag = "id", .short_flag = 'i' },
	{ .key = "agent.server",
		.flag = "server",
		.type = CONF_ADDRESS,
		.fallback = "127.0.0.1:9090" },
	{ .key = "agent.runtime_dir", .type = CONF_PATH },
	{ .key = "tasks.as_root", .type = CONF_BOOL, .fallback = "no" },
	{ .key = "tasks.pids", .type = CONF_INT, .min = 1, .max = 100000 },
	{ .key = "tasks.spool", .type = CONF_SIZE, .max = 1LL << 40 },
	{ .key = "tasks.max_grace",
		.type = CONF_DURATION,
		.min = 1,
		.max = 86400000 },
	{ .key = "log.level", .type = CONF_LEVEL, .fallback = "info" },
};

static int
one(void *arg, const char *name, const char *key, const char *value,
	const char *where)
{
	size_t *n = arg;

	MUST(name && key && value && strstr(where, ":"));
	(*n)++;
	return 0;
}

static void
read_settings(const char *path)
{
	static const struct conf_program program = { .name = "fuzz",
		.summary = "fuzz",
		.default_file = "/nowhere",
		.items = items,
		.n_items = ARRAY_SIZE(items),
		.free_section = "plugin" };
	char arg0[] = "fuzz", option[] = "--config", file[64];
	char *argv[] = { arg0, option, file, NULL };
	AUTO(conf_free) struct conf *conf = NULL;
	struct err err = { "" };
	size_t n = 0;

	(void)snprintf(file, sizeof file, "%s", path);
	if (conf_new(&program, 3, argv, &conf, &err) < 0) {
		MUST(*err.text);
		return;
	}
	MUST(conf_number(conf, "tasks.pids") >= 1);
	MUST(conf_number(conf, "tasks.pids") <= 100000);
	MUST(conf_text(conf, "agent.server"));
	MUST(conf_each(conf, one, &n) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct input in = { data, len };
	int fd = input_file(&in);
	struct err err = { "" };
	char path[64], *secret;

	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	read_settings(path);
	MUST(fchmod(fd, 0600) == 0);
	if (conf_secret_file(path, &secret, &err) == 0) {
		MUST(*secret && !strpbrk(secret, "\r\n"));
		free(secret);
	} else {
		MUST(*err.text);
	}
	(void)close(fd);
	return 0;
}
