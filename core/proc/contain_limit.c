/* contain_limit.c - limits by control groups, whatever holds the processes
 *
 * A rung on v2 has its controllers in the group that it makes anyway. What is
 * left to v1 (hybrid hosts) takes a group in each of its hierarchies, which is
 * entered by writing and costs milliseconds: so only a task that asks for a
 * limit has them. The default number of processes is enforced there on all
 * others together, since their parent's group is theirs. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/parse.h"
#include "proc/contain_internal.h"

enum { CPU_PERIOD_US = 100000, EVENTS_MAX = 4096 };

static const char *const controllers[CONTAIN_LIMITS] = {
	[CONTAIN_PIDS] = "pids",
	[CONTAIN_MEMORY] = "memory",
	[CONTAIN_CPU] = "cpu",
};

/* ------------------------------------------------------------- one group */

static int
put_number(int dir, const char *file, uint64_t value)
{
	char text[24];

	(void)snprintf(text, sizeof text, "%" PRIu64, value);
	return cgroup_write(dir, file, text);
}

/* Where there is no swap, or no limit of it, the files are missing. */
static int
limit_memory(int dir, uint64_t bytes)
{
	int r = put_number(dir, "memory.max", bytes);

	if (r == -ENOENT) {
		r = put_number(dir, "memory.limit_in_bytes", bytes);
		(void)put_number(dir, "memory.memsw.limit_in_bytes", bytes);
		return r;
	}
	(void)cgroup_write(dir, "memory.swap.max", "0");
	(void)cgroup_write(dir, "memory.oom.group", "1"); /* Linux 4.19 */
	return r;
}

static int
limit_cpu(int dir, uint64_t milli)
{
	uint64_t quota = milli * CPU_PERIOD_US / 1000;
	char text[48];
	int r;

	(void)snprintf(
		text, sizeof text, "%" PRIu64 " %d", quota, CPU_PERIOD_US);
	r = cgroup_write(dir, "cpu.max", text);
	if (r != -ENOENT)
		return r;
	r = put_number(dir, "cpu.cfs_period_us", CPU_PERIOD_US);
	return r < 0 ? r : put_number(dir, "cpu.cfs_quota_us", quota);
}

int
contain_limit_group(int dir, enum contain_limit which, uint64_t value)
{
	switch (which) {
	case CONTAIN_PIDS: return put_number(dir, "pids.max", value);
	case CONTAIN_MEMORY: return limit_memory(dir, value);
	case CONTAIN_CPU: return limit_cpu(dir, value);
	}
	return -EINVAL;
}

/* The number after "key " at the beginning of a line; 0 without it. */
static uint64_t
read_count(int dir, const char *file, const char *key)
{
	AUTO_BUF struct buf text = { 0 };
	AUTO_CLOSE int fd = openat(dir, file, O_RDONLY | O_CLOEXEC);
	char *line, *save = NULL;
	size_t len = strlen(key);
	uint64_t n = 0;

	if (fd < 0 || fd_read_all(fd, &text, EVENTS_MAX) < 0)
		return 0;
	for (line = strtok_r((char *)text.data, "\n", &save); line;
		line = strtok_r(NULL, "\n", &save))
		if (strncmp(line, key, len) == 0 && line[len] == ' ' &&
			parse_u64(line + len + 1, 0, UINT64_MAX, &n) == 0)
			break;
	return n;
}

void
contain_limit_events(int dir, struct contain_events *out)
{
	out->oom_kills += read_count(dir, "memory.events", "oom_kill") +
			  read_count(dir, "memory.oom_control", "oom_kill");
	out->pids_refused += read_count(dir, "pids.events", "max");
}

/* ----------------------------------------------------------------- v1 host */

bool
contain_limit_enable(const struct cgroup_base *base, enum contain_limit which)
{
	char text[16];

	(void)snprintf(text, sizeof text, "+%s", controllers[which]);
	/* Above us it may be enabled already, or not be ours to do. */
	(void)cgroup_write(base->own, "cgroup.subtree_control", text);
	return cgroup_write(base->dir, "cgroup.subtree_control", text) == 0;
}

void
contain_limit_host_open(struct contain_limit_host *host,
	const struct contain_options *options, const bool *taken)
{
	for (int i = 0; i < CONTAIN_LIMITS; i++) {
		struct cgroup_base *base = &host->base[i];

		*base = (struct cgroup_base){ .own = -1, .dir = -1 };
		if (taken[i])
			continue;
		host->works[i] = cgroup_base_open(base, controllers[i],
					 options->prefix, NULL) == 0;
		if (host->works[i])
			(void)cgroup_base_sweep(base, options->prefix,
				CGROUP_SETTLE_MS, NULL, 0);
		else
			cgroup_base_close(base);
	}
	if (host->works[CONTAIN_PIDS] && options->pids) {
		AUTO_CLOSE int self =
			cgroup_open_dir(host->base[CONTAIN_PIDS].dir, "self");

		if (self >= 0) /* else there is no default */
			(void)put_number(self, "pids.max", options->pids);
	}
}

void
contain_limit_host_close(struct contain_limit_host *host)
{
	for (int i = 0; i < CONTAIN_LIMITS; i++)
		cgroup_base_close(&host->base[i]);
}

int
contain_limit_host_sweep(const struct contain_limit_host *host,
	const char *prefix, struct group_member *out, size_t max)
{
	int n = 0;

	for (int i = 0; i < CONTAIN_LIMITS && n == 0; i++)
		if (host->works[i])
			n = cgroup_base_sweep(
				&host->base[i], prefix, 0, out, max);
	return n;
}

/* ------------------------------------------------------------- v1, of a task */

int
contain_limit_make(const struct contain_limit_host *host, const char *name,
	enum contain_limit which, uint64_t value,
	struct contain_limit_group *out)
{
	int at = host->base[which].dir, r = cgroup_make_dir(at, name);

	if (r < 0)
		return r;
	out->made = true;
	out->dir = cgroup_open_dir(at, name);
	r = out->dir < 0 ? out->dir
			 : contain_limit_group(out->dir, which, value);
	if (r == 0) {
		out->procs =
			openat(out->dir, "cgroup.procs", O_WRONLY | O_CLOEXEC);
		r = out->procs < 0 ? -errno : 0;
	}
	return r;
}

int
contain_limit_remove(const struct contain_limit_host *host, const char *name,
	struct contain_limit_group groups[CONTAIN_LIMITS])
{
	for (int i = 0; i < CONTAIN_LIMITS; i++) {
		int r = groups[i].made ? cgroup_remove(host->base[i].dir, name)
				       : 0;

		if (r < 0)
			return r;
		groups[i].made = false;
	}
	return 0;
}
