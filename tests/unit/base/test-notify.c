/* test-notify.c - telling who started us that we are ready */
#include "base/notify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/auto.h"
#include "tests/unit/unit.h"

static const char path[] = "/tmp/test-notify.XXXXXX";

/* A manager's socket in a new folder, whose name is what it listens on. */
static int
listen_at(struct sockaddr_un *at, char folder[sizeof path])
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(folder, path, sizeof path);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	*at = (struct sockaddr_un){ .sun_family = AF_UNIX };
	ck_assert_int_gt(
		snprintf(at->sun_path, sizeof at->sun_path, "%s/n", folder), 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)at, sizeof *at), 0);
	return fd;
}

TEST(says_ready_once_to_who_asked)
{
	struct sockaddr_un at;
	char folder[sizeof path], got[32] = "";
	AUTO_CLOSE int manager = listen_at(&at, folder);
	AUTO_CLOSE int fd = -1;

	ck_assert_int_eq(setenv("NOTIFY_SOCKET", at.sun_path, 1), 0);
	fd = notify_open();
	ck_assert_int_ge(fd, 0);
	ck_assert_ptr_null(getenv("NOTIFY_SOCKET"));
	notify_ready(fd);
	ck_assert_int_eq(recv(manager, got, sizeof got - 1, 0), 7);
	ck_assert_str_eq(got, "READY=1");
	ck_assert_int_eq(unlink(at.sun_path), 0);
	ck_assert_int_eq(rmdir(folder), 0);
}
END

TEST(goes_on_without_one_who_asked)
{
	char longer[200];

	memset(longer, '/', sizeof longer - 1);
	longer[sizeof longer - 1] = 0;
	ck_assert_int_eq(unsetenv("NOTIFY_SOCKET"), 0);
	ck_assert_int_eq(notify_open(), -1);
	ck_assert_int_eq(setenv("NOTIFY_SOCKET", "/nowhere/at/all", 1), 0);
	ck_assert_int_eq(notify_open(), -1);
	ck_assert_int_eq(setenv("NOTIFY_SOCKET", longer, 1), 0);
	ck_assert_int_eq(notify_open(), -1);
	ck_assert_int_eq(setenv("NOTIFY_SOCKET", "relative", 1), 0);
	ck_assert_int_eq(notify_open(), -1);
	notify_ready(-1);
}
END

	UNIT_MAIN("notify", says_ready_once_to_who_asked,
		goes_on_without_one_who_asked)
