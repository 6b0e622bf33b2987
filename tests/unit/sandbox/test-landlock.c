/* test-landlock.c - files and ports that were not named are out of reach */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "child.h"
#include "sandbox/sandbox.h"
#include "tests/unit/unit.h"

/* TOP/in/file, TOP/read/file, TOP/out/file, TOP/read/link -> ../out/file */
static char top[] = "/tmp/nl-landlock-XXXXXX";
static struct sandbox box;

static const char *
at(const char *name)
{
	static char path[4][128];
	static unsigned turn;
	char *p = path[turn++ % 4];

	(void)snprintf(p, sizeof path[0], "%s/%s", top, name);
	return p;
}

static void
make_file(const char *name)
{
	int fd = fd_open(at(name), O_WRONLY | O_CREAT);

	ck_assert_int_ge(fd, 0);
	(void)close(fd);
}

static void
setup(void)
{
	static const char *const folders[] = { "in", "read", "out" };

	(void)snprintf(top, sizeof top, "/tmp/nl-landlock-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(top));
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		ck_assert_int_eq(mkdir(at(folders[i]), 0700), 0);
	make_file("in/file");
	make_file("read/file");
	make_file("out/file");
	ck_assert_int_eq(symlink("../out/file", at("read/link")), 0);
	/* the tables of calls have their own test */
	box = (struct sandbox){ .profile = &sandbox_server,
		.seccomp = SANDBOX_OFF };
}

static void
done(void)
{
	static const char *const files[] = { "in/file", "in/new", "in/moved",
		"read/file", "read/link", "out/file", "out/new" };
	static const char *const folders[] = { "in", "read", "out" };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		(void)unlink(at(files[i]));
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		ck_assert_int_eq(rmdir(at(folders[i])), 0);
	ck_assert_int_eq(rmdir(top), 0);
}

/* 0 when it can be opened so. */
static int
try(const char *name, int flags)
{
	AUTO_CLOSE int fd = fd_open(at(name), flags);

	return fd < 0 ? fd : 0;
}

#define NEED(what) \
	do { \
		if (!(what)) { \
			(void)!write(2, #what, sizeof #what - 1); \
			return 1; \
		} \
	} while (0)

static int
stay_inside(void)
{
	NEED(try("in/file", O_RDWR | O_TRUNC) == 0);
	NEED(try("in/new", O_RDWR | O_CREAT) == 0);
	NEED(rename(at("in/new"), at("in/moved")) == 0);
	NEED(unlink(at("in/moved")) == 0);
	NEED(try("read/file", O_RDONLY) == 0);
	return 0;
}

static int
go_outside(void)
{
#ifndef NODELINK_SANITIZERS /* they read what they like */
	NEED(try("out/file", O_RDONLY) == -EACCES);
	NEED(try("read/link", O_RDONLY) == -EACCES);
#endif
	NEED(try("out/file", O_WRONLY) == -EACCES);
	NEED(try("read/file", O_WRONLY) == -EACCES);
	NEED(try("read/new", O_WRONLY | O_CREAT) == -EACCES);
	NEED(unlink(at("read/file")) < 0 && errno == EACCES);
	NEED(mknod(at("in/new"), S_IFCHR | 0600, 0) < 0);
	return 0;
}

static int
follow_link(void)
{
	NEED(try("read/link", O_RDONLY) == 0);
	return 0;
}

static void
add(const char *name, bool write, bool folder)
{
	sandbox_add(
		&box, (struct sandbox_path){ strdup(at(name)), write, folder });
}

static void
forget(void)
{
	for (size_t i = 0; i < box.n_paths; i++)
		free((char *)(uintptr_t)box.paths[i].path);
}

/* Somebody who is not confined replaces it when a byte comes. */
static pid_t
start_editor(int fd)
{
	pid_t pid = fork();
	char byte;

	if (pid != 0)
		return pid;
	(void)!read(fd, &byte, 1);
	_exit(rename(at("out/file"), at("read/file")) < 0);
}

static int
notice(void)
{
	struct sandbox own = box;
	int ends[2], status;
	pid_t editor;
	struct err err;

	NEED(pipe2(ends, O_CLOEXEC) == 0);
	editor = start_editor(ends[0]);
	sandbox_add(&own, (struct sandbox_path){ .path = at("read/file") });
	NEED(sandbox_confine(&own, &err) == 0);
	NEED(sandbox_outdated(&own) == NULL);
	NEED(write(ends[1], "", 1) == 1);
	NEED(waitpid(editor, &status, 0) == editor && status == 0);
	NEED(sandbox_outdated(&own) == own.paths[0].path);
	return 0;
}

static uint16_t port;

static int
call(void)
{
	AUTO_CLOSE int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	return connect(fd, (struct sockaddr *)&to, sizeof to) < 0 ? errno : 0;
}

static int
listener(void)
{
	struct sockaddr_in at_any = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof at_any;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at_any, len), 0);
	ck_assert_int_eq(listen(fd, 8), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&at_any, &len), 0);
	port = ntohs(at_any.sin_port);
	return fd;
}

TEST(what_was_named_can_be_used_and_nothing_else)
{
	setup();
	add("in", true, false);
	add("read", false, false);
	child_goes_on(box, stay_inside);
	child_goes_on(box, go_outside);
	forget();
	done();
}
END

TEST(a_folder_is_also_the_one_that_a_link_leads_to)
{
	setup();
	add("read/link", false, true);
	child_goes_on(box, follow_link);
	forget();
	done();
}
END

TEST(a_path_that_is_not_there_is_no_error)
{
	setup();
	add("nowhere/at/all", false, false);
	add("in", true, false);
	add("read", false, false);
	child_goes_on(box, stay_inside);
	forget();
	done();
}
END

TEST(tells_that_a_file_was_replaced)
{
	setup();
	child_goes_on(box, notice);
	done();
}
END

TEST(only_named_ports_are_connected_to)
{
	AUTO_CLOSE int fd = listener();

	(void)fd; /* open until the end */
	box = (struct sandbox){ .profile = &sandbox_uplink };
	sandbox_add_system(&box);
	box.ports[0] = port;
	child_goes_on(box, call);
	box.ports[0] = 9;
	ck_assert_int_eq(child_run(box, call), EACCES << 8);
	box.any_port = true;
	child_goes_on(box, call);
}
END

	int
	main(void)
{
	static const TTest *tests[8];
	const TTest *const list[] = {
		what_was_named_can_be_used_and_nothing_else,
		a_folder_is_also_the_one_that_a_link_leads_to,
		a_path_that_is_not_there_is_no_error,
		tells_that_a_file_was_replaced,
		only_named_ports_are_connected_to,
	};

	for (size_t i = 0; i < ARRAY_SIZE(list); i++)
		tests[i] = list[i];
	if (syscall(444, NULL, 0, 1) < 4)
		return unit_skip("this kernel has no Landlock, or an old one");
	return unit_run("landlock", tests);
}
