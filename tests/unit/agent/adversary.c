/* adversary.c - a task that does what tasks do to outlive their end
 *
 * usage: adversary KIND MARK [FILE]
 * Every process of it shows MARK in its command line, so that a test can look
 * for them without asking the product; none lives longer than LIFE_S. Says
 * "ready" when it has done what KIND says. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LIFE_S = 60, COMETS = 30, COMET_LIFE_S = 20, COMET_US = 1000 };

static char **words; /* argv */

static void
ready(void)
{
	if (write(STDOUT_FILENO, "ready\n", 6) != 6)
		_exit(1);
}

__attribute__((noreturn)) static void
wait_for_ever(void)
{
	(void)alarm(LIFE_S);
	for (;;)
		(void)pause();
}

/* The classic: returns in the daemon only. */
static void
become_daemon(void)
{
	if (fork() != 0)
		return;
	(void)setsid();
	if (fork() != 0)
		_exit(0);
	words = NULL; /* says who we are */
}

static void
run_daemon(void (*body)(void))
{
	become_daemon();
	if (words)
		return;
	body();
	_exit(0);
}

static void
sit(void)
{
	ready();
	wait_for_ever();
}

static char kind_plain[] = "plain", *self_words[4];

static void
forget_environment(void)
{
	static char *const nothing[] = { NULL };

	(void)execve("/proc/self/exe", self_words, nothing);
}

static void
ignore_all(void)
{
	for (int s = 1; s < 32; s++)
		if (s != SIGALRM)
			(void)signal(s, SIG_IGN);
}

static void
sit_deaf(void)
{
	ignore_all();
	sit();
}

/* Never the same process for longer than a moment, each in its own session. */
static void
comet(void)
{
	for (int i = 0; i < COMET_LIFE_S * (1000000 / COMET_US); i++) {
		(void)usleep(COMET_US);
		if (fork() != 0)
			_exit(0);
		(void)setsid();
	}
	_exit(0);
}

static void
start_comets(void)
{
	ignore_all();
	for (int i = 0; i < COMETS; i++)
		if (fork() == 0)
			comet();
	(void)usleep(20 * COMET_US);
	ready();
}

/* Into a control group that it makes below its own. */
static void
nest(void)
{
	static const char *const mounts[] = { "/sys/fs/cgroup/unified",
		"/sys/fs/cgroup" };
	char line[512], path[1024] = "";
	FILE *f = fopen("/proc/self/cgroup", "re");
	int fd = -1;

	while (f && fgets(line, sizeof line, f)) {
		line[strcspn(line, "\n")] = 0;
		for (int i = 0; i < 2 && strncmp(line, "0::", 3) == 0; i++) {
			(void)snprintf(path, sizeof path, "%s%s/below",
				mounts[i], line + 3);
			if (mkdir(path, 0755) == 0)
				break;
		}
	}
	(void)strncat(path, "/cgroup.procs", 20);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		(void)fprintf(stderr, "cannot nest in %s\n", path);
	sit();
}

static const char *polite_file;

static void
say_goodbye(int signo)
{
	int fd = open(polite_file, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	(void)signo;
	_exit(fd < 0);
}

static void
sit_politely(void)
{
	(void)signal(SIGTERM, say_goodbye);
	(void)raise(SIGSTOP); /* hears it only after SIGCONT */
	wait_for_ever();
}

static void
stop_group(void)
{
	if (fork() == 0)
		wait_for_ever();
	(void)alarm(LIFE_S);
	ready();
	(void)kill(0, SIGSTOP);
	wait_for_ever();
}

int
main(int argc, char **argv)
{
	const char *kind = argc > 2 ? argv[1] : "";

	words = argv;
	self_words[0] = argv[0];
	self_words[1] = kind_plain;
	self_words[2] = argc > 2 ? argv[2] : NULL;
	polite_file = argc > 3 ? argv[3] : "/dev/null";
	if (strcmp(kind, "plain") == 0)
		sit();
	else if (strcmp(kind, "deaf") == 0)
		sit_deaf();
	else if (strcmp(kind, "stopped") == 0)
		stop_group();
	else if (strcmp(kind, "daemon") == 0 ||
		 strcmp(kind, "daemon-exit") == 0)
		run_daemon(sit);
	else if (strcmp(kind, "deaf-daemon") == 0)
		run_daemon(sit_deaf);
	else if (strcmp(kind, "clean-daemon") == 0)
		run_daemon(forget_environment);
	else if (strcmp(kind, "nested") == 0)
		run_daemon(nest);
	else if (strcmp(kind, "polite") == 0)
		run_daemon(sit_politely);
	else if (strcmp(kind, "comets") == 0)
		run_daemon(start_comets);
	else
		return 2;
	if (strcmp(kind, "polite") == 0)
		ready(); /* the daemon is on its way to stop */
	if (strcmp(kind, "daemon-exit") == 0)
		return 0;
	wait_for_ever();
}
