/* test-pass.c - open files, handed to another process over a unix socket */
#include "base/pass.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "tests/unit/unit.h"

enum { MANY = 10000 };

static int ends[2];

static void
setup(void)
{
	ck_assert_int_eq(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
}

static void
done(void)
{
	(void)close(ends[0]);
	(void)close(ends[1]);
}

static void
add(struct pass *pass, const char *name, const char *path)
{
	pass->files[pass->n++] =
		(struct pass_file){ name, path, fd_open(path, O_RDONLY) };
}

static void
check_same(const struct pass *pass, const char *name, const char *path)
{
	const struct pass_file *f = pass_find(pass, name);
	struct stat a, b;

	ck_assert_ptr_nonnull(f);
	ck_assert_str_eq(f->path, path);
	ck_assert_int_eq(fstat(f->fd, &a), 0);
	ck_assert_int_eq(stat(path, &b), 0);
	ck_assert_uint_eq(a.st_ino, b.st_ino);
	ck_assert_int_ne(fcntl(f->fd, F_GETFD) & FD_CLOEXEC, 0);
}

static size_t
n_open(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t n = 0;

	ck_assert_ptr_nonnull(dir);
	while (readdir(dir))
		n++;
	(void)closedir(dir);
	return n;
}

TEST(files_arrive_with_their_names_and_messages_stay_apart)
{
	AUTO_PASS struct pass two = { .n = 0 };
	AUTO_PASS struct pass none = { .n = 0 };
	struct pass got;

	setup();
	add(&two, "null", "/dev/null");
	add(&two, "zero", "/dev/zero");
	ck_assert_int_eq(pass_receive(ends[1], &got), -EAGAIN);
	ck_assert_int_eq(pass_send(ends[0], &two), 0);
	ck_assert_int_eq(pass_send(ends[0], &none), 0);
	ck_assert_int_eq(pass_receive(ends[1], &got), 0);
	ck_assert_uint_eq(got.n, 2);
	check_same(&got, "zero", "/dev/zero");
	check_same(&got, "null", "/dev/null");
	ck_assert_ptr_null(pass_find(&got, "full"));
	pass_done(&got);
	ck_assert_int_eq(pass_receive(ends[1], &got), 0);
	ck_assert_uint_eq(got.n, 0);
	pass_done(&got);
	(void)close(ends[0]);
	ck_assert_int_eq(pass_receive(ends[1], &got), -ECONNRESET);
	(void)close(ends[1]);
}
END

TEST(refuses_a_message_without_names_and_leaks_nothing)
{
	AUTO_PASS struct pass one = { .n = 0 };
	struct pass got;
	size_t before;

	setup();
	add(&one, "", "/dev/null");
	ck_assert_int_eq(send(ends[0], "a", 1, 0), 1);
	ck_assert_int_eq(pass_receive(ends[1], &got), 0); /* of no files */
	pass_done(&got);
	before = n_open();
	for (int i = 0; i < 3; i++) {
		struct iovec iov = { (void *)(uintptr_t) "x", 1 };
		union {
			struct cmsghdr header;
			char room[CMSG_SPACE(sizeof(int))];
		} control = { .header = { .cmsg_level = SOL_SOCKET,
				      .cmsg_type = SCM_RIGHTS,
				      .cmsg_len = CMSG_LEN(sizeof(int)) } };
		const struct msghdr msg = { .msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = &control,
			.msg_controllen = sizeof control };

		memcpy(CMSG_DATA(&control.header), &one.files[0].fd,
			sizeof(int));
		ck_assert_int_eq(sendmsg(ends[0], &msg, 0), 1);
		ck_assert_int_eq(pass_receive(ends[1], &got), -EBADMSG);
	}
	ck_assert_uint_eq(n_open(), before);
	done();
}
END

TEST(a_reader_who_does_not_read_holds_nobody_up)
{
	AUTO_PASS struct pass one = { .n = 0 };
	int r = 0;

	setup();
	add(&one, "null", "/dev/null");
	for (int i = 0; i < MANY && r == 0; i++)
		r = pass_send(ends[0], &one);
	ck_assert_msg(r == -EAGAIN || r == -ETOOMANYREFS, "%d", r);
	done();
}
END

	UNIT_MAIN("pass", files_arrive_with_their_names_and_messages_stay_apart,
		refuses_a_message_without_names_and_leaks_nothing,
		a_reader_who_does_not_read_holds_nobody_up)
