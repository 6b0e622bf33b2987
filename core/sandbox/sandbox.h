/* sandbox.h - what a program of ours gives up for good, once it is set up
 *
 * Two steps, since the kernel keeps most of this for each thread:
 * sandbox_confine() while there is one thread, whose children inherit it, and
 * sandbox_filter() when all is initialised; that reaches every thread. What a
 * program may do afterwards stands in the tables of profiles.c. */
#ifndef NODELINK_SANDBOX_SANDBOX_H
#define NODELINK_SANDBOX_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* A call outside the profile: the program dies of SIGSYS and says which call
 * it was; or the kernel's log says so and it goes on; or nothing is loaded. */
enum sandbox_seccomp { SANDBOX_KILL, SANDBOX_LOG, SANDBOX_OFF };

/* "kill", "log" or "off". 0, or -EINVAL with text. */
int sandbox_parse(const char *text, enum sandbox_seccomp *out, struct err *err);
const char *sandbox_text(enum sandbox_seccomp seccomp);

struct sandbox_profile;
/* Allow-lists: threads, no new programs. */
extern const struct sandbox_profile sandbox_server;
extern const struct sandbox_profile sandbox_server_calling; /* others, too */
extern const struct sandbox_profile sandbox_uplink;
extern const struct sandbox_profile sandbox_enroll;
/* Monitor, executors, shims: tasks inherit it, so it only denies, with EPERM,
 * what no task may do. */
extern const struct sandbox_profile sandbox_tasks;

/* A file, or a folder with all that is below it. */
struct sandbox_path {
	const char *path;
	bool write; /* else it may be read */
	bool folder; /* of a file: the folder that it is in, since it may be
			replaced, and the one that it leads to */
};

enum { SANDBOX_PATHS = 64 };

struct sandbox {
	const struct sandbox_profile *profile;
	enum sandbox_seccomp seccomp;
	/* Of profile sandbox_tasks; the others always have it. Without it the
	 * filter needs CAP_SYS_ADMIN. */
	bool no_new_privs;
	bool low_port; /* keeps CAP_NET_BIND_SERVICE */
	/* What Landlock leaves; without any it is not used. One that does not
	 * exist (yet) cannot be reached later either. */
	struct sandbox_path paths[SANDBOX_PATHS];
	size_t n_paths;
	uint16_t ports[2]; /* of TCP that may be connected to; 0: none */
	bool any_port; /* instead */

	/* What has come of it. */
	int landlock; /* version of its interface; 0: the kernel has none */
	bool filtered;
};

/* Adds a path; NULL is none. */
void sandbox_add(struct sandbox *sandbox, struct sandbox_path path);

/* What libc and the libraries of ours look at while they run: themselves, name
 * services, certificates of authorities. */
void sandbox_add_system(struct sandbox *sandbox);

/* Has a file that was there been replaced, so that the new one is out of
 * reach? Its path, or NULL. */
const char *sandbox_outdated(const struct sandbox *sandbox);

/* Privileges, capabilities, core dumps, files. Before the first thread. What
 * this kernel does not have is left out, what fails is an error: 0, or -errno
 * with text. */
int sandbox_confine(struct sandbox *sandbox, struct err *err);

/* System calls, of all threads. 0, or -errno with text. Without no_new_privs
 * and CAP_SYS_ADMIN there is no filter; sandbox_describe() says so. */
int sandbox_filter(struct sandbox *sandbox, struct err *err);

/* "seccomp kill, landlock 7, no_new_privs, no capabilities, no core dumps" */
struct sandbox_line {
	char text[160];
};
const char *
sandbox_describe(const struct sandbox *sandbox, struct sandbox_line *line);

#endif
