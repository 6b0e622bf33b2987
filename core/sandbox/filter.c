/* filter.c - from the tables of a profile to a filter in the kernel
 *
 * libseccomp makes it; we load it ourselves, with one instruction more before
 * an allow-list: a call that is younger than this code is answered ENOSYS, so
 * that a newer libc takes the older way as it would on an older kernel. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/err.h"
#include "base/fd.h"
#include "sandbox/profile.h"

enum {
	FIRST_YOUNGER = 451, /* the tables know those of Linux 5.17 */
	OPTIMIZE_TREE = 2,
	FILTER_MAX = 64 << 10,
};

AUTO_DEFINE(scmp_filter_ctx, seccomp_release)

/* What happens to a call that the profile does not let pass. */
static uint32_t
verdict(const struct sandbox_profile *p, bool only_log)
{
	if (only_log)
		return SCMP_ACT_LOG;
	return p->denies ? SCMP_ACT_ERRNO(EPERM) : SCMP_ACT_TRAP;
}

static struct scmp_arg_cmp
compare(const struct sandbox_test *test)
{
	struct scmp_arg_cmp cmp = { .arg = test->arg, .op = SCMP_CMP_EQ };

	switch (test->kind) {
	case ANYTHING: break;
	case MASKED:
		cmp.op = SCMP_CMP_MASKED_EQ;
		cmp.datum_a = test->mask;
		cmp.datum_b = test->value;
		break;
	case OWN_PID: cmp.datum_a = (uint64_t)getpid(); break;
	}
	return cmp;
}

static int
add_rule(scmp_filter_ctx ctx, uint32_t action, const struct sandbox_rule *rule)
{
	struct scmp_arg_cmp all[SANDBOX_TESTS];
	const char *word = rule->calls;
	unsigned n = 0;
	char name[32];
	int r = 0;

	for (; n < SANDBOX_TESTS && rule->tests[n].kind != ANYTHING; n++)
		all[n] = compare(&rule->tests[n]);
	for (size_t len; *word && r == 0;
		word += len + strspn(word + len, " ")) {
		int nr;

		len = strcspn(word, " ");
		(void)snprintf(name, sizeof name, "%.*s", (int)len, word);
		nr = seccomp_syscall_resolve_name(name);
		if (nr == __NR_SCMP_ERROR)
			continue; /* this libseccomp has not heard of it */
		r = seccomp_rule_add_array(ctx, action, nr, n, all);
		if (r == -EEXIST)
			r = 0; /* another table has it as well */
	}
	return r;
}

/* Programs of the other ABIs of this processor are welcome as tasks, under the
 * same rules; ours have one. */
static int
add_architectures(scmp_filter_ctx ctx, const struct sandbox_profile *p)
{
	int r = 0;

	if (!p->denies)
		return seccomp_attr_set(
			ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
#if defined(__x86_64__)
	r = seccomp_arch_add(ctx, SCMP_ARCH_X86);
	if (r == 0)
		r = seccomp_arch_add(ctx, SCMP_ARCH_X32);
#elif defined(__aarch64__)
	r = seccomp_arch_add(ctx, SCMP_ARCH_ARM);
#endif
	return r < 0 ? r
		     : seccomp_attr_set(
			       ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ALLOW);
}

static int
fill(scmp_filter_ctx ctx, const struct sandbox_profile *p, bool only_log)
{
	const uint32_t listed =
		p->denies ? verdict(p, only_log) : SCMP_ACT_ALLOW;
	int r = add_architectures(ctx, p);

	if (r == 0)
		r = seccomp_attr_set(
			ctx, SCMP_FLTATR_CTL_OPTIMIZE, OPTIMIZE_TREE);
	for (size_t t = 0; p->tables[t] && r == 0; t++)
		for (const struct sandbox_rule *rule = p->tables[t];
			rule->calls && r == 0; rule++)
			r = add_rule(ctx,
				rule->error
					? SCMP_ACT_ERRNO((unsigned)rule->error)
					: listed,
				rule);
	return r;
}

/* Our instructions, then libseccomp's. */
static int export(scmp_filter_ctx ctx, bool know_age, struct buf *out)
{
	static const struct sock_filter younger[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, FIRST_YOUNGER, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
	};
	AUTO_CLOSE int fd = memfd_create("seccomp", MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	r = seccomp_export_bpf(ctx, fd);
	if (r < 0)
		return r;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	r = know_age ? buf_add(out, younger, sizeof younger) : 0;
	return r < 0 ? r : fd_read_all(fd, out, FILTER_MAX);
}

static int
load(const struct buf *code)
{
	const struct sock_fprog program = {
		.len = (unsigned short)(code->len / sizeof(struct sock_filter)),
		.filter = (struct sock_filter *)(void *)code->data,
	};
	long r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		SECCOMP_FILTER_FLAG_TSYNC, &program);

	if (r > 0)
		return -EBUSY; /* a thread has another filter */
	return r < 0 ? -errno : 0;
}

int
filter_load(const struct sandbox_profile *p, bool only_log, struct err *err)
{
	AUTO(seccomp_release)
	scmp_filter_ctx ctx =
		seccomp_init(p->denies ? SCMP_ACT_ALLOW : verdict(p, only_log));
	AUTO_BUF struct buf code = { 0 };
	int r = ctx ? fill(ctx, p, only_log) : -ENOMEM;

	if (r == 0)
		r = export(ctx, !p->denies && !only_log, &code);
	if (r < 0)
		return err_set(err, r, "cannot make the filter of '%s': %s",
			p->name, err_name(-r));
	if (!p->denies && !only_log)
		r = trap_install();
	if (r == 0)
		r = load(&code);
	return r < 0 ? err_set(err, r,
			       "the kernel does not take the filter of system "
			       "calls: %s; [sandbox] seccomp = off does without",
			       err_name(-r))
		     : 0;
}
