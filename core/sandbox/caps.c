/* caps.c - capabilities, of the calling thread */
#include <cap-ng.h>
#include <errno.h>

#include "base/err.h"
#include "sandbox/profile.h"

static int
failed(const char *what, struct err *err)
{
	return err_set(err, -EPERM, "cannot %s capabilities", what);
}

/* What a thread without CAP_SETPCAP has in its bounding set must stay there;
 * no_new_privs makes it worthless. */
static capng_select_t
reach(void)
{
	return capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP)
		       ? CAPNG_SELECT_BOTH
		       : CAPNG_SELECT_CAPS;
}

static void
drop_one(unsigned cap)
{
	(void)capng_updatev(CAPNG_DROP,
		(capng_type_t)(CAPNG_EFFECTIVE | CAPNG_PERMITTED |
			       CAPNG_INHERITABLE | CAPNG_BOUNDING_SET),
		cap, -1);
}

int
caps_drop(const unsigned *drop, bool low_port, struct err *err)
{
	capng_select_t which;
	bool keep;

	if (capng_get_caps_process() < 0)
		return failed("read", err);
	which = reach();
	keep = low_port &&
	       capng_have_capability(CAPNG_PERMITTED, CAP_NET_BIND_SERVICE);
	if (!drop) {
		capng_clear(CAPNG_SELECT_BOTH);
		if (keep)
			(void)capng_updatev(CAPNG_ADD,
				(capng_type_t)(CAPNG_EFFECTIVE |
					       CAPNG_PERMITTED),
				CAP_NET_BIND_SERVICE, -1);
	}
	for (; drop && *drop != ~0u; drop++)
		drop_one(*drop);
	return capng_apply(which) < 0 ? failed("drop", err) : 0;
}

bool
caps_can_filter(void)
{
	return capng_get_caps_process() == 0 &&
	       capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_ADMIN);
}
