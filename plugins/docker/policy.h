/* policy.h - what this node lets tasks do with its engine
 *
 * The engine's socket is root on this host, so the node's settings decide,
 * whatever the server asks. */
#ifndef NODELINK_DOCKER_POLICY_H
#define NODELINK_DOCKER_POLICY_H

#include <stdbool.h>

#include "docker.h"

extern const struct ndl_field policy_settings[];

/* 0 or -ENOMEM. */
int policy_load(const struct ndl_conf *conf);
void policy_free(void);

enum policy_list {
	POLICY_IMAGES,
	POLICY_NETWORKS, /* "host" and "container:..." only word for word */
	POLICY_USERS,
	POLICY_CONTAINERS, /* not ours, that tasks may start, stop and read */
	POLICY_CAPS,
	POLICY_LISTS,
};

bool policy_allows(enum policy_list list, const char *what);
/* Who runs a container whose task names nobody; *out NULL: the image's own user.
 * False: the task has to name one. */
bool policy_default_user(const char **out);
/* The words of the list, ended by NULL; NULL: empty. */
const char *const *policy_words(enum policy_list list);
/* A folder of the host, or a volume. */
bool policy_allows_mount(const char *source, bool read_only);

/* What a task gets that asks for nothing, and the most that it gets; 0: no
 * limit. */
struct policy_limits {
	uint64_t memory, nano_cpus, pids;
};
const struct policy_limits *policy_limits(void);
bool policy_init(void); /* run an init in the container */

/* "1.5" in 1/1,000,000,000. False: no such number. */
bool policy_parse_cpus(const char *text, uint64_t *nano);

#endif
