/* options.h - what a request says about any task, whatever its plugin */
#ifndef NODELINK_API_OPTIONS_H
#define NODELINK_API_OPTIONS_H

#include <jansson.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "hub/hub.h"

/* The names of these fields. "user" is one as well, but of docker, where it is
 * the container's and the plugin's own. */
#define OPTION_FIELDS \
	"agent_id", "timeout", "env", "stop", "start_timeout", "idle_timeout", \
		"output_limit", "labels", "orphans", "containment", "limits", \
		"cleanup", "seccomp", "webhooks"

/* The field "labels", as a task or a token has it: none when it is absent.
 * Results as options_read(). */
int labels_read(const json_t *body, struct arena *arena,
	const struct label **out, size_t *n_out, struct err *err);

/* 0, -EINVAL with a text for the client, -ENOMEM. Texts are borrowed from the
 * JSON or lie in the arena. */
int options_read(const json_t *body, bool with_user, struct arena *arena,
	struct hub_task *out, struct err *err);

/* "default", "none", or NULL: the node's choice. */
const char *options_seccomp_name(enum msg_seccomp seccomp);

/* Against what the executor says it can do; it would refuse it later. */
int options_check(const struct msg_start *start,
	const struct msg_inventory *inventory, struct err *err);

#endif
