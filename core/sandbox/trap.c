/* trap.c - the last words of a program that made a refused system call
 *
 * The kernel does not make the call, it sends SIGSYS. The handler says which
 * call that was and lets the signal end the program: it is gone once it has
 * run, and the filter refuses to have another one. It may interrupt anything,
 * so it takes no lock and no memory; the names are looked up beforehand. */
#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/err.h"
#include "base/log.h"
#include "sandbox/profile.h"

enum { MAX_CALLS = 480 };

/* Process-wide by nature: the handler has no argument. */
static char *names[MAX_CALLS];

static size_t
put_number(char *out, unsigned n)
{
	char digits[12];
	size_t len = 0;

	do
		digits[sizeof digits - ++len] = (char)('0' + n % 10);
	while (n /= 10);
	memcpy(out, digits + sizeof digits - len, len);
	return len;
}

static struct iovec
piece(const char *text)
{
	return (struct iovec){ (void *)(uintptr_t)text, strlen(text) };
}

static void
refused(int signo, siginfo_t *info, void *context)
{
	const unsigned number = (unsigned)info->si_syscall;
	const char *name = number < MAX_CALLS ? names[number] : NULL;
	char digits[12];
	struct iovec line[] = {
		piece("sandbox: system call "),
		{ digits, put_number(digits, number) },
		piece(" ("),
		piece(name ? name : "unknown"),
		piece(") is not one of this program's; it ends. [sandbox] "
		      "seccomp = log lets it pass\n"),
	};

	(void)context;
	/* nowhere else to say it */
	(void)!writev(STDERR_FILENO, line, ARRAY_SIZE(line));
	(void)raise(signo); /* by default now, and not blocked */
}

int
trap_install(void)
{
	struct sigaction action = {
		.sa_sigaction = refused,
		.sa_flags = SA_SIGINFO | (int)SA_RESETHAND | SA_NODEFER,
	};

	for (int i = 0; i < MAX_CALLS; i++)
		names[i] = names[i] ? names[i]
				    : seccomp_syscall_resolve_num_arch(
					      SCMP_ARCH_NATIVE, i);
	return sigaction(SIGSYS, &action, NULL) < 0 ? -errno : 0;
}
