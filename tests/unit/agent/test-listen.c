/* test-listen.c - the executor's unix socket */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "executor/listen.h"
#include "rig.h"
#include "tests/unit/unit.h"
#include "wire/frame.h"

enum { FEW = 64, ROUNDS = 3, UPLINK = 12345, OTHER = 12346 };

static struct listener *
listener_at(struct rig *rig, struct sockaddr_un *addr, uid_t owner)
{
	struct listener *l = NULL;
	struct err err;

	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	(void)snprintf(addr->sun_path, sizeof addr->sun_path, "/tmp/listen-%d",
		(int)getpid());
	ck_assert_int_eq(listen_start(rig->loop, addr->sun_path, owner, rig->ex,
				 &l, &err),
		0);
	return l;
}

/* Says Attach, and hears the inventory. */
static void
attach(struct rig *rig, int fd, const struct sockaddr_un *addr)
{
	const struct msg msg = {
		.kind = MSG_ATTACH, .agent_id = "agent1", .plugin = "shell"
	};
	AUTO_BUF struct buf frame = { 0 };
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t start;

	ck_assert_int_eq(
		connect(fd, (const struct sockaddr *)addr, sizeof *addr), 0);
	ck_assert_int_eq(frame_begin(&frame, &start), 0);
	ck_assert_int_eq(msg_pack(&msg, &frame), 0);
	frame_end(&frame, start);
	ck_assert_int_eq(write(fd, frame.data, frame.len), (ssize_t)frame.len);
	RIG_UNTIL(rig, poll(&p, 1, 0) == 1);
	ck_assert_int_ne(p.revents & POLLIN, 0);
}

static void
use_up_descriptors(int *fds, size_t *n)
{
	const struct rlimit few = { FEW, FEW };

	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	while ((fds[*n] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
		(*n)++;
}

TEST(serves_a_new_uplink_without_a_free_descriptor)
{
	static struct rig rig;
	struct sockaddr_un addr;
	struct listener *l;
	int clients[ROUNDS], fds[FEW];
	size_t n = 0;

	rig_open(&rig, "plugins/.libs/shell.so");
	/* what another test's executor has left takes descriptors to look at */
	(void)rig_wait(&rig, NULL, MSG_INVENTORY, 0);
	l = listener_at(&rig, &addr, (uid_t)-1);
	for (int i = 0; i < ROUNDS; i++)
		clients[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	use_up_descriptors(fds, &n);
	for (int i = 0; i < ROUNDS; i++) /* each replaces the one before */
		attach(&rig, clients[i], &addr);
	while (n)
		(void)close(fds[--n]);
	for (int i = 0; i < ROUNDS; i++)
		(void)close(clients[i]);
	listen_stop(l);
	rig_close(&rig);
}
END

	/* As another user: was it let in, and not cut off? */
	static bool
	is_served(struct rig *rig, const struct sockaddr_un *addr, uid_t uid)
{
	int status, fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	pid_t pid = fork();
	bool refused;

	if (pid == 0)
		_exit(setresuid(uid, uid, uid) < 0 ||
			connect(fd, (const struct sockaddr *)addr,
				sizeof *addr) < 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	if (WEXITSTATUS(status) == 0) {
		/* It is ours now; who is refused hears the end. */
		for (int i = 0; i < 20 && poll(&p, 1, 0) == 0; i++)
			rig_run(rig, 10);
	}
	refused = WEXITSTATUS(status) || poll(&p, 1, 0) != 0;
	(void)close(fd);
	return !refused;
}

TEST(serves_only_whom_its_file_belongs_to)
{
	static struct rig rig;
	struct sockaddr_un addr;
	struct listener *l;

	if (geteuid() != 0)
		return;
	rig_open(&rig, "plugins/.libs/shell.so");
	l = listener_at(&rig, &addr, UPLINK);
	ck_assert(is_served(&rig, &addr, UPLINK));
	ck_assert(is_served(&rig, &addr, 0));
	ck_assert(!is_served(&rig, &addr, OTHER));
	/* also who gets as far as connecting */
	ck_assert_int_eq(chmod(addr.sun_path, 0666), 0);
	ck_assert(!is_served(&rig, &addr, OTHER));
	/* the next monitor has given it away */
	ck_assert_int_eq(chown(addr.sun_path, OTHER, (gid_t)-1), 0);
	ck_assert(is_served(&rig, &addr, OTHER));
	ck_assert(!is_served(&rig, &addr, UPLINK));
	listen_stop(l);
	rig_close(&rig);
}
END

	UNIT_MAIN("listen", serves_a_new_uplink_without_a_free_descriptor,
		serves_only_whom_its_file_belongs_to)
