/* program.c - a program with settings of every type, and ways to start it */
#include "tests/unit/conf/program.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const struct conf_item items[] = {
	{ .key = "agent.id",
		.flag = "id",
		.short_flag = 'i',
		.env = "DEMO_ID",
		.fallback = "nobody",
		.help = "name of this one" },
	{ .key = "agent.server",
		.flag = "server",
		.type = CONF_ADDRESS,
		.fallback = "127.0.0.1:9090",
		.help = "where to" },
	{ .key = "agent.max_grace",
		.flag = "max-grace",
		.type = CONF_DURATION,
		.fallback = "5m",
		.min = 1000,
		.max = 3600000,
		.help = "longest grace" },
	{ .key = "agent.state_dir",
		.flag = "state-dir",
		.type = CONF_PATH,
		.help = "where it lives" },
	{ .key = "log.color",
		.flag = "color",
		.type = CONF_BOOL,
		.fallback = "no",
		.help = "colors" },
	{ .key = "limits.tasks",
		.type = CONF_INT,
		.fallback = "10",
		.min = 1,
		.max = 100,
		.help = "tasks at once" },
	{ .key = "limits.output",
		.type = CONF_SIZE,
		.fallback = "1G",
		.min = 1024,
		.max = 1ll << 40,
		.help = "bytes of output" },
	{ .key = "label", .flag = "label", .many = true },
	{ .key = "check",
		.flag = "check",
		.type = CONF_BOOL,
		.help = "check the settings and exit" },
};

struct conf_program program = {
	.name = "demo",
	.summary = "Shows settings.",
	.default_file = "demo.conf",
	.items = items,
	.n_items = ARRAY_SIZE(items),
	.free_section = "plugin",
};

struct err err;

static char directory[64];

int
start(struct conf **out, ...)
{
	static char *argv[16]; /* a conf borrows words from it */
	static int argc;
	va_list ap;
	const char *word;

	while (argc)
		free(argv[--argc]);
	argv[argc++] = strdup("demo");
	va_start(ap, out);
	while ((word = va_arg(ap, const char *)) != NULL)
		argv[argc++] = strdup(word);
	va_end(ap);
	memset(&err, 0, sizeof err);
	return conf_new(&program, argc, argv, out, &err);
}

void
enter_directory(void)
{
	(void)strcpy(directory, "/tmp/test-conf-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	ck_assert_int_eq(chdir(directory), 0);
}

void
leave_directory(void)
{
	DIR *dir = opendir(".");
	const struct dirent *entry;

	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			ck_assert_int_eq(unlink(entry->d_name), 0);
	(void)closedir(dir);
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(rmdir(directory), 0);
}

void
write_file(const char *name, const char *text, unsigned mode)
{
	FILE *f = fopen(name, "we");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_eq(chmod(name, mode), 0);
}

void
check_err_says(const char *word, ...)
{
	va_list ap;

	va_start(ap, word);
	for (; word; word = va_arg(ap, const char *))
		ck_assert_msg(strstr(err.text, word),
			"'%s' does not say \"%s\"", err.text, word);
	va_end(ap);
}
