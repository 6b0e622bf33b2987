/* profile_rule.c - one entry of a profile's "syscalls" */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/utsname.h>

#include "executor/profile.h"
#include "json/json.h"

enum { ERRNO_MAX = 4095, ARGS = 6, CONDITIONS = 16 };

/* Which of the n words; -1: none. */
static int
find(const char *const *words, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(words[i], text) == 0)
			return (int)i;
	return -1;
}

/* ------------------------------------------------------------------ action */

static int
find_errno(const char *name)
{
	for (int i = 1; i < 200; i++) {
		const char *known = strerrorname_np(i);

		if (known && strcmp(known, name) == 0)
			return i;
	}
	return -1;
}

/* By number, which docker and podman prefer, or by name. */
static int
read_errno(const json_t *object, const char *member, const char *name_member,
	uint64_t *out, struct err *err)
{
	const char *name = NULL;
	int number;
	int r = json_get_text(object, name_member, 32, &name, err);

	if (r == JSON_GOT) {
		number = find_errno(name);
		if (number < 0)
			return err_set(err, -EINVAL,
				"field '%s': no error has the name '%s'",
				name_member, name);
		*out = (uint64_t)number;
	}
	if (r >= 0)
		r = json_get_count(object, member, 0, ERRNO_MAX, out, err);
	return r < 0 ? r : 0;
}

int
profile_action(const json_t *object, const char *member,
	const char *errno_member, const char *errno_name, uint32_t *out,
	struct err *err)
{
	static const char *const names[] = { "SCMP_ACT_ALLOW", "SCMP_ACT_LOG",
		"SCMP_ACT_ERRNO", "SCMP_ACT_TRACE", "SCMP_ACT_TRAP",
		"SCMP_ACT_KILL", "SCMP_ACT_KILL_THREAD",
		"SCMP_ACT_KILL_PROCESS" };
	const char *name = NULL;
	uint64_t number = EPERM;
	int r = read_errno(object, errno_member, errno_name, &number, err);
	const uint32_t actions[] = { SCMP_ACT_ALLOW, SCMP_ACT_LOG,
		SCMP_ACT_ERRNO(number), SCMP_ACT_TRACE(number), SCMP_ACT_TRAP,
		SCMP_ACT_KILL_THREAD, SCMP_ACT_KILL_THREAD,
		SCMP_ACT_KILL_PROCESS };
	int which;

	if (r == 0)
		r = json_get_text(object, member, 64, &name, err);
	if (r < 0)
		return r;
	which = name ? find(names, ARRAY_SIZE(names), name) : -1;
	if (which < 0) /* SCMP_ACT_NOTIFY: nobody would answer */
		return err_set(err, -EINVAL,
			"field '%s': '%s' is no action that can be had here",
			member, name ? name : "");
	*out = actions[which];
	return 0;
}

static bool
is_open(uint32_t action)
{
	return action == SCMP_ACT_ALLOW || action == SCMP_ACT_LOG;
}

/* -------------------------------------------------------------- conditions */

static int
read_condition(const json_t *arg, struct scmp_arg_cmp *out, struct err *err)
{
	static const char *const known[] = { "index", "value", "valueTwo",
		"op" };
	static const char *const ops[] = { "SCMP_CMP_NE", "SCMP_CMP_LT",
		"SCMP_CMP_LE", "SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT",
		"SCMP_CMP_MASKED_EQ" };
	static const enum scmp_compare compares[] = { SCMP_CMP_NE, SCMP_CMP_LT,
		SCMP_CMP_LE, SCMP_CMP_EQ, SCMP_CMP_GE, SCMP_CMP_GT,
		SCMP_CMP_MASKED_EQ };
	uint64_t index = ARGS;
	const char *op = "";
	int r, which;

	*out = (struct scmp_arg_cmp){ .op = SCMP_CMP_EQ };
	if (!json_is_object(arg))
		return err_set(err, -EINVAL, "field 'args': expected objects");
	r = json_known(arg, known, ARRAY_SIZE(known), err);
	if (r >= 0)
		r = json_get_count(arg, "index", 0, ARGS - 1, &index, err);
	if (r >= 0)
		r = json_get_count(
			arg, "value", 0, INT64_MAX, &out->datum_a, err);
	if (r >= 0)
		r = json_get_count(
			arg, "valueTwo", 0, INT64_MAX, &out->datum_b, err);
	if (r >= 0)
		r = json_get_text(arg, "op", 32, &op, err);
	if (r < 0)
		return r;
	which = find(ops, ARRAY_SIZE(ops), op);
	if (which < 0 || index == ARGS)
		return err_set(err, -EINVAL,
			"field 'args': without index, or '%s' is no comparison",
			op);
	out->arg = (unsigned)index;
	out->op = compares[which];
	return 0;
}

struct conditions {
	struct scmp_arg_cmp list[CONDITIONS];
	unsigned n;
	bool any; /* two are about one argument: each is a rule of its own */
};

static int
read_conditions(const json_t *entry, struct conditions *out, struct err *err)
{
	const json_t *arg;
	json_t *list = NULL;
	size_t i;
	int r = json_get_array(entry, "args", &list, err);

	out->n = 0;
	out->any = false;
	json_array_foreach(list, i, arg)
	{
		if (i == CONDITIONS)
			return err_set(err, -EINVAL,
				"field 'args': more than %d", CONDITIONS);
		r = read_condition(arg, &out->list[i], err);
		if (r < 0)
			return r;
		for (size_t k = 0; k < i; k++)
			if (out->list[k].arg == out->list[i].arg)
				out->any = true;
		out->n++;
	}
	return r < 0 ? r : 0;
}

/* ---------------------------------------------------- includes and excludes */

static bool
has_cap(uint64_t caps, const char *name)
{
	/* By number, without their prefix: <linux/capability.h>. */
	static const char *const names[] = { "CHOWN", "DAC_OVERRIDE",
		"DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID",
		"SETUID", "SETPCAP", "LINUX_IMMUTABLE", "NET_BIND_SERVICE",
		"NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK",
		"IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT",
		"SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
		"SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE",
		"AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE",
		"MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND",
		"AUDIT_READ", "PERFMON", "BPF", "CHECKPOINT_RESTORE" };
	int number = strncmp(name, "CAP_", 4) == 0
			     ? find(names, ARRAY_SIZE(names), name + 4)
			     : -1;

	return number >= 0 && (caps >> number & 1);
}

/* As Go calls it, in which these profiles are at home. */
static const char *
native_name(void)
{
	switch (seccomp_arch_native()) {
	case SCMP_ARCH_X86: return "x86";
	case SCMP_ARCH_X86_64: return "amd64";
	case SCMP_ARCH_ARM: return "arm";
	case SCMP_ARCH_AARCH64: return "arm64";
	case SCMP_ARCH_MIPS64: return "mips64";
	case SCMP_ARCH_MIPSEL64: return "mipsel64";
	case SCMP_ARCH_PPC64LE: return "ppc64le";
	case SCMP_ARCH_RISCV64: return "riscv64";
	case SCMP_ARCH_S390: return "s390";
	case SCMP_ARCH_S390X: return "s390x";
	default: return "";
	}
}

/* "6.1..." in thousandths; what is no number is 0. */
static unsigned
version_of(const char *text)
{
	unsigned part[2] = { 0, 0 };

	for (int i = 0; i < 2; i++) {
		for (; isdigit((unsigned char)*text) && part[i] < 1000; text++)
			part[i] = part[i] * 10 + (unsigned)(*text - '0');
		if (*text == '.')
			text++;
	}
	return part[0] * 1000 + part[1];
}

static bool
kernel_is_at_least(const char *version)
{
	struct utsname us;

	return uname(&us) == 0 && version_of(us.release) >= version_of(version);
}

/* What an includes or excludes asks for: *all of it, *some of it is so. */
static int
read_filter(const struct profile *p, const json_t *entry, const char *member,
	bool *all, bool *some, struct err *err)
{
	static const char *const known[] = { "caps", "arches", "minKernel" };
	json_t *filter = NULL, *caps = NULL, *arches = NULL;
	const char *kernel = NULL, *native = native_name();
	bool here = false;
	const json_t *word;
	size_t i;
	int r = json_get_object(entry, member, &filter, err);

	*all = true;
	*some = false;
	if (r != JSON_GOT)
		return r < 0 ? r : 0;
	r = json_known(filter, known, ARRAY_SIZE(known), err);
	if (r >= 0)
		r = json_get_array(filter, "caps", &caps, err);
	if (r >= 0)
		r = json_get_array(filter, "arches", &arches, err);
	if (r >= 0)
		r = json_get_text(filter, "minKernel", 32, &kernel, err);
	if (r < 0)
		return r;
	json_array_foreach(caps, i, word)
	{
		bool has = json_is_string(word) &&
			   has_cap(p->caps, json_string_value(word));

		*all = *all && has;
		*some = *some || has;
	}
	json_array_foreach(arches, i, word) here =
		here || (json_is_string(word) &&
				strcmp(json_string_value(word), native) == 0);
	if (json_array_size(arches)) {
		*all = *all && here;
		*some = *some || here;
	}
	if (kernel) {
		*all = *all && kernel_is_at_least(kernel);
		*some = *some || kernel_is_at_least(kernel);
	}
	return 0;
}

/* ------------------------------------------------------------------ adding */

static int
add_one(struct profile *p, uint32_t action, const char *name,
	const struct conditions *c, struct err *err)
{
	int number = seccomp_syscall_resolve_name(name), r = 0;

	if (number == __NR_SCMP_ERROR && is_open(p->fallback) &&
		!is_open(action)) /* what it forbids would be let through */
		return err_set(err, -EINVAL,
			"libseccomp does not know system call '%.64s'", name);
	if (number == __NR_SCMP_ERROR) /* newer than it: forbidden anyway */
		return buf_printf(p->unknown, "%s%.64s",
			p->unknown->len ? " " : "", name);
	if (!c->any)
		r = seccomp_rule_add_array(
			p->filter, action, number, c->n, c->list);
	for (unsigned i = 0; c->any && i < c->n && r == 0; i++)
		r = seccomp_rule_add_array(
			p->filter, action, number, 1, &c->list[i]);
	return r < 0 ? err_set(err, r == -ENOMEM ? r : -EINVAL,
			       "system call '%.64s': %s", name, err_name(-r))
		     : 0;
}

static int
add_names(struct profile *p, const json_t *entry, uint32_t action,
	const struct conditions *c, struct err *err)
{
	const char *name = NULL;
	const json_t *word;
	json_t *list = NULL;
	size_t i;
	int r = json_get_text(entry, "name", 64, &name, err);

	if (r >= 0)
		r = json_get_array(entry, "names", &list, err);
	if (r >= 0 && !name && !list)
		return err_set(err, -EINVAL, "field 'names' is required");
	if (r >= 0 && name)
		r = add_one(p, action, name, c, err);
	json_array_foreach(list, i, word)
	{
		if (r < 0)
			break;
		name = json_plain_text(word);
		r = name ? add_one(p, action, name, c, err)
			 : err_set(err, -EINVAL,
				   "field 'names': expected texts");
	}
	return r < 0 ? r : 0;
}

int
profile_rule(struct profile *p, const json_t *entry, struct err *err)
{
	static const char *const known[] = { "name", "names", "action",
		"errnoRet", "errno", "args", "comment", "includes",
		"excludes" };
	struct conditions conditions;
	bool included, excluded, ignored;
	uint32_t action;
	int r;

	if (!json_is_object(entry))
		return err_set(err, -EINVAL, "expected an object");
	r = json_known(entry, known, ARRAY_SIZE(known), err);
	if (r == 0)
		r = profile_action(
			entry, "action", "errnoRet", "errno", &action, err);
	if (r == 0)
		r = read_conditions(entry, &conditions, err);
	if (r == 0)
		r = read_filter(p, entry, "includes", &included, &ignored, err);
	if (r == 0)
		r = read_filter(p, entry, "excludes", &ignored, &excluded, err);
	if (r < 0)
		return r;
	if (!included || excluded || action == p->fallback)
		return 0;
	return add_names(p, entry, action, &conditions, err);
}
