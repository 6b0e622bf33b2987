/* policy.h - what tasks may do here, as the settings say */
#ifndef NODELINK_MONITOR_POLICY_H
#define NODELINK_MONITOR_POLICY_H

#include "monitor/settings.h"

/* Sets directories, max_timeout_ms, no_new_privs, seccomp and hooks; the plugins
 * are known. 0 or -errno with text. */
int policy_read(struct settings *s, struct err *err);

#endif
