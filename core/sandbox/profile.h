/* profile.h - how the tables of profiles.c are written; core/sandbox only */
#ifndef NODELINK_SANDBOX_PROFILE_H
#define NODELINK_SANDBOX_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sandbox/sandbox.h"

/* What an argument is asked for. The kernel cuts an int off after 32 bits, so
 * what lets an int pass must look at these, or at all. */
struct sandbox_test {
	enum {
		ANYTHING, /* nothing, nor is any argument after it */
		MASKED, /* (argument & mask) == value */
		OWN_PID, /* argument is our own process */
	} kind;
	unsigned arg;
	uint64_t mask, value;
};

enum { SANDBOX_TESTS = 3 };

/* System calls that an allow-list lets pass and that a deny-list refuses, if
 * all tests hold; several rules of one call are alternatives. With error they
 * are refused with that number instead; no other rule may let the same pass.
 * A name that this architecture lacks is skipped. */
struct sandbox_rule {
	const char *calls; /* names and spaces; NULL ends a table */
	struct sandbox_test tests[SANDBOX_TESTS];
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
