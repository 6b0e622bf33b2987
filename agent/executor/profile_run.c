/* profile_run.c - what the kernel would do with a call under a filter
 *
 * libseccomp makes filters and answers no questions about them, so the few
 * instructions that it uses are carried out here. */
#include "executor/profile.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/auto.h"

uint32_t
profile_run(const struct buf *code, const struct seccomp_data *call)
{
	const struct sock_filter *p = (const void *)code->data;
	const uint8_t *bytes = (const void *)call;
	const size_t n = code->len / sizeof *p;
	uint32_t a = 0;

	for (size_t at = 0; at < n; at++) {
		const uint32_t k = p[at].k;
		bool yes;

		switch (p[at].code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (k > sizeof *call - sizeof a)
				return SECCOMP_RET_KILL_PROCESS;
			memcpy(&a, bytes + k, sizeof a);
			continue;
		case BPF_ALU | BPF_AND | BPF_K: a &= k; continue;
		case BPF_RET | BPF_K: return k;
		case BPF_JMP | BPF_JA: at += k; continue;
		case BPF_JMP | BPF_JEQ | BPF_K: yes = a == k; break;
		case BPF_JMP | BPF_JGT | BPF_K: yes = a > k; break;
		case BPF_JMP | BPF_JGE | BPF_K: yes = a >= k; break;
		case BPF_JMP | BPF_JSET | BPF_K: yes = a & k; break;
		default: return SECCOMP_RET_KILL_PROCESS;
		}
		at += yes ? p[at].jt : p[at].jf;
	}
	return SECCOMP_RET_KILL_PROCESS; /* the kernel takes no such filter */
}

int
profile_check(const struct buf *code, struct err *err)
{
	static const struct {
		const char *name;
		int nr;
	} needed[] = { { "execve", SYS_execve },
		{ "exit_group", SYS_exit_group } };

	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		const struct seccomp_data call = { .nr = needed[i].nr,
			.arch = seccomp_arch_native() };

		switch (profile_run(code, &call) & SECCOMP_RET_ACTION_FULL) {
		case SECCOMP_RET_KILL_PROCESS:
		case SECCOMP_RET_KILL_THREAD:
		case SECCOMP_RET_TRAP:
			return err_set(err, -EINVAL,
				"no task could run: it kills whoever calls "
				"'%s', which every program does",
				needed[i].name);
		default: break;
		}
	}
	return 0;
}
