/* dump.c - a program that holds secrets leaves none of its memory behind */
#include "base/dump.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/* Against a core dump's file and against the program that a core_pattern names,
 * which does not look at limits. */
int
dump_forbid(struct err *err)
{
	const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none) < 0 ||
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_set(err, -errno, "cannot turn core dumps off: %s",
			err_name(errno));
	return 0;
}
