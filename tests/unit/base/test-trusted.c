/* test-trusted.c - files that somebody else can have put there are refused */
#include "base/trusted.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/fd.h"
#include "tests/unit/unit.h"

enum { SOMEBODY = 12345 };

static char folder[64], file[80], name[80];
static struct err err;

static void
setup(void)
{
	int fd;

	(void)snprintf(folder, sizeof folder, "/tmp/nl-trusted-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	(void)snprintf(file, sizeof file, "%s/file", folder);
	(void)snprintf(name, sizeof name, "%s/link", folder);
	fd = fd_open(file, O_WRONLY | O_CREAT);
	ck_assert_int_eq(fd_write_all(fd, "x", 1), 0);
	(void)close(fd);
}

static void
done(void)
{
	(void)unlink(name);
	(void)unlink(file);
	ck_assert_int_eq(rmdir(folder), 0);
}

static void
refused(const char *path, int why, const char *word)
{
	ck_assert_int_eq(trusted_open(path, "plugin", &err), why);
	ck_assert_msg(strstr(err.text, word) && strstr(err.text, "plugin"),
		"'%s' is not in: %s", word, err.text);
}

TEST(opens_a_file_of_ours)
{
	char byte;
	int fd;

	setup();
	fd = trusted_open(file, "plugin", &err);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(read(fd, &byte, 1), 1);
	(void)close(fd);
	done();
}
END

TEST(refuses_a_file_that_others_may_write)
{
	setup();
	(void)chmod(file, 0620);
	refused(file, -EPERM, "mode 0620");
	(void)chmod(file, 0602);
	refused(file, -EPERM, "chmod go-w");
	done();
}
END

TEST(refuses_a_folder_that_others_may_write)
{
	setup();
	(void)chmod(folder, 01777); /* sticky is not enough */
	refused(file, -EPERM, "plugin's folder");
	(void)chmod(folder, 0770);
	refused(file, -EPERM, folder);
	(void)chmod(folder, 0700);
	done();
}
END

TEST(refuses_what_belongs_to_somebody_else)
{
	if (geteuid() != 0)
		return; /* only root gives files away */
	setup();
	ck_assert_int_eq(chown(file, SOMEBODY, 0), 0);
	refused(file, -EPERM, "belongs to user 12345");
	ck_assert_int_eq(chown(file, 0, 0), 0);
	ck_assert_int_eq(chown(folder, SOMEBODY, 0), 0);
	refused(file, -EPERM, "plugin's folder");
	ck_assert_int_eq(chown(folder, 0, 0), 0);
	done();
}
END

TEST(looks_at_what_a_link_leads_to)
{
	AUTO_CLOSE int fd = -1;

	setup();
	ck_assert_int_eq(symlink(file, name), 0);
	fd = trusted_open(name, "plugin", &err);
	ck_assert_int_ge(fd, 0);
	(void)chmod(file, 0666);
	refused(name, -EPERM, "writable by others");
	done();
}
END

TEST(refuses_what_is_no_file)
{
	setup();
	refused(folder, -EINVAL, "no regular file");
	ck_assert_int_eq(mkfifo(name, 0600), 0);
	refused(name, -EINVAL, "no regular file"); /* and does not wait */
	refused("/no/such/file", -ENOENT, "/no/such/file");
	done();
}
END

	UNIT_MAIN("trusted", opens_a_file_of_ours,
		refuses_a_file_that_others_may_write,
		refuses_a_folder_that_others_may_write,
		refuses_what_belongs_to_somebody_else,
		looks_at_what_a_link_leads_to, refuses_what_is_no_file)
