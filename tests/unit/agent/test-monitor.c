/* test-monitor.c - the monitor's parts: plugins, runtime directory, words, and
 * workers that are small shell scripts */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "monitor/plugins.h"
#include "monitor/rundir.h"
#include "monitor/words.h"
#include "monitor/worker.h"
#include "tests/unit/unit.h"

static char dir[64];
static struct err err;

static void
enter(void)
{
	(void)strcpy(dir, "/tmp/test-monitor-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
	log_set_level(LOG_LEVEL_ERROR);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)type, (void)at;
	return remove(path);
}

static void
leave(void)
{
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static void
touch(const char *name)
{
	AUTO_CLOSE int fd = fd_open(name, O_CREAT | O_WRONLY);

	ck_assert_int_ge(fd, 0);
}

static void
check_err_says(const char *word)
{
	ck_assert_msg(strstr(err.text, word), "'%s' does not say \"%s\"",
		err.text, word);
}

/* ------------------------------------------------------------------ plugins */

TEST(finds_all_plugins_with_a_valid_name_in_order)
{
	struct plugin_file found[LIMIT_PLUGINS];
	size_t n;

	enter();
	touch("shell.so");
	touch("docker.so");
	touch("Wrong.so");
	touch("README");
	touch(".so");
	ck_assert_int_eq(plugins_find(".", NULL, found, &n, &err), 0);
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(found[0].name, "docker");
	ck_assert_str_eq(found[1].file, "./shell.so");
	while (n)
		free(found[--n].file);
	leave();
}
END

TEST(takes_only_the_plugins_that_are_listed)
{
	struct plugin_file found[LIMIT_PLUGINS];
	size_t n;

	enter();
	touch("shell.so");
	touch("docker.so");
	ck_assert_int_eq(plugins_find(".", " shell,", found, &n, &err), 0);
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(found[0].name, "shell");
	free(found[0].file);
	ck_assert_int_eq(plugins_find(".", "nope", found, &n, &err), -ENOENT);
	check_err_says("'nope'");
	ck_assert_int_eq(
		plugins_find(".", "shell shell", found, &n, &err), -EINVAL);
	check_err_says("twice");
	free(found[0].file);
	leave();
}
END

TEST(takes_no_plugin_that_others_may_change)
{
	struct plugin_file found[LIMIT_PLUGINS];
	size_t n;

	enter();
	touch("shell.so");
	ck_assert_int_eq(chmod("shell.so", 0666), 0);
	ck_assert_int_eq(plugins_find(".", NULL, found, &n, &err), -EPERM);
	check_err_says("chmod go-w './shell.so'");
	free(found[0].file);
	leave();
}
END

TEST(says_when_there_is_no_plugin_or_no_folder)
{
	struct plugin_file found[LIMIT_PLUGINS];
	size_t n;

	enter();
	ck_assert_int_eq(plugins_find(".", NULL, found, &n, &err), -ENOENT);
	check_err_says("no plugin in '.'");
	ck_assert_int_eq(plugins_find("x", NULL, found, &n, &err), -ENOENT);
	check_err_says("'x'");
	leave();
}
END

/* -------------------------------------------------------- runtime directory */

TEST(makes_its_runtime_directory_and_keeps_others_out)
{
	AUTO_CLOSE int lock = -1;
	int second = -1;
	char pid[16];

	enter();
	ck_assert_int_eq(rundir_take("a/b/run", &lock, &err), 0);
	ck_assert_int_ge(lock, 0);
	ck_assert_int_eq(rundir_take("a/b/run", &second, &err), -EBUSY);
	(void)snprintf(pid, sizeof pid, "pid %d", (int)getpid());
	check_err_says(pid);
	check_err_says("--runtime-dir");
	ck_assert_int_eq(second, -1);
	leave();
}
END

TEST(takes_the_lock_of_one_that_is_dead)
{
	AUTO_CLOSE int lock = -1;
	int first = -1;

	enter();
	ck_assert_int_eq(rundir_take("run", &first, &err), 0);
	(void)close(first);
	ck_assert_int_eq(rundir_take("run", &lock, &err), 0);
	leave();
}
END

TEST(refuses_a_runtime_directory_that_others_may_write_or_that_is_none)
{
	int lock = -1;

	enter();
	ck_assert_int_eq(mkdir("run", 0755), 0);
	ck_assert_int_eq(chmod("run", 0777), 0);
	ck_assert_int_eq(rundir_take("run", &lock, &err), -EPERM);
	check_err_says("chmod go-w 'run'");
	touch("file");
	ck_assert_int_eq(rundir_take("file", &lock, &err), -ENOTDIR);
	ck_assert_int_eq(rundir_take("file/run", &lock, &err), -ENOTDIR);
	check_err_says("cannot make runtime directory 'file/run'");
	leave();
}
END

/* -------------------------------------------------------------------- words */

TEST(keeps_the_last_lines_of_much_text)
{
	static struct words w;
	int fds[2];
	bool ended;

	ck_assert_int_eq(fd_pipe(fds, true), 0);
	/* what is passed on goes nowhere */
	ck_assert_ptr_nonnull(freopen("/dev/null", "we", stderr));
	for (int i = 0; i < 5000; i++) {
		char line[32];
		int n = snprintf(line, sizeof line, "line %d\n", i);

		ck_assert_int_eq(fd_write_all(fds[1], line, (size_t)n), 0);
		ck_assert(words_read(&w, fds[0], &ended));
	}
	ck_assert(!words_read(&w, fds[0], &ended));
	ck_assert(!ended);
	ck_assert_int_eq(fd_write_all(fds[1], "no newline", 10), 0);
	(void)close(fds[1]);
	ck_assert(words_read(&w, fds[0], &ended));
	ck_assert(!words_read(&w, fds[0], &ended));
	ck_assert(ended);
	words_finish(&w);
	ck_assert_str_eq(words_last(&w, 2), "line 4999|no newline");
	(void)close(fds[0]);
}
END

TEST(has_no_last_words_of_one_that_said_nothing)
{
	static struct words w;

	words_finish(&w);
	ck_assert_str_eq(words_last(&w, 3), "");
}
END

	/* ------------------------------------------------------------------ workers */

	static struct loop *loop;
static int stops;

#define WAIT_FOR(condition) \
	do { \
		int64_t give_up = clock_ms() + unit_wait_ms(); \
		while (!(condition) && clock_ms() < give_up) \
			loop_turn(loop, 20); \
		ck_assert_msg((condition), "waited for: %s", #condition); \
	} while (0)

static void
stopped(void *arg)
{
	(void)arg;
	stops++;
}

static bool retired; /* the next worker is */

static struct worker *
make_worker(const char *script, const char *socket, int64_t kill_after_ms)
{
	struct worker_spec spec = { .name = strdup("worker"),
		.socket = socket ? strdup(socket) : NULL,
		.socket_owner = geteuid(),
		.retired = retired,
		.folder = strdup("folder"),
		.kill_after_ms = kill_after_ms,
		.on_stopped = stopped };
	struct worker *w;

	args_add(&spec.argv, "/bin/sh");
	args_add(&spec.argv, "-c");
	args_add(&spec.argv, "%s", script);
	args_add_environment(&spec.envp, "NODELINK_AGENT_TOKEN");
	loop = loop_new();
	ck_assert_ptr_nonnull(loop);
	w = worker_new(loop, &spec);
	ck_assert_ptr_nonnull(w);
	return w;
}

static size_t
size_of(const char *name)
{
	struct stat st;

	return stat(name, &st) < 0 ? 0 : (size_t)st.st_size;
}

static void
finish(struct worker *w)
{
	worker_stop(w);
	WAIT_FOR(stops == 1);
	worker_free(w);
	loop_free(loop);
	leave();
}

TEST(starts_a_program_again_with_growing_pauses)
{
	int64_t begin = clock_ms();
	struct worker *w;

	enter();
	ck_assert_ptr_nonnull(freopen("/dev/null", "we", stderr));
	w = make_worker(
		"echo dying >&2; printf x >> starts; exit 3", NULL, 1000);
	worker_start(w);
	WAIT_FOR(size_of("starts") == 4); /* after 100, 200 and 400 ms */
	ck_assert_int_ge(clock_ms() - begin, 700);
	finish(w);
}
END

TEST(does_not_show_the_token_to_programs_that_do_not_need_it)
{
	struct worker *w;

	ck_assert_int_eq(setenv("NODELINK_AGENT_TOKEN", "secret", 1), 0);
	ck_assert_int_eq(setenv("NODELINK_AGENT_TOKEN_2", "other", 1), 0);
	enter();
	w = make_worker("echo \"$NODELINK_AGENT_TOKEN$NODELINK_AGENT_TOKEN_2\" "
			"> token; exec sleep 60",
		NULL, 1000);
	worker_start(w);
	WAIT_FOR(size_of("token") == 6);
	finish(w);
}
END

TEST(kills_a_program_that_does_not_end_when_told)
{
	struct worker *w;

	enter();
	ck_assert_ptr_nonnull(freopen("/dev/null", "we", stderr));
	w = make_worker(
		"trap '' TERM; echo > up; while :; do sleep 1; done", NULL, 50);
	worker_start(w);
	WAIT_FOR(size_of("up"));
	finish(w);
}
END

TEST(stops_a_program_that_is_waiting_for_its_next_start)
{
	struct worker *w;

	enter();
	ck_assert_ptr_nonnull(freopen("/dev/null", "we", stderr));
	w = make_worker("exit 1", NULL, 1000);
	worker_start(w);
	loop_turn(loop, 30);
	finish(w);
}
END

	/* A process that listens, as an executor does, and ends when told. */
	static void
	note(int signo)
{
	touch(signo == SIGUSR1 ? "retired" : "serving");
}

static pid_t
start_listener(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX,
		.sun_path = "socket" };
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (bind(fd, (const struct sockaddr *)&addr, sizeof addr) < 0 ||
			listen(fd, 4) < 0)
			_exit(1);
		(void)signal(SIGUSR1, note);
		(void)signal(SIGUSR2, note);
		touch("up");
		for (;;)
			(void)pause();
	}
	while (access("up", F_OK) < 0)
		(void)usleep(1000);
	return pid;
}

TEST(takes_over_a_program_that_listens_at_its_socket)
{
	struct worker *w;
	int status;
	pid_t pid;

	enter();
	ck_assert_ptr_nonnull(freopen("/dev/null", "we", stderr));
	pid = start_listener();
	w = make_worker("printf x >> starts; exec sleep 60", "socket", 1000);
	worker_start(w);
	loop_turn(loop, 30);
	ck_assert_uint_eq(size_of("starts"), 0);
	WAIT_FOR(access("serving", F_OK) == 0);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	WAIT_FOR(size_of("starts") == 1); /* the next one is our own */
	(void)waitpid(pid, &status, 0); /* the worker may have reaped it */
	finish(w);
}
END

/* What it has left when it dies is done by another, which ends by itself. */
TEST(tells_a_retired_program_and_ends_with_it)
{
	struct worker *w;
	int status;
	pid_t pid;

	enter();
	ck_assert_ptr_nonnull(freopen("/dev/null", "we", stderr));
	ck_assert_int_eq(mkdir("folder", 0700), 0);
	pid = start_listener();
	retired = true;
	w = make_worker(
		"printf x >> starts; rmdir folder || exit 1", "socket", 1000);
	worker_start(w);
	WAIT_FOR(access("retired", F_OK) == 0);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	WAIT_FOR(stops == 1);
	ck_assert_uint_eq(size_of("starts"), 1);
	(void)waitpid(pid, &status, 0); /* as above */
	worker_free(w);
	loop_free(loop);
	leave();
}
END

	UNIT_MAIN("monitor", finds_all_plugins_with_a_valid_name_in_order,
		takes_only_the_plugins_that_are_listed,
		takes_no_plugin_that_others_may_change,
		says_when_there_is_no_plugin_or_no_folder,
		makes_its_runtime_directory_and_keeps_others_out,
		takes_the_lock_of_one_that_is_dead,
		refuses_a_runtime_directory_that_others_may_write_or_that_is_none,
		keeps_the_last_lines_of_much_text,
		has_no_last_words_of_one_that_said_nothing,
		starts_a_program_again_with_growing_pauses,
		does_not_show_the_token_to_programs_that_do_not_need_it,
		kills_a_program_that_does_not_end_when_told,
		stops_a_program_that_is_waiting_for_its_next_start,
		takes_over_a_program_that_listens_at_its_socket,
		tells_a_retired_program_and_ends_with_it)
