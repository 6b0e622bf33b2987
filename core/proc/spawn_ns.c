/* spawn_ns.c - what a child does to feel at home in new namespaces
 *
 * It runs in the child, as spawn_child.c: raw system calls only. In a user
 * namespace everybody is nobody until a map says otherwise; ours maps one user
 * and one group to themselves, which needs no privileges. With a PID namespace
 * comes a /proc that knows its numbers: with the old one ps, kill and
 * /proc/<getpid()> would speak of different processes. Other mounts stay
 * shared with the host. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "proc/spawn_internal.h"

/* "ID ID 1"; snprintf() is not for here. */
static size_t
map_text(unsigned id, char out[32])
{
	char digits[12];
	size_t n = 0, at = 0;

	do
		digits[n++] = (char)('0' + id % 10);
	while (id /= 10);
	for (int twice = 0; twice < 2; twice++) {
		for (size_t i = n; i > 0; i--)
			out[at++] = digits[i - 1];
		out[at++] = ' ';
	}
	out[at++] = '1';
	return at;
}

static long
write_file(const char *path, const char *text, size_t len)
{
	long fd = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CLOEXEC);
	long n;

	if (fd < 0)
		return fd;
	n = syscall(SYS_write, fd, text, len);
	(void)syscall(SYS_close, fd);
	return n;
}

static long
write_maps(const struct spawn_job *job)
{
	char text[32];
	long r = write_file("/proc/self/setgroups", "deny", 4);

	if (r >= 0)
		r = write_file(
			"/proc/self/uid_map", text, map_text(job->uid, text));
	if (r >= 0)
		r = write_file(
			"/proc/self/gid_map", text, map_text(job->gid, text));
	return r;
}

/* Private, or the new one would appear in the host's /proc as well. */
static long
mount_proc(void)
{
	if (syscall(SYS_mount, NULL, "/proc", NULL, MS_PRIVATE, NULL) < 0)
		return -1;
	return syscall(SYS_mount, "proc", "/proc", "proc",
		MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
}

long
spawn_enter_namespaces(const struct spawn_job *job)
{
	const unsigned long flags = job->how->clone_flags;
	long r = 0;

	if (flags & CLONE_NEWUSER)
		r = write_maps(job);
	if (r >= 0 && (flags & CLONE_NEWPID) && (flags & CLONE_NEWNS))
		r = mount_proc();
	return r;
}
