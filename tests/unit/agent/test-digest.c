/* test-digest.c - what makes an executor another one */
#include "monitor/digest.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "tests/unit/unit.h"

static char dir[64], file[80], profile[80], other[80];
static struct settings settings;
static struct plugin_file plugin = { .name = "shell", .file = file };

static void
write_file(const char *path, const char *text)
{
	AUTO_CLOSE int fd = fd_open(path, O_WRONLY | O_CREAT | O_TRUNC);

	ck_assert_int_eq(fd_write_all(fd, text, strlen(text)), 0);
}

static void
setup(void)
{
	(void)snprintf(dir, sizeof dir, "/tmp/nl-digest-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(file, sizeof file, "%s/shell.so", dir);
	(void)snprintf(profile, sizeof profile, "%s/profile", dir);
	(void)snprintf(other, sizeof other, "%s/other", dir);
	write_file(file, "1");
	write_file(profile, "1");
	settings = (struct settings){ .libexec_dir = dir,
		.scratch_dir = "/scratch",
		.seccomp = profile,
		.user = "nobody" };
}

static void
done(void)
{
	(void)unlink(file);
	(void)unlink(profile);
	ck_assert_int_eq(rmdir(dir), 0);
}

static struct digest
of(const char *argument)
{
	struct args argv = { 0 };
	struct digest out;

	args_add(&argv, "executor");
	args_add(&argv, "%s", argument);
	digest_make(&settings, &plugin, &argv, &out);
	args_done(&argv);
	return out;
}

static bool
is_like(const struct digest *before)
{
	const struct digest now = of("--user=a");

	return strcmp(now.text, before->text) == 0;
}

TEST(the_same_is_the_same)
{
	struct digest first;

	setup();
	first = of("--user=a");
	ck_assert_int_eq(strncmp(first.text, "--digest=", 9), 0);
	ck_assert(is_like(&first));
	done();
}
END

TEST(whatever_shapes_it_makes_it_another)
{
	struct digest before, second;

	setup();
	before = of("--user=a");
	second = of("--user=b");
	ck_assert(!is_like(&second));
	settings.scratch_dir = "/other";
	ck_assert(!is_like(&before));
	settings.scratch_dir = "/scratch";
	settings.sandbox = SANDBOX_OFF;
	ck_assert(!is_like(&before));
	settings.sandbox = SANDBOX_KILL;
	if (geteuid() == 0) { /* only root can be another */
		settings.user = "daemon"; /* one name may be another by now */
		ck_assert(!is_like(&before));
		settings.user = "nobody";
		settings.allow_users[settings.n_allow_users++] = "daemon";
		ck_assert(!is_like(&before));
		settings.n_allow_users = 0;
	}
	ck_assert_int_eq(setenv("LANG", "xx_YY", 1), 0);
	ck_assert(!is_like(&before));
	done();
}
END

TEST(files_count_by_what_they_are_and_not_by_their_names)
{
	struct digest before;

	setup();
	before = of("--user=a");
	write_file(profile, "12");
	ck_assert(!is_like(&before));
	before = of("--user=a");
	write_file(other, "1");
	ck_assert_int_eq(rename(other, file), 0);
	ck_assert(!is_like(&before));
	before = of("--user=a");
	ck_assert_int_eq(chmod(file, 0644), 0);
	ck_assert(!is_like(&before));
	before = of("--user=a");
	(void)unlink(profile);
	ck_assert(!is_like(&before));
	done();
}
END

	UNIT_MAIN("digest", the_same_is_the_same,
		whatever_shapes_it_makes_it_another,
		files_count_by_what_they_are_and_not_by_their_names)
