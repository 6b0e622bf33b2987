/* host.h - what a Hello says of this host */
#ifndef NODELINK_UPLINK_HOST_H
#define NODELINK_UPLINK_HOST_H

#include <limits.h>

struct host { /* "" where it is not known */
	char boot_id[64];
	char name[HOST_NAME_MAX + 1];
};

void host_learn(struct host *host);

#endif
