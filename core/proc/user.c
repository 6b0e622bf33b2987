/* user.c - accounts of this host: who a process may become or act as */
#include "proc/user.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	ENTRY_MAX = 1 << 20, /* bytes of an account's texts */
	GROUPS_MAX = 65536, /* as the kernel */
};

/* ----------------------------------------------------------------- look-up */

static int
find(const char *name, struct passwd *pw, char **block, struct passwd **found)
{
	int r = ERANGE;

	for (size_t size = 1024; r == ERANGE && size <= ENTRY_MAX; size *= 4) {
		free(*block);
		*block = malloc(size);
		if (!*block)
			return -ENOMEM;
		r = name ? getpwnam_r(name, pw, *block, size, found)
			 : getpwuid_r(geteuid(), pw, *block, size, found);
	}
	/* These all mean that there is none, see getpwnam_r(3). */
	if (r == ENOENT || r == ESRCH || r == EBADF || r == EPERM)
		*found = NULL;
	else if (r)
		return -r;
	return 0;
}

static int
find_groups(struct user *user)
{
	gid_t *groups = NULL;
	int n = 16, room = 0;

	while (room < n && n <= GROUPS_MAX) {
		gid_t *more = reallocarray(groups, n, sizeof *more);

		if (!more) {
			free(groups);
			return -ENOMEM;
		}
		groups = more;
		room = n;
		if (getgrouplist(user->name, user->id.gid, groups, &n) >= 0)
			room = n; /* it told how many there are */
		else if (n <= room)
			n = room * 2; /* musl and others do not */
	}
	user->id.groups = user->groups = groups;
	user->id.n_groups = n <= GROUPS_MAX ? n : 0;
	return n <= GROUPS_MAX ? 0 : -E2BIG;
}

static char *
text_or(const char *text, const char *fallback)
{
	return strdup(text && *text ? text : fallback);
}

static int
fill(struct user *user, const struct passwd *pw, struct err *err)
{
	char number[24];
	int r;

	(void)snprintf(number, sizeof number, "%u", (unsigned)user->id.uid);
	user->name = text_or(pw ? pw->pw_name : NULL, number);
	user->home = text_or(pw ? pw->pw_dir : NULL, "/");
	user->shell = text_or(pw ? pw->pw_shell : NULL, "/bin/sh");
	if (!user->name || !user->home || !user->shell)
		return err_set(err, -ENOMEM, "out of memory");
	user->is_us = user->id.uid == geteuid();
	if (user->is_us)
		return 0;
	if (geteuid() != 0)
		return err_set(err, -EPERM,
			"only root can run programs as user '%s' (uid %u); this is uid %u",
			user->name, (unsigned)user->id.uid,
			(unsigned)geteuid());
	r = find_groups(user);
	return r < 0 ? err_set(err, r, "cannot find the groups of '%s': %s",
			       user->name, err_name(-r))
		     : 0;
}

int
user_new(const char *name, struct user **out, struct err *err)
{
	AUTO(user_free) struct user *user = calloc(1, sizeof *user);
	AUTO_FREE char *block = NULL;
	struct passwd pw, *found = NULL;
	int r;

	if (!user)
		return err_set(err, -ENOMEM, "out of memory");
	r = find(name, &pw, &block, &found);
	if (r < 0 && name)
		return err_set(err, r, "cannot look up user '%s': %s", name,
			err_name(-r));
	if (!found && name)
		return err_set(err, -EINVAL,
			"there is no user '%s' on this host", name);
	user->id.uid = found ? found->pw_uid : geteuid();
	user->id.gid = found ? found->pw_gid : getegid();
	r = fill(user, found, err);
	if (r < 0)
		return r;
	*out = TAKE(user);
	return 0;
}

void
user_free(struct user *user)
{
	if (!user)
		return;
	free(user->groups);
	free(user->name);
	free(user->home);
	free(user->shell);
	free(user);
}

/* --------------------------------------------------------- acting as others
 *
 * Raw calls: libc's change every thread. The kernel takes the privileges over
 * files away with a fsuid that is not root's, and gives them back. */

static gid_t *own_groups; /* of the thread that acts */
static int n_own_groups;
static int was_dumpable;

static int
remember_groups(void)
{
	int n = getgroups(0, NULL);

	if (n < 0)
		return -errno;
	own_groups = calloc(n ? n : 1, sizeof *own_groups);
	if (!own_groups)
		return -ENOMEM;
	n_own_groups = getgroups(n, own_groups);
	return n_own_groups < 0 ? -errno : 0;
}

int
user_act_as(uid_t uid, gid_t gid)
{
	const gid_t none = 0;
	int r = own_groups ? 0 : remember_groups();

	if (r < 0)
		return r;
	was_dumpable = prctl(PR_GET_DUMPABLE);
	if (syscall(SYS_setgroups, 0, &none) < 0)
		return -errno;
	/* These two return the value before; asked again, the one in force. */
	(void)syscall(SYS_setfsgid, gid);
	(void)syscall(SYS_setfsuid, uid);
	if ((gid_t)syscall(SYS_setfsgid, -1) == gid &&
		(uid_t)syscall(SYS_setfsuid, -1) == uid)
		return 0;
	user_act_as_us();
	return -EPERM;
}

void
user_act_as_us(void)
{
	(void)syscall(SYS_setfsuid, geteuid());
	(void)syscall(SYS_setfsgid, getegid());
	/* To go on as somebody else would be worse than to end. */
	if ((uid_t)syscall(SYS_setfsuid, -1) != geteuid() ||
		(gid_t)syscall(SYS_setfsgid, -1) != getegid() ||
		syscall(SYS_setgroups, n_own_groups, own_groups) < 0)
		abort();
	if (was_dumpable == 1) /* the kernel takes it at such a change */
		(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static int
try_open(const struct user *user, const char *path, int flags)
{
	int fd, r;

	r = user->is_us ? 0 : user_act_as(user->id.uid, user->id.gid);
	if (r < 0)
		return r;
	fd = open(path, flags | O_DIRECTORY | O_CLOEXEC);
	r = fd < 0 ? -errno : 0;
	if (fd >= 0)
		(void)close(fd);
	if (!user->is_us)
		user_act_as_us();
	return r;
}

int
user_can_enter(const struct user *user, const char *path)
{
	AUTO_FREE char *within = NULL;

	if (asprintf(&within, "%s/.", path) < 0)
		return -ENOMEM;
	return try_open(user, within, O_PATH);
}

int
user_can_read(const struct user *user, const char *path)
{
	return try_open(user, path, O_RDONLY);
}
