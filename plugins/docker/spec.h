/* spec.h - from a task's parameters to what the engine is asked to make */
#ifndef NODELINK_DOCKER_SPEC_H
#define NODELINK_DOCKER_SPEC_H

#include <stdbool.h>
#include <stddef.h>

#include "docker.h"

extern const struct ndl_field spec_params[];

enum spec_operation { SPEC_RUN, SPEC_START, SPEC_STOP, SPEC_LOGS };

struct spec {
	enum spec_operation operation;
	const char *image, *container_id; /* the task's text */
	bool pull_always, pull_never, tty;
};

/* Why not, for people, and which setting says so; NULL: none does. */
struct refusal {
	char text[512];
	const char *rule;
};

/* Read them and ask the node's policy. 0, -EINVAL, or -EPERM with the rule. */
int
spec_read(const struct ndl_task *task, struct spec *out, struct refusal *why);

/* The body of a create call. Free it; NULL: out of memory. */
char *spec_body(const struct ndl_task *task, const struct spec *spec);

#endif
