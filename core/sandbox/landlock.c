/* landlock.c - which files and TCP ports are left to us, best effort
 *
 * For the calling thread and those that it starts. The numbers stand here
 * because the headers of our oldest supported systems end at version 2. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/fd.h"
#include "sandbox/profile.h"
#include "sandbox/sandbox.h"

/* The same on every architecture. */
enum {
	CREATE_RULESET = 444,
	ADD_RULE = 445,
	RESTRICT_SELF = 446,
	WANT_VERSION = 1,
	RULE_PATH = 1,
	RULE_PORT = 2,
	CONNECT_TCP = 1 << 1,
	NO_ABSTRACT_SOCKETS_OF_OTHERS = 1 << 0,
	NO_SIGNALS_TO_OTHERS = 1 << 1,
};

enum {
	EXECUTE = 1 << 0,
	WRITE_FILE = 1 << 1,
	READ_FILE = 1 << 2,
	READ_DIR = 1 << 3,
	MAKE_CHAR = 1 << 6,
	MAKE_BLOCK = 1 << 11,
	TRUNCATE = 1 << 14,
	IOCTL_DEV = 1 << 15,
	ALL_OF_1 = (1 << 13) - 1,
	REFER = 1 << 13,
	READS = READ_FILE | READ_DIR,
	/* no devices are made, no programs run, no device is commanded */
	WRITES = (ALL_OF_1 | REFER | TRUNCATE) &
		 ~(EXECUTE | MAKE_CHAR | MAKE_BLOCK),
	ON_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV,
};

struct ruleset {
	uint64_t files, net, scoped;
};

struct path_rule {
	uint64_t allowed;
	int32_t fd;
} __attribute__((packed));

struct port_rule {
	uint64_t allowed, port;
};

/* What a version knows; a bit that it does not know is an error. */
static size_t
choose(int version, struct ruleset *all)
{
	*all = (struct ruleset){ .files = ALL_OF_1 };
	if (version >= 2)
		all->files |= REFER;
	if (version >= 3)
		all->files |= TRUNCATE;
	if (version >= 4)
		all->net = CONNECT_TCP;
	if (version >= 5)
		all->files |= IOCTL_DEV;
	if (version >= 6)
		all->scoped =
			NO_ABSTRACT_SOCKETS_OF_OTHERS | NO_SIGNALS_TO_OTHERS;
	return version >= 6   ? sizeof *all
	       : version >= 4 ? offsetof(struct ruleset, scoped)
			      : offsetof(struct ruleset, net);
}

static int
add_path(int rules, const struct ruleset *all, const char *path, bool write,
	struct err *err)
{
	AUTO_CLOSE int fd = fd_open(path, O_PATH);
	struct path_rule rule = { .allowed = READS, .fd = fd };
	struct stat st;

	if (fd < 0)
		return 0; /* what is not there needs no rule */
	if (fstat(fd, &st) < 0)
		return err_set(err, -errno, "cannot look at '%s': %s", path,
			err_name(errno));
	if (write)
		rule.allowed |= WRITES;
	if (!S_ISDIR(st.st_mode))
		rule.allowed &= ON_FILES;
	rule.allowed &= all->files;
	if (syscall(ADD_RULE, rules, RULE_PATH, &rule, 0) < 0)
		return err_set(err, -errno, "Landlock does not take '%s': %s",
			path, err_name(errno));
	return 0;
}

/* The folder of what a path is, or leads to. */
static int
add_folder(int rules, const struct ruleset *all, const char *path, bool write,
	struct err *err)
{
	char folder[PATH_MAX];
	char *slash;

	if (snprintf(folder, sizeof folder, "%s", path) >= (int)sizeof folder)
		return err_set(
			err, -ENAMETOOLONG, "'%.60s...' is too long", path);
	slash = strrchr(folder, '/');
	if (!slash)
		return add_path(rules, all, ".", write, err);
	slash[slash == folder] = 0;
	return add_path(rules, all, folder, write, err);
}

static int
add_one(int rules, const struct ruleset *all, const struct sandbox_path *p,
	struct err *err)
{
	AUTO_FREE char *target = NULL;
	struct stat st;
	int r;

	if (!p->folder || (stat(p->path, &st) == 0 && S_ISDIR(st.st_mode)))
		return add_path(rules, all, p->path, p->write, err);
	r = add_folder(rules, all, p->path, p->write, err);
	target = realpath(p->path, NULL);
	return r < 0 || !target ? r
				: add_folder(rules, all, target, p->write, err);
}

static int
add_rules(int rules, const struct ruleset *all, const struct sandbox *s,
	struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < s->n_paths && r == 0; i++)
		r = add_one(rules, all, &s->paths[i], err);
	for (size_t i = 0; i < ARRAY_SIZE(s->ports) && r == 0 && all->net;
		i++) {
		const struct port_rule rule = { CONNECT_TCP, s->ports[i] };

		if (s->ports[i] &&
			syscall(ADD_RULE, rules, RULE_PORT, &rule, 0) < 0)
			r = err_set(err, -errno,
				"Landlock does not take port %u: %s",
				s->ports[i], err_name(errno));
	}
	return r;
}

int
landlock_enter(const struct sandbox *s, struct err *err)
{
	AUTO_CLOSE int rules = -1;
	int version = (int)syscall(CREATE_RULESET, NULL, 0, WANT_VERSION);
	struct ruleset all;
	size_t size;
	int r;

	if (version <= 0) /* ENOSYS, or EOPNOTSUPP: not enabled at boot */
		return 0;
	size = choose(version, &all);
	if (s->any_port)
		all.net = 0; /* what is not handled is not refused */
	rules = (int)syscall(CREATE_RULESET, &all, size, 0);
	if (rules < 0)
		return err_set(err, -errno,
			"cannot make a Landlock ruleset: %s", err_name(errno));
	r = add_rules(rules, &all, s, err);
	if (r < 0)
		return r;
	if (syscall(RESTRICT_SELF, rules, 0) < 0)
		return err_set(err, -errno, "cannot enter Landlock: %s",
			err_name(errno));
	return version;
}
