/* sandbox.c - the steps, in their order */
#include "sandbox/sandbox.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/dump.h"
#include "base/fd.h"
#include "sandbox/profile.h"

static const char *const texts[] = { "kill", "log", "off" };

int
sandbox_parse(const char *text, enum sandbox_seccomp *out, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (strcmp(text, texts[i]) == 0) {
			*out = (enum sandbox_seccomp)i;
			return 0;
		}
	return err_set(err, -EINVAL,
		"seccomp of [sandbox] is kill, log or off, not '%s'", text);
}

const char *
sandbox_text(enum sandbox_seccomp seccomp)
{
	return texts[seccomp];
}

void
sandbox_add(struct sandbox *s, struct sandbox_path path)
{
	if (!path.path)
		return;
	assert(s->n_paths < SANDBOX_PATHS);
	s->paths[s->n_paths++] = path;
}

void
sandbox_add_system(struct sandbox *s)
{
	static const char *const paths[] = { "/usr", "/lib", "/lib64", "/bin",
		"/etc/ld.so.cache", "/etc/ssl", "/etc/pki",
		"/etc/crypto-policies", "/etc/gnutls", "/etc/ca-certificates",
		"/etc/nsswitch.conf", "/etc/resolv.conf", "/etc/hosts",
		"/etc/host.conf", "/etc/gai.conf", "/etc/services",
		"/etc/protocols", "/etc/localtime", "/etc/passwd", "/etc/group",
		"/run/systemd/resolve", "/run/resolvconf",
		"/run/NetworkManager", "/run/nscd", "/var/run/nscd",
		"/dev/null", "/dev/urandom", "/proc/self", "/proc/cpuinfo",
		"/proc/meminfo", "/proc/stat", "/proc/net", "/proc/sys",
		"/sys/devices/system/cpu", "/sys/fs/cgroup",
		"/sys/kernel/mm/transparent_hugepage" };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		sandbox_add(s, (struct sandbox_path){ .path = paths[i] });
#ifdef NODELINK_COVERAGE
	sandbox_add(s, (struct sandbox_path){ .path = "/", .write = true });
#elif defined(NODELINK_SANITIZERS)
	sandbox_add(s, (struct sandbox_path){ .path = "/" });
#endif
}

/* Permissions would do, which access() looks at, but not open(), which asks
 * Landlock as well. */
static bool
is_refused(const char *path)
{
	AUTO_CLOSE int fd = fd_open(path, O_RDONLY | O_NONBLOCK);

	return fd == -EACCES && access(path, R_OK) == 0;
}

/* Whatever refuses one from the start is not a change. */
static void
forget_refused(struct sandbox *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_paths; i++)
		if (!is_refused(s->paths[i].path))
			s->paths[n++] = s->paths[i];
	s->n_paths = n;
}

const char *
sandbox_outdated(const struct sandbox *s)
{
	for (size_t i = 0; s->landlock && i < s->n_paths; i++)
		if (is_refused(s->paths[i].path))
			return s->paths[i].path;
	return NULL;
}

int
sandbox_confine(struct sandbox *s, struct err *err)
{
	const struct sandbox_profile *p = s->profile;
	int r = p->keeps_secrets ? dump_forbid(err) : 0;

	s->no_new_privs = s->no_new_privs || !p->denies;
	if (r == 0 && s->no_new_privs &&
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		r = err_set(err, -errno, "cannot set no_new_privs: %s",
			err_name(errno));
	if (r == 0 && s->n_paths) {
		r = landlock_enter(s, err);
		s->landlock = r;
		forget_refused(s);
	}
	/* A deny-list's capabilities are those of the calls that it denies. */
	if (r >= 0 && (!p->denies || s->seccomp == SANDBOX_KILL))
		r = caps_drop(p->drop, s->low_port, err);
	return r < 0 ? r : 0;
}

int
sandbox_filter(struct sandbox *s, struct err *err)
{
	int r;

	if (s->seccomp == SANDBOX_OFF ||
		(!s->no_new_privs && !caps_can_filter()))
		return 0;
	r = filter_load(s->profile, s->seccomp == SANDBOX_LOG, err);
	s->filtered = r == 0;
	return r;
}

const char *
sandbox_describe(const struct sandbox *s, struct sandbox_line *line)
{
	const struct sandbox_profile *p = s->profile;
	char landlock[32] = "none";

	if (s->landlock)
		(void)snprintf(
			landlock, sizeof landlock, "version %d", s->landlock);
	(void)snprintf(line->text, sizeof line->text,
		"seccomp %s%s, %s%s%sno_new_privs %s%s%s",
		s->filtered ? texts[s->seccomp] : "off",
		s->filtered || s->seccomp == SANDBOX_OFF
			? ""
			: " (needs no_new_privs or root)",
		s->n_paths ? "landlock " : "", s->n_paths ? landlock : "",
		s->n_paths ? ", " : "", s->no_new_privs ? "yes" : "no",
		p->denies ? "" : ", no capabilities",
		p->keeps_secrets ? ", no core dumps" : "");
	return line->text;
}
