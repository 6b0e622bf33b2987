/* profile.h - how the tables of profiles.c are written; core/sandbox only */
#ifndef NODELINK_SANDBOX_PROFILE_H
#define NODELINK_SANDBOX_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sandbox/sandbox.h"

enum sandbox_test {
	ANY, /* whatever its arguments are */
	MASKED, /* (argument & mask) == value */
	OTHER_THAN, /* argument != value */
	OWN_PID, /* argument is our own process */
};

/* System calls that an allow-list lets pass and that a deny-list refuses; several
 * rules of one call are alternatives. With error they are refused with that
 * number instead. A name that this architecture lacks is skipped. */
struct sandbox_rule {
	const char *calls; /* names and spaces; NULL ends a table */
	enum sandbox_test test;
	unsigned arg;
	uint64_t mask, value;
	int error;
};

struct sandbox_profile {
	const char *name;
	bool denies; /* what its tables list; else they list what is allowed */
	bool keeps_secrets; /* no core dumps, no debugger */
	const struct sandbox_rule *const *tables; /* ended by NULL */
	const unsigned *drop; /* of a deny-list: capabilities, ended by ~0u */
};

/* filter.c: make it and load it into all threads. 0 or -errno with text. */
int filter_load(
	const struct sandbox_profile *profile, bool only_log, struct err *err);

/* trap.c: from now on a refused call is named on stderr before we die of it.
 * 0 or -errno. */
int trap_install(void);

/* landlock.c. For the calling thread; the version of the interface that holds, 0 when the kernel has
 * none, or -errno with text. */
int landlock_enter(const struct sandbox *sandbox, struct err *err);

/* caps.c: all but CAP_NET_BIND_SERVICE if that is to be kept; or those of
 * drop alone, ended by ~0u. 0 or -errno with text. */
int caps_drop(const unsigned *drop, bool low_port, struct err *err);
bool caps_can_filter(void);

#endif
