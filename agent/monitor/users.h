/* users.h - who tasks and the uplink run as, as the settings say */
#ifndef NODELINK_MONITOR_USERS_H
#define NODELINK_MONITOR_USERS_H

#include "base/err.h"
#include "monitor/settings.h"

/* Of an agent that is root, when there is such an account and no setting. */
#define UPLINK_USER "nodelink-uplink"

/* Fill in uplink, user, allow_users and n_allow_users from the settings' texts, and
 * look every name up. 0 or -errno with a text that names the setting. */
int users_read(struct settings *s, struct err *err);

/* The scratch directory, which is there, can be reached by each of tasks'
 * users, and the runtime directory be read by the uplink's. */
int users_check_folders(const struct settings *s, struct err *err);

#endif
