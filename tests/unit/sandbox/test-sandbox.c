/* test-sandbox.c - what a profile refuses, and what goes on */
#include "sandbox/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <pthread.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "child.h"
#include "sandbox/profile.h"
#include "tests/unit/unit.h"

/* Their reports, and gcov's, need calls that are refused otherwise. */
#ifdef NODELINK_SANITIZERS
enum { SANITIZED = true, INSTRUMENTED = true };
#elif defined(NODELINK_COVERAGE)
enum { SANITIZED = false, INSTRUMENTED = true };
#else
enum { SANITIZED = false, INSTRUMENTED = false };
#endif

static const struct sandbox server = { .profile = &sandbox_server };
static const struct sandbox calling = { .profile = &sandbox_server_calling };
static const struct sandbox uplink = { .profile = &sandbox_uplink };
static const struct sandbox enroll = { .profile = &sandbox_enroll };
static const struct sandbox tasks = { .profile = &sandbox_tasks,
	.no_new_privs = true };

static int
make_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0;
}

static int
make_packet_socket(void)
{
	return socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0) < 0;
}

static int
write_to_file(void)
{
	return fd_open("/dev/null", O_WRONLY) < 0;
}

static int
handle_sigsys(void)
{
	return signal(SIGSYS, SIG_IGN) == SIG_ERR;
}

/* Of an int the kernel looks at 32 bits. */
static int
handle_sigsys_by_upper_bits(void)
{
	return syscall(SYS_rt_sigaction, (uint64_t)1 << 32 | SIGSYS, NULL, NULL,
		       (size_t)(_NSIG - 1) / 8) < 0;
}

static int
handle_others(void)
{
	for (int signo = 1; signo <= SIGRTMAX; signo++)
		if (signo != SIGKILL && signo != SIGSTOP && signo != SIGSYS &&
			syscall(SYS_rt_sigaction, signo, NULL, NULL,
				(size_t)(_NSIG - 1) / 8) < 0)
			return signo;
	return 0;
}

static int
swap_off(void)
{
	return swapoff("/no/such/file") == 0 || errno != EPERM;
}

static int
run_program(void)
{
	return execl("/bin/true", "true", NULL) < 0;
}

static int
run_program_at(void)
{
	char *const none[] = { NULL };

	return syscall(SYS_execveat, AT_FDCWD, "/bin/true", none, none, 0) < 0;
}

static int
fork_child(void)
{
	return fork() < 0;
}

static int
signal_parent(void)
{
	return kill(getppid(), 0) < 0;
}

static int
make_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mprotect(p, 4096, PROT_READ | PROT_EXEC) < 0;
}

static int
map_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
}

static void *
nothing(void *arg)
{
	return arg;
}

static int
start_thread(void)
{
	pthread_t thread;
	int r = pthread_create(&thread, NULL, nothing, NULL);

	return r ? r : pthread_join(thread, NULL);
}

static int
find_older_way(void)
{
	long r = syscall(SYS_clone3, NULL, 0);

	if (r != -1 || errno != ENOSYS)
		return 1;
	r = syscall(9999, 0);
	return r != -1 || errno != ENOSYS;
}

static int
find_no_ring(void)
{
	long r = syscall(SYS_io_uring_setup, 1, NULL);

	return r != -1 || errno != ENOSYS;
}

static int
lock_and_double(void)
{
	AUTO_CLOSE int fd = fd_open("/proc/self/status", O_RDONLY);
	struct flock lock = { .l_type = F_RDLCK };
	AUTO_CLOSE int other = fcntl(fd, F_DUPFD_CLOEXEC, 20);

	return fd < 0 || other < 20 || fcntl(fd, F_SETLK, &lock) < 0 ||
	       fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ||
	       fcntl(fd, F_GETFD) != FD_CLOEXEC;
}

static int
own_signals(void)
{
	return fcntl(STDIN_FILENO, F_SETOWN, getppid()) < 0;
}

static int
choose_a_signal(void)
{
	return fcntl(STDIN_FILENO, F_SETSIG, SIGKILL) < 0;
}

static int
own_signals_ex(void)
{
	struct f_owner_ex owner = { F_OWNER_PID, getppid() };

	return fcntl(STDIN_FILENO, F_SETOWN_EX, &owner) < 0;
}

static int
ask_for_an_interface(void)
{
	AUTO_CLOSE int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq lo = { .ifr_name = "lo" };

	return fd < 0 || ioctl(fd, SIOCGIFINDEX, &lo) < 0;
}

static int
fail_an_assertion(void)
{
	abort();
}

static int
shell(void)
{
	return execl(
		"/bin/sh", "sh", "-c", "(exit 3) & wait $!; test $? = 3", NULL);
}

static int
privileges_are_open(void)
{
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
}

static int
has_filter(void)
{
	return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 2 ? 0 : 1;
}

static int turn[2];

static void *
make_socket_in_turn(void *arg)
{
	char byte;

	(void)!read(turn[0], &byte, 1);
	(void)make_socket();
	return arg;
}

static int
violate_elsewhere(void)
{
	struct sandbox sandbox = server;
	pthread_t thread;
	struct err err;

	sandbox.no_new_privs = true; /* as it holds by now */
	if (pipe2(turn, O_CLOEXEC) < 0 ||
		pthread_create(&thread, NULL, make_socket_in_turn, NULL) ||
		sandbox_filter(&sandbox, &err) < 0)
		return 1;
	(void)!write(turn[1], "", 1);
	return pthread_join(thread, NULL);
}

static uint64_t
capabilities(const char *which)
{
	AUTO_CLOSE int fd = fd_open("/proc/self/status", O_RDONLY);
	AUTO_BUF struct buf text = { 0 };
	const char *line;
	uint64_t set = 0;

	if (fd < 0 || fd_read_all(fd, &text, 65536) < 0)
		return ~(uint64_t)0;
	line = strstr(buf_text(&text), which);
	for (const char *p = line + strlen(which) + 2; *p != '\n'; p++)
		set = set * 16 +
		      (uint64_t)(*p <= '9' ? *p - '0' : *p - 'a' + 10);
	return set;
}

static int
has_no_capability(void)
{
	return capabilities("CapEff") || capabilities("CapPrm") ||
	       capabilities("CapInh") || capabilities("CapAmb") ||
	       (geteuid() == 0 && capabilities("CapBnd"));
}

static int
may_bind_only(void)
{
	uint64_t want = geteuid() == 0 ? 1u << CAP_NET_BIND_SERVICE : 0;

	return capabilities("CapEff") != want || capabilities("CapPrm") != want;
}

static int
host_is_safe(void)
{
	uint64_t gone = (uint64_t)1 << CAP_SYS_MODULE | (uint64_t)1
								<< CAP_SYS_BOOT;

	if (geteuid() == 0 && !(capabilities("CapEff") >> CAP_SETUID & 1))
		return 1;
	return (capabilities("CapEff") & gone) ||
	       (geteuid() == 0 && (capabilities("CapBnd") & gone));
}

static int
leaves_no_core(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_CORE, &limit) < 0 || limit.rlim_max ||
	       prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
}

/* A slip of the pen would be skipped as a call of another architecture. */

TEST(starts_no_program_and_no_process)
{
	const struct sandbox all[] = { server, calling, uplink, enroll };

	for (size_t i = 0; !SANITIZED && i < ARRAY_SIZE(all); i++) {
		child_dies(all[i], run_program, "execve");
		child_dies(all[i], run_program_at, "execveat");
		child_dies(all[i], fork_child, "clone");
	}
}
END

TEST(signals_nobody_else)
{
	if (SANITIZED)
		return;
	child_dies(server, signal_parent, "kill");
	child_dies(uplink, signal_parent, "kill");
	child_dies(enroll, signal_parent, "kill");
}
END

TEST(has_the_kernel_signal_nobody_else)
{
	const struct sandbox all[] = { server, uplink };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		child_dies(all[i], own_signals, "fcntl");
		child_dies(all[i], own_signals_ex, "fcntl");
		child_dies(all[i], choose_a_signal, "fcntl");
		child_goes_on(all[i], lock_and_double);
	}
}
END

TEST(libraries_of_newer_systems_go_on)
{
	child_goes_on(server, find_no_ring);
	child_goes_on(uplink, find_no_ring);
	child_goes_on(uplink, ask_for_an_interface);
}
END

TEST(makes_no_code)
{
	if (INSTRUMENTED)
		return;
	child_dies(server, make_code, "mprotect");
	child_dies(calling, map_code, "mmap");
	child_dies(uplink, make_code, "mprotect");
	child_dies(server, map_code, "mmap");
	child_dies(uplink, map_code, "mmap");
	child_dies(enroll, map_code, "mmap");
}
END

TEST(the_server_calls_nobody_unless_it_is_told_to)
{
	child_dies(server, make_socket, "socket");
	child_goes_on(calling, make_socket);
	child_dies(calling, make_packet_socket, "socket");
	child_goes_on(uplink, make_socket);
	child_dies(uplink, make_packet_socket, "socket");
	child_goes_on(enroll, make_socket);
	child_dies(enroll, make_packet_socket, "socket");
}
END

TEST(the_uplink_writes_no_file)
{
	if (!INSTRUMENTED)
		child_dies(uplink, write_to_file, "openat");
	child_goes_on(server, write_to_file);
	child_goes_on(enroll, write_to_file);
}
END

TEST(its_last_words_cannot_be_taken)
{
	child_dies(server, handle_sigsys, "rt_sigaction");
	child_dies(uplink, handle_sigsys, "rt_sigaction");
	child_dies(server, handle_sigsys_by_upper_bits, "rt_sigaction");
	child_goes_on(server, handle_others);
}
END

TEST(threads_go_on)
{
	child_goes_on(server, start_thread);
	child_goes_on(uplink, start_thread);
}
END

TEST(calls_that_are_younger_than_it_do_not_exist)
{
	child_goes_on(server, find_older_way);
	child_goes_on(uplink, find_older_way);
}
END

TEST(it_may_abort)
{
	int status = child_run(server, fail_an_assertion);

	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}
END

TEST(tasks_are_told_no_and_go_on)
{
	child_goes_on(tasks, swap_off);
	child_goes_on(tasks, start_thread);
	child_goes_on(tasks, make_socket);
}
END

TEST(tasks_start_programs)
{
	child_goes_on(tasks, shell);
}
END

TEST(tasks_may_gain_privileges_when_told_so)
{
	struct sandbox open = tasks;

	open.no_new_privs = false;
	child_goes_on(open, privileges_are_open);
	/* and the filter is there all the same, if we may have it */
	if (geteuid() == 0)
		child_goes_on(open, has_filter);
}
END

TEST(reaches_the_threads_that_are_there)
{
	struct sandbox later = server;

	later.seccomp = SANDBOX_OFF;
	child_dies(later, violate_elsewhere, "socket");
}
END

TEST(capabilities_are_gone)
{
	struct sandbox low = server;

	child_goes_on(server, has_no_capability);
	child_goes_on(uplink, has_no_capability);
	child_goes_on(tasks, host_is_safe);
	low.low_port = true;
	child_goes_on(low, may_bind_only);
}
END

TEST(secrets_are_in_no_core_dump)
{
	struct sandbox before = server;

	before.seccomp = SANDBOX_OFF;
	child_goes_on(before, leaves_no_core);
}
END

TEST(log_lets_pass_and_off_is_off)
{
	struct sandbox other = server;

	other.seccomp = SANDBOX_LOG;
	child_goes_on(other, make_socket);
	child_goes_on(other, has_filter);
	other.seccomp = SANDBOX_OFF;
	child_goes_on(other, make_socket);
	ck_assert_int_ne(child_run(other, has_filter), 0);
}
END

TEST(says_what_holds)
{
	struct sandbox s = server;
	struct sandbox_line line;

	ck_assert_str_eq(sandbox_describe(&s, &line),
		"seccomp off (needs no_new_privs or root), no_new_privs no, "
		"no capabilities, no core dumps");
	s.filtered = s.no_new_privs = true;
	s.n_paths = 1;
	s.landlock = 3;
	ck_assert_str_eq(sandbox_describe(&s, &line),
		"seccomp kill, landlock version 3, no_new_privs yes, "
		"no capabilities, no core dumps");
	s.landlock = 0;
	ck_assert_ptr_nonnull(
		strstr(sandbox_describe(&s, &line), "landlock none"));
}
END

TEST(takes_three_words)
{
	enum sandbox_seccomp got;
	struct err err;

	for (int i = SANDBOX_KILL; i <= SANDBOX_OFF; i++) {
		ck_assert_int_eq(
			sandbox_parse(sandbox_text((enum sandbox_seccomp)i),
				&got, &err),
			0);
		ck_assert_int_eq(got, i);
	}
	ck_assert_int_eq(sandbox_parse("on", &got, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "kill, log or off, not 'on'"));
}
END

TEST(every_name_is_a_system_call)
{
	const struct sandbox_profile *const all[] = { &sandbox_server,
		&sandbox_server_calling, &sandbox_uplink, &sandbox_tasks };
	char words[2048];

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		for (size_t t = 0; all[i]->tables[t]; t++)
			for (const struct sandbox_rule *rule =
					all[i]->tables[t];
				rule->calls; rule++) {
				char *rest;

				(void)snprintf(
					words, sizeof words, "%s", rule->calls);
				for (char *w = strtok_r(words, " ", &rest); w;
					w = strtok_r(NULL, " ", &rest))
					ck_assert_msg(
						seccomp_syscall_resolve_name(
							w) != __NR_SCMP_ERROR,
						"'%s'", w);
			}
}
END

	UNIT_MAIN("sandbox", starts_no_program_and_no_process,
		signals_nobody_else, has_the_kernel_signal_nobody_else,
		libraries_of_newer_systems_go_on, makes_no_code,
		the_server_calls_nobody_unless_it_is_told_to,
		the_uplink_writes_no_file, its_last_words_cannot_be_taken,
		threads_go_on, calls_that_are_younger_than_it_do_not_exist,
		it_may_abort, tasks_are_told_no_and_go_on, tasks_start_programs,
		tasks_may_gain_privileges_when_told_so,
		reaches_the_threads_that_are_there, capabilities_are_gone,
		secrets_are_in_no_core_dump, log_lets_pass_and_off_is_off,
		says_what_holds, takes_three_words, every_name_is_a_system_call)
