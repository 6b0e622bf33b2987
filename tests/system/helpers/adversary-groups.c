/* adversary-groups.c - the kinds that have to do with control groups: nesting,
 * leaving, and bombs, which go off only where a group bounds them */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/system/helpers/adversary.h"

enum {
	DEPTH = 100,
	PIDS_MAX = 2048, /* a bound above is none */
};

/* Calls visit(arg, mount point, own path below it) for v2, pids and freezer. */
static void
for_hierarchies(void (*visit)(const char *mount, const char *path))
{
	char line[4096], mount[64];
	FILE *f = fopen("/proc/self/cgroup", "re");

	while (f && fgets(line, sizeof line, f)) {
		char *name = strchr(line, ':'), *path;

		path = name ? strchr(name + 1, ':') : NULL;
		if (!path)
			continue;
		line[strcspn(line, "\n")] = 0;
		*path++ = 0;
		name++;
		if (strcmp(name, "pids") == 0 || strcmp(name, "freezer") == 0)
			(void)snprintf(
				mount, sizeof mount, "/sys/fs/cgroup/%s", name);
		else if (*name)
			continue;
		else if (access("/sys/fs/cgroup/unified/cgroup.procs", F_OK))
			(void)snprintf(mount, sizeof mount, "/sys/fs/cgroup");
		else
			(void)snprintf(
				mount, sizeof mount, "/sys/fs/cgroup/unified");
		visit(mount, path);
	}
	if (f)
		(void)fclose(f);
}

static bool
enter(const char *group)
{
	char path[8192];
	bool entered;
	int fd;

	(void)snprintf(path, sizeof path, "%s/cgroup.procs", group);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	entered = write(fd, "0", 1) == 1;
	(void)close(fd);
	return entered;
}

static int depth;

/* Not below the root: nobody would remove it there. */
static void
nest_below(const char *mount, const char *path)
{
	char group[4096 + 64];
	int made = 0, n;

	if (strcmp(path, "/") == 0)
		return;
	n = snprintf(group, sizeof group, "%s%s", mount, path);
	while (made < depth && n < 4096) {
		n += snprintf(group + n, sizeof group - (size_t)n, "/below");
		if (mkdir(group, 0755) < 0 && errno != EEXIST)
			break;
		made++;
	}
	if (made < depth || !enter(group))
		(void)fprintf(stderr, "cannot nest %d in %s\n", made, group);
}

void
nest_group(void)
{
	depth = 1;
	for_hierarchies(nest_below);
	sit_ready();
}

void
nest_groups(void)
{
	depth = DEPTH;
	for_hierarchies(nest_below);
	sit_ready();
}

static void
try_to_leave(const char *mount, const char *path)
{
	char group[8192];
	int n = snprintf(group, sizeof group, "%s%s", mount, path);

	for (; n >= (int)strlen(mount); n--)
		if (group[n] == '/' || !group[n]) {
			group[n] = 0;
			if (enter(group) && strcmp(group + strlen(mount), path))
				(void)!write(STDOUT_FILENO, "left\n", 5);
		}
}

void
leave_group(void)
{
	if (!become_other() && geteuid() == 0)
		sit_ready(); /* root may leave */
	for_hierarchies(try_to_leave);
	(void)unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWCGROUP);
	for_hierarchies(try_to_leave);
	sit_ready();
}

/* ------------------------------------------------------------------- bombs */

static bool bounded;

static void
look_for_bound(const char *mount, const char *path)
{
	char group[8192];
	size_t n = (size_t)snprintf(group, sizeof group, "%s%s", mount, path);

	while (n > strlen(mount)) {
		char text[16] = "";
		FILE *f;

		(void)snprintf(group + n, sizeof group - n, "/pids.max");
		f = fopen(group, "re");
		if (f && fgets(text, sizeof text, f) && *text != 'm' &&
			strtol(text, NULL, 10) <= PIDS_MAX)
			bounded = true;
		if (f)
			(void)fclose(f);
		while (n > 0 && group[--n] != '/')
			;
	}
}

static void
explode(useconds_t pause_us)
{
	live_for(SHORT_LIFE_S);
	for_hierarchies(look_for_bound);
	if (!bounded) {
		(void)fprintf(stderr, "no bound on processes\n");
		_exit(3);
	}
	if (fork() > 0) {
		while (fork() != 0) /* until it is full */
			if (errno == EAGAIN || now_s() >= end_s)
				sit_ready();
	}
	while (now_s() < end_s) {
		(void)fork();
		if (pause_us)
			(void)usleep(pause_us);
	}
	_exit(0);
}

void
explode_fast(void)
{
	explode(0);
}

void
explode_slowly(void)
{
	explode(2000);
}
