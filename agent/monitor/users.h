/* users.h - who tasks run as, as the settings say */
#ifndef NODELINK_MONITOR_USERS_H
#define NODELINK_MONITOR_USERS_H

#include "base/err.h"
#include "monitor/settings.h"

/* Fill in user, allow_users and n_allow_users from the settings' texts, and
 * look every name up. 0 or -errno with a text that names the setting. */
int users_read(struct settings *s, struct err *err);

/* The scratch directory, which is there, can be reached by each of them. */
int users_check_scratch(const struct settings *s, struct err *err);

#endif
