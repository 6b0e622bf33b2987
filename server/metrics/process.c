/* process.c - what this process uses: /proc/self, through descriptors that are
 * open since the start */
#include "metrics/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/fd.h"
#include "base/parse.h"

void
process_open(struct process *p)
{
	struct rlimit files = { 0 };

	p->statm = fd_open("/proc/self/statm", O_RDONLY);
	p->fds = fd_open("/proc/self/fd", O_RDONLY | O_DIRECTORY);
	(void)getrlimit(RLIMIT_NOFILE, &files); /* else 0 */
	p->max_fds = files.rlim_cur;
}

void
process_close(struct process *p)
{
	if (p->statm >= 0)
		(void)close(p->statm);
	if (p->fds >= 0)
		(void)close(p->fds);
	p->statm = p->fds = -1;
}

/* Before Linux 6.2 the folder has no size, and is read. */
static uint64_t
count_fds(int folder)
{
	struct stat st;
	uint64_t n = 0;
	DIR *dir;
	int copy;

	if (folder < 0 || fstat(folder, &st) < 0)
		return 0;
	if (st.st_size > 0)
		return (uint64_t)st.st_size;
	copy = fcntl(folder, F_DUPFD_CLOEXEC, 0);
	dir = copy < 0 ? NULL : fdopendir(copy);
	if (!dir) {
		if (copy >= 0)
			(void)close(copy);
		return 0;
	}
	rewinddir(dir); /* the position is shared */
	for (const struct dirent *e = readdir(dir); e; e = readdir(dir))
		n += e->d_name[0] != '.';
	(void)closedir(dir);
	return n - 1; /* without the copy */
}

static void
read_memory(int fd, struct process_use *out)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), pages[2];
	char text[128];
	ssize_t n = fd < 0 ? -1 : pread(fd, text, sizeof text - 1, 0);
	char *rest = text;

	if (n <= 0)
		return;
	text[n] = 0;
	for (size_t i = 0; i < ARRAY_SIZE(pages); i++) {
		const char *word = strsep(&rest, " \n");

		if (!word || parse_u64(word, 0, UINT64_MAX, &pages[i]) < 0)
			return;
	}
	out->virtual_bytes = pages[0] * page;
	out->resident_bytes = pages[1] * page;
}

static double
seconds(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

void
process_read(const struct process *p, struct process_use *out)
{
	struct rusage use = { 0 };

	*out = (struct process_use){ .fds = count_fds(p->fds) };
	(void)getrusage(RUSAGE_SELF, &use); /* else 0 */
	out->cpu_seconds = seconds(&use.ru_utime) + seconds(&use.ru_stime);
	read_memory(p->statm, out);
}
