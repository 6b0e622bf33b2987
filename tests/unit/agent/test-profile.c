/* test-profile.c - what a seccomp profile comes to, instruction by instruction */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/fd.h"
#include "executor/profile.h"
#include "json/json.h"
#include "tests/unit/unit.h"

#define PODMAN "/usr/share/containers/seccomp.json"

enum { SYS_ADMIN = 21 };

static const uint64_t all_caps = ~(uint64_t)0;
static struct buf code, unknown;
static unsigned flags;
static struct err err;

static int
compile(const char *text, uint64_t caps)
{
	AUTO(json_decref) json_t *profile = NULL;

	buf_clear(&code);
	buf_clear(&unknown);
	ck_assert_msg(json_parse(text, strlen(text), &profile, &err) == 0, "%s",
		err.text);
	return profile_compile(profile, caps, &code, &flags, &unknown, &err);
}

static void
good(const char *text, uint64_t caps)
{
	ck_assert_msg(compile(text, caps) == 0, "%s: %s", text, err.text);
	ck_assert_uint_gt(code.len, 0);
}

static uint32_t
run(const struct seccomp_data *data)
{
	return profile_run(&code, data);
}

static uint32_t
call(long number, uint64_t arg0, uint64_t arg1)
{
	const struct seccomp_data data = { .nr = (int)number,
		.arch = seccomp_arch_native(),
		.args = { arg0, arg1 } };

	return run(&data);
}

#define FORBIDDEN(error) (SECCOMP_RET_ERRNO | (error))
#define ALLOW_NAMES(names) \
	"{\"names\":[" names "],\"action\":\"SCMP_ACT_ALLOW\"}"
#define FORBID(more) \
	"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[" more "]}"
#define RULE(more) FORBID("{\"names\":[\"ptrace\"]," more "}")

TEST(lets_through_what_it_names_and_nothing_else)
{
	good(FORBID(ALLOW_NAMES("\"read\",\"write\"")), 0);
	ck_assert_uint_eq(call(SYS_read, 0, 0), SECCOMP_RET_ALLOW);
	ck_assert_uint_eq(call(SYS_write, 0, 0), SECCOMP_RET_ALLOW);
	ck_assert_uint_eq(call(SYS_ptrace, 0, 0), FORBIDDEN(EPERM));
	good(FORBID("{\"name\":\"read\",\"action\":\"SCMP_ACT_ALLOW\"}"), 0);
	ck_assert_uint_eq(call(SYS_read, 0, 0), SECCOMP_RET_ALLOW);
}
END

TEST(takes_errors_by_number_and_by_name)
{
	good("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,"
	     "\"syscalls\":[{\"names\":[\"mount\"],\"action\":\"SCMP_ACT_ERRNO\","
	     "\"errnoRet\":22},{\"names\":[\"ptrace\"],"
	     "\"action\":\"SCMP_ACT_ERRNO\",\"errno\":\"EACCES\"},"
	     "{\"names\":[\"chroot\"],\"action\":\"SCMP_ACT_ERRNO\"}]}",
		0);
	ck_assert_uint_eq(call(SYS_read, 0, 0), FORBIDDEN(ENOSYS));
	ck_assert_uint_eq(call(SYS_mount, 0, 0), FORBIDDEN(EINVAL));
	ck_assert_uint_eq(call(SYS_ptrace, 0, 0), FORBIDDEN(EACCES));
	ck_assert_uint_eq(call(SYS_chroot, 0, 0), FORBIDDEN(EPERM));
	good("{\"defaultAction\":\"SCMP_ACT_ERRNO\","
	     "\"defaultErrno\":\"ENOSYS\"}",
		0);
	ck_assert_uint_eq(call(SYS_read, 0, 0), FORBIDDEN(ENOSYS));
}
END

TEST(knows_the_actions_that_need_nobody_else)
{
	static const struct {
		const char *name;
		uint32_t action;
	} actions[] = { { "LOG", SECCOMP_RET_LOG },
		{ "TRAP", SECCOMP_RET_TRAP },
		{ "KILL", SECCOMP_RET_KILL_THREAD },
		{ "KILL_THREAD", SECCOMP_RET_KILL_THREAD },
		{ "KILL_PROCESS", SECCOMP_RET_KILL_PROCESS },
		{ "TRACE", SECCOMP_RET_TRACE | EPERM } };

	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		AUTO_BUF struct buf text = { 0 };

		ck_assert_int_eq(
			buf_printf(&text,
				"{\"defaultAction\":\"SCMP_ACT_ALLOW\","
				"\"syscalls\":[{\"names\":[\"ptrace\"],"
				"\"action\":\"SCMP_ACT_%s\"}]}",
				actions[i].name),
			0);
		good(buf_text(&text), 0);
		ck_assert_uint_eq(call(SYS_ptrace, 0, 0), actions[i].action);
		ck_assert_uint_eq(call(SYS_read, 0, 0), SECCOMP_RET_ALLOW);
	}
}
END

#define CONDITION(op, value, two) \
	FORBID("{\"names\":[\"personality\"],\"action\":\"SCMP_ACT_ALLOW\"," \
	       "\"args\":[{\"index\":0,\"value\":" value ",\"valueTwo\":" two \
	       ",\"op\":\"SCMP_CMP_" op "\"}]}")

TEST(compares_arguments)
{
	static const struct {
		const char *text;
		uint64_t yes, no;
	} cases[] = { { CONDITION("EQ", "8", "0"), 8, 9 },
		{ CONDITION("NE", "8", "0"), 9, 8 },
		{ CONDITION("LT", "8", "0"), 7, 8 },
		{ CONDITION("LE", "8", "0"), 8, 9 },
		{ CONDITION("GE", "8", "0"), 8, 7 },
		{ CONDITION("GT", "8", "0"), 9, 8 },
		{ CONDITION("EQ", "4294967295", "0"), 0xffffffff, ~0ull },
		{ CONDITION("MASKED_EQ", "12", "8"), 8 + 3, 12 } };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		good(cases[i].text, 0);
		ck_assert_msg(call(SYS_personality, cases[i].yes, 0) ==
					      SECCOMP_RET_ALLOW &&
				      call(SYS_personality, cases[i].no, 0) ==
					      FORBIDDEN(EPERM),
			"%s", cases[i].text);
	}
}
END

/* All of several arguments, but any of several conditions on one: as runc. */
TEST(joins_conditions_as_container_engines_do)
{
	good(FORBID("{\"names\":[\"kill\"],\"action\":\"SCMP_ACT_ALLOW\","
		    "\"args\":[{\"index\":0,\"value\":7,\"op\":\"SCMP_CMP_EQ\"},"
		    "{\"index\":1,\"value\":9,\"op\":\"SCMP_CMP_EQ\"}]}"),
		0);
	ck_assert_uint_eq(call(SYS_kill, 7, 9), SECCOMP_RET_ALLOW);
	ck_assert_uint_eq(call(SYS_kill, 7, 8), FORBIDDEN(EPERM));
	good(FORBID("{\"names\":[\"kill\"],\"action\":\"SCMP_ACT_ALLOW\","
		    "\"args\":[{\"index\":1,\"value\":7,\"op\":\"SCMP_CMP_EQ\"},"
		    "{\"index\":1,\"value\":9,\"op\":\"SCMP_CMP_EQ\"}]}"),
		0);
	ck_assert_uint_eq(call(SYS_kill, 0, 7), SECCOMP_RET_ALLOW);
	ck_assert_uint_eq(call(SYS_kill, 0, 9), SECCOMP_RET_ALLOW);
	ck_assert_uint_eq(call(SYS_kill, 0, 8), FORBIDDEN(EPERM));
}
END

TEST(gives_more_to_those_with_capabilities)
{
	static const char text[] = FORBID(
		"{\"names\":[\"mount\"],\"action\":\"SCMP_ACT_ALLOW\","
		"\"includes\":{\"caps\":[\"CAP_SYS_ADMIN\",\"CAP_KILL\"]}},"
		"{\"names\":[\"bpf\"],\"action\":\"SCMP_ACT_ERRNO\","
		"\"errnoRet\":38,\"excludes\":{\"caps\":[\"CAP_BPF\","
		"\"CAP_SYS_ADMIN\"]}}");

	good(text, 0);
	ck_assert_uint_eq(call(SYS_mount, 0, 0), FORBIDDEN(EPERM));
	ck_assert_uint_eq(call(SYS_bpf, 0, 0), FORBIDDEN(ENOSYS));
	good(text, (uint64_t)1 << SYS_ADMIN);
	ck_assert_uint_eq(call(SYS_mount, 0, 0), FORBIDDEN(EPERM));
	ck_assert_uint_eq(call(SYS_bpf, 0, 0), FORBIDDEN(EPERM));
	good(text, all_caps);
	ck_assert_uint_eq(call(SYS_mount, 0, 0), SECCOMP_RET_ALLOW);
}
END

TEST(heeds_kernel_and_machine)
{
	good(FORBID("{\"names\":[\"mount\"],\"action\":\"SCMP_ACT_ALLOW\","
		    "\"includes\":{\"minKernel\":\"4.8\"}},"
		    "{\"names\":[\"chroot\"],\"action\":\"SCMP_ACT_ALLOW\","
		    "\"includes\":{\"minKernel\":\"999.0\"}},"
		    "{\"names\":[\"ptrace\"],\"action\":\"SCMP_ACT_ALLOW\","
		    "\"includes\":{\"arches\":[\"pdp11\"]}},"
		    "{\"names\":[\"bpf\"],\"action\":\"SCMP_ACT_ALLOW\","
		    "\"excludes\":{\"arches\":[\"pdp11\"]}}"),
		0);
	ck_assert_uint_eq(call(SYS_mount, 0, 0), SECCOMP_RET_ALLOW);
	ck_assert_uint_eq(call(SYS_chroot, 0, 0), FORBIDDEN(EPERM));
	ck_assert_uint_eq(call(SYS_ptrace, 0, 0), FORBIDDEN(EPERM));
	ck_assert_uint_eq(call(SYS_bpf, 0, 0), SECCOMP_RET_ALLOW);
}
END

TEST(covers_the_architectures_it_is_told_of)
{
#ifdef __x86_64__ /* elsewhere other ones go together */
	static const char map[] =
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"archMap\":[{"
		"\"architecture\":\"SCMP_ARCH_AARCH64\","
		"\"subArchitectures\":[\"SCMP_ARCH_ARM\"]},{"
		"\"architecture\":\"SCMP_ARCH_X86_64\","
		"\"subArchitectures\":[\"SCMP_ARCH_X86\"]}],"
		"\"syscalls\":[" ALLOW_NAMES("\"read\"") "]}";
	static const char list[] =
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":["
		"\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\"],"
		"\"syscalls\":[" ALLOW_NAMES("\"read\"") "]}";
	const struct seccomp_data read_32 = { .nr = 3,
		.arch = AUDIT_ARCH_I386 },
				  mount_32 = { .nr = 21,
					  .arch = AUDIT_ARCH_I386 },
				  foreign = { .nr = 63,
					  .arch = AUDIT_ARCH_AARCH64 };

	for (int i = 0; i < 2; i++) {
		good(i ? map : list, 0);
		ck_assert_uint_eq(run(&read_32), SECCOMP_RET_ALLOW);
		ck_assert_uint_eq(run(&mount_32), FORBIDDEN(EPERM));
		ck_assert_uint_eq(run(&foreign), SECCOMP_RET_KILL_THREAD);
	}
	good(FORBID(ALLOW_NAMES("\"read\"")), 0);
	ck_assert_uint_eq(run(&read_32), SECCOMP_RET_KILL_THREAD);
#endif
}
END

TEST(ignores_a_name_that_it_does_not_know_where_that_is_safe)
{
	good(FORBID(ALLOW_NAMES("\"read\",\"time_travel\",\"warp\"")), 0);
	ck_assert_str_eq(buf_text(&unknown), "time_travel warp");
	ck_assert_uint_eq(call(SYS_read, 0, 0), SECCOMP_RET_ALLOW);
	/* here it would be let through */
	ck_assert_int_eq(compile("{\"defaultAction\":\"SCMP_ACT_ALLOW\","
				 "\"syscalls\":[{\"names\":[\"ptrase\"],"
				 "\"action\":\"SCMP_ACT_ERRNO\"}]}",
				 0),
		-EINVAL);
	ck_assert_str_eq(err.text,
		"syscalls[0]: libseccomp does not know system call 'ptrase'");
}
END

TEST(is_refused_when_no_program_could_run_under_it)
{
	static const char *const actions[] = { "KILL", "KILL_PROCESS", "TRAP" };

	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		AUTO_BUF struct buf text = { 0 };

		ck_assert_int_eq(
			buf_printf(&text,
				"{\"defaultAction\":\"SCMP_ACT_%s\","
				"\"syscalls\":[" ALLOW_NAMES("\"execve\"") "]}",
				actions[i]),
			0);
		good(buf_text(&text), 0);
		ck_assert_int_eq(profile_check(&code, &err), -EINVAL);
		ck_assert_str_eq(err.text,
			"no task could run: it kills whoever calls "
			"'exit_group', which every program does");
	}
	good("{\"defaultAction\":\"SCMP_ACT_KILL\"}", 0);
	ck_assert_int_eq(profile_check(&code, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "'execve'"));
	good(FORBID(ALLOW_NAMES("\"execve\",\"exit_group\"")), 0);
	ck_assert_int_eq(profile_check(&code, &err), 0);
}
END

TEST(passes_the_flags_on)
{
	good("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"flags\":["
	     "\"SECCOMP_FILTER_FLAG_LOG\",\"SECCOMP_FILTER_FLAG_TSYNC\"]}",
		0);
	ck_assert_uint_eq(flags, SECCOMP_FILTER_FLAG_LOG);
}
END

TEST(refuses_what_it_does_not_understand_and_says_where)
{
	static const struct {
		const char *text, *part;
	} bad[] = {
		{ "{}", "field 'defaultAction'" },
		{ "{\"defaultAction\":\"SCMP_ACT_MAYBE\"}",
			"'SCMP_ACT_MAYBE' is no action" },
		{ "{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}",
			"'SCMP_ACT_NOTIFY' is no action that can be had" },
		{ "{\"defaultAction\":7}", "expected a text" },
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscals\":[]}",
			"'syscals'" },
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":{}}",
			"'syscalls': expected a list" },
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\","
		  "\"defaultErrnoRet\":4096}",
			"0..4095" },
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\","
		  "\"defaultErrno\":\"EODD\"}",
			"no error has the name 'EODD'" },
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"flags\":[\"X\"]}",
			"unknown flag \"X\"" },
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\","
		  "\"architectures\":[\"SCMP_ARCH_PDP11\"]}",
			"SCMP_ARCH_PDP11" },
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\","
		  "\"architectures\":[\"SCMP_ARCH_S390X\"]}",
			"SCMP_ARCH_S390X" }, /* of the other endianness */
		{ FORBID("7"), "syscalls[0]: expected an object" },
		{ FORBID("{\"action\":\"SCMP_ACT_ALLOW\"}"),
			"syscalls[0]: field 'names' is required" },
		{ FORBID("{\"names\":[7],\"action\":\"SCMP_ACT_ALLOW\"}"),
			"'names': expected texts" },
		{ RULE("\"acton\":\"SCMP_ACT_ALLOW\""), "'acton'" },
		{ RULE("\"comment\":\"no action\""), "field 'action'" },
		{ RULE("\"action\":\"SCMP_ACT_ALLOW\",\"args\":[7]"),
			"'args': expected objects" },
		{ RULE("\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":6,"
		       "\"op\":\"SCMP_CMP_EQ\"}]"),
			"0..5" },
		{ RULE("\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{"
		       "\"op\":\"SCMP_CMP_EQ\"}]"),
			"without index" },
		{ RULE("\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,"
		       "\"op\":\"SCMP_CMP_LIKE\"}]"),
			"'SCMP_CMP_LIKE' is no comparison" },
		{ RULE("\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,"
		       "\"value\":-1,\"op\":\"SCMP_CMP_EQ\"}]"),
			"'value'" },
		{ RULE("\"action\":\"SCMP_ACT_ALLOW\","
		       "\"includes\":{\"cap\":[]}"),
			"'cap'" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		int r = compile(bad[i].text, 0);

		ck_assert_msg(r == -EINVAL && strstr(err.text, bad[i].part),
			"%s: %d, %s", bad[i].text, r, err.text);
	}
}
END

TEST(refuses_a_filter_that_the_kernel_would_not_take)
{
	AUTO_BUF struct buf text = { 0 };

	ck_assert_int_eq(
		buf_add_text(&text, "{\"defaultAction\":\"SCMP_ACT_ERRNO\","
				    "\"syscalls\":["),
		0);
	for (int i = 0; i < 4100; i++)
		ck_assert_int_eq(
			buf_printf(&text,
				"%s{\"names\":[\"ioctl\"],\"action\":"
				"\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":1,"
				"\"value\":%d,\"op\":\"SCMP_CMP_EQ\"}]}",
				i ? "," : "", i * 3),
			0);
	ck_assert_int_eq(buf_add_text(&text, "]}"), 0);
	ck_assert_int_eq(compile(buf_text(&text), 0), -E2BIG);
	ck_assert_msg(
		strstr(err.text, "the kernel takes 4096"), "%s", err.text);
}
END

/* Of Debian's golang-github-containers-common. */
TEST(takes_the_profile_of_podman)
{
	AUTO_CLOSE int fd = fd_open(PODMAN, O_RDONLY);
	AUTO_BUF struct buf text = { 0 };

	if (fd < 0)
		return;
	ck_assert_int_eq(fd_read_all(fd, &text, PROFILE_MAX), 0);
	good(buf_text(&text), 0);
	ck_assert_uint_eq(call(SYS_read, 0, 0), SECCOMP_RET_ALLOW);
	ck_assert_uint_eq(call(SYS_execve, 0, 0), SECCOMP_RET_ALLOW);
	ck_assert_uint_eq(call(SYS_bpf, 0, 0), FORBIDDEN(EPERM));
	ck_assert_uint_eq(call(SYS_kexec_load, 0, 0), FORBIDDEN(EPERM));
	ck_assert_uint_eq(call(100000, 0, 0), FORBIDDEN(ENOSYS));
	good(buf_text(&text), all_caps);
	ck_assert_uint_eq(call(SYS_bpf, 0, 0), SECCOMP_RET_ALLOW);
}
END

	UNIT_MAIN("profile", lets_through_what_it_names_and_nothing_else,
		takes_errors_by_number_and_by_name,
		knows_the_actions_that_need_nobody_else, compares_arguments,
		joins_conditions_as_container_engines_do,
		gives_more_to_those_with_capabilities, heeds_kernel_and_machine,
		covers_the_architectures_it_is_told_of,
		ignores_a_name_that_it_does_not_know_where_that_is_safe,
		is_refused_when_no_program_could_run_under_it,
		passes_the_flags_on,
		refuses_what_it_does_not_understand_and_says_where,
		refuses_a_filter_that_the_kernel_would_not_take,
		takes_the_profile_of_podman)
