/* test-group.c - the containment of one child, as a whole */
#include "proc/group.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/fd.h"
#include "proc/child.h"
#include "proc/spawn.h"
#include "tests/unit/unit.h"

static struct group group;

/* Returns when the command has printed something. */
static void
start(const char *command)
{
	const char *const argv[] = { "sh", "-c", command, NULL };
	const char *const env[] = { NULL };
	struct spawn how = { .path = "/bin/sh",
		.argv = argv,
		.envp = env,
		.extra_fd = -1,
		.born_in = -1 };
	enum spawn_step step;
	int ends[2], pidfd;
	pid_t pid;
	char c;

	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	ck_assert_int_eq(fd_pipe(ends, false), 0);
	how.fd[0] = how.fd[1] = how.fd[2] = ends[1];
	ck_assert_int_eq(spawn_start(&how, &pid, &pidfd, &step), 0);
	(void)close(ends[1]);
	ck_assert_int_eq(read(ends[0], &c, 1), 1);
	group_init(&group, pid, pidfd);
}

static void
reap_leader(void)
{
	struct child_exit how;

	while (child_reap(group.pidfd, &how) == -EAGAIN)
		(void)usleep(1000);
}

TEST(outlives_its_leader_and_ends_with_its_last_member)
{
	struct group_member member[4];

	start("sleep 100 & echo");
	reap_leader();
	ck_assert(!group_is_empty(&group));
	do /* until it has become sleep */
		ck_assert_int_eq(group_list(&group, member, 4), 1);
	while (strcmp(member[0].name, "sh") == 0);
	ck_assert_str_eq(member[0].name, "sleep");
	ck_assert_int_ne(member[0].state, 'Z'); /* asleep, or just about */
	ck_assert_int_eq(group_signal(&group, SIGKILL), 0);
	while (!group_is_empty(&group)) {
		group_reap(&group);
		(void)usleep(1000);
	}
	ck_assert_int_eq(group_signal(&group, SIGTERM), -ESRCH);
	group_done(&group);
}
END

TEST(counts_zombies_as_dead_when_it_looks_closely)
{
	struct group_member member[4];

	start("sleep 100 & echo");
	reap_leader();
	ck_assert_int_eq(group_signal(&group, SIGKILL), 0);
	for (int i = 0; i < unit_wait_ms() && group_list(&group, member, 4) > 0;
		i++)
		(void)usleep(1000);
	ck_assert(group_is_empty(&group)); /* though nobody has reaped it */
	group_done(&group);
}
END

TEST(lists_more_members_than_it_was_given_room_for)
{
	struct group_member member[1];

	start("sleep 100 & sleep 100 & echo; wait");
	ck_assert_int_eq(group_list(&group, member, 1), 3);
	ck_assert_int_eq(group_signal(&group, SIGKILL), 0);
	reap_leader();
	group_done(&group);
}
END

TEST(takes_a_name_with_parentheses_as_it_is)
{
	struct group_member member[4];
	int n;

	start("ln -sf /bin/sleep '/tmp/nodelink ) S 1 1'; echo;"
	      "exec '/tmp/nodelink ) S 1 1' 100");
	do
		n = group_list(&group, member, 4);
	while (n == 1 && strcmp(member[0].name, "sh") == 0);
	ck_assert_int_eq(n, 1);
	ck_assert_str_eq(member[0].name, "nodelink ) S 1 ");
	ck_assert_int_eq(member[0].pid, group.leader);
	ck_assert_int_eq(group_signal(&group, SIGKILL), 0);
	reap_leader();
	group_done(&group);
	(void)unlink("/tmp/nodelink ) S 1 1");
}
END

	UNIT_MAIN("group", outlives_its_leader_and_ends_with_its_last_member,
		counts_zombies_as_dead_when_it_looks_closely,
		lists_more_members_than_it_was_given_room_for,
		takes_a_name_with_parentheses_as_it_is)
