/* raw.c - what the kernel alone needs for the same work: the limits that
 * nodelink's figures are divided by
 *
 *	raw spawn LOOPS COUNT CMD...	LOOPS processes, together COUNT times
 *					posix_spawn() and waitpid()
 *	raw kill COUNT CMD...		spawn, 20 ms, SIGTERM, waitpid(); timed
 *					from the signal to the reaping
 *	raw pipe CMD...			read all that CMD writes to a pipe
 *
 * Prints one line of JSON. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/parse.h"
#include "bench/sample.h"
#include "bench/sum.h"

extern char **environ;

/* Standard output of the child is out, or ours when it is -1. */
static pid_t
start(char **argv, int out)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	pid_t pid;
	int r;

	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attr);
	if (out >= 0)
		posix_spawn_file_actions_adddup2(&actions, out, 1);
	/* a group of its own, as a task has */
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP);
	r = posix_spawnp(&pid, argv[0], &actions, &attr, argv, environ);
	if (r)
		errx(1, "%s: %s", argv[0], strerror(r));
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	return pid;
}

static void
reap(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0)
		if (errno != EINTR)
			err(1, "waitpid");
}

static void
spawn_loop(char **argv, size_t n, int64_t *us)
{
	for (size_t i = 0; i < n; i++) {
		int64_t begin = clock_us();

		reap(start(argv, -1));
		us[i] = clock_us() - begin;
	}
}

static void
measure_spawn(size_t loops, size_t count, char **argv)
{
	size_t share = count / loops;
	/* shared with the loops, which are processes of their own */
	int64_t *us = mmap(NULL, count * sizeof(*us), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	AUTO_SAMPLE struct sample latency = { 0 };
	int64_t begin = clock_us();
	double seconds;

	if (us == MAP_FAILED)
		err(1, "mmap");
	for (size_t i = 0; i < loops; i++) {
		pid_t pid = fork();

		if (pid < 0)
			err(1, "fork");
		if (pid == 0) {
			spawn_loop(argv, share, us + i * share);
			_exit(0);
		}
	}
	for (size_t i = 0; i < loops; i++)
		if (wait(NULL) < 0)
			err(1, "wait");
	seconds = (double)(clock_us() - begin) / 1e6;
	for (size_t i = 0; i < share * loops; i++)
		sample_add(&latency, us[i]);
	printf("{\"count\": %zu, \"seconds\": %.4f, \"per_second\": %.1f, "
	       "\"p50_ms\": %.3f, \"p99_ms\": %.3f}\n",
		share * loops, seconds, (double)(share * loops) / seconds,
		sample_ms(&latency, 50), sample_ms(&latency, 99));
}

static void
measure_kill(size_t count, char **argv)
{
	AUTO_SAMPLE struct sample latency = { 0 };

	for (size_t i = 0; i < count; i++) {
		pid_t pid = start(argv, -1);
		int64_t begin;

		(void)usleep(20000); /* early is harmless */
		begin = clock_us();
		if (kill(-pid, SIGTERM) < 0)
			err(1, "kill");
		reap(pid);
		sample_add(&latency, clock_us() - begin);
	}
	printf("{\"count\": %zu, \"p50_ms\": %.3f, \"p99_ms\": %.3f}\n", count,
		sample_ms(&latency, 50), sample_ms(&latency, 99));
}

static void
measure_pipe(char **argv)
{
	static char piece[64 << 10];
	struct sum sum = { 0 };
	int64_t begin = clock_us();
	int ends[2];
	double seconds;
	ssize_t n;
	pid_t pid;

	if (fd_pipe(ends, false) < 0)
		errx(1, "pipe");
	pid = start(argv, ends[1]);
	(void)close(ends[1]);
	while ((n = read(ends[0], piece, sizeof(piece))) > 0)
		sum_add(&sum, piece, (size_t)n);
	reap(pid);
	seconds = (double)(clock_us() - begin) / 1e6;
	printf("{\"seconds\": %.4f, \"bytes\": %llu, \"sum\": \"%016llx\"}\n",
		seconds, (unsigned long long)sum.bytes,
		(unsigned long long)sum_value(&sum));
}

int
main(int argc, char **argv)
{
	uint64_t loops, count;

	if (argc >= 5 && !strcmp(argv[1], "spawn") &&
		parse_u64(argv[2], 1, 64, &loops) == 0 &&
		parse_u64(argv[3], loops, 10000000, &count) == 0)
		measure_spawn(loops, count, argv + 4);
	else if (argc >= 4 && !strcmp(argv[1], "kill") &&
		 parse_u64(argv[2], 1, 100000, &count) == 0)
		measure_kill(count, argv + 3);
	else if (argc >= 3 && !strcmp(argv[1], "pipe"))
		measure_pipe(argv + 2);
	else
		errx(2, "usage: raw spawn LOOPS COUNT CMD... | "
			"kill COUNT CMD... | pipe CMD...");
	return 0;
}
