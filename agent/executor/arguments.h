/* arguments.h - what nodelink-executor is to do, by its flags */
#ifndef NODELINK_EXECUTOR_ARGUMENTS_H
#define NODELINK_EXECUTOR_ARGUMENTS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/limits.h"
#include "executor/executor.h"

struct conf;

struct arguments {
	struct conf *conf; /* own: holds the texts */
	const char *plugin, *socket;
	bool describe, json, retired;
	uid_t uplink_uid; /* -1: nobody */
	struct executor_options options;
	struct msg_param settings[LIMIT_PARAMS];
	const char *values[LIMIT_PARAMS];
};

/* Fills the zeroed arguments, which stay where they are, and sets the level of
 * the log. ARGUMENTS_EXIT: help or version was printed. -errno with text:
 * wrong usage. */
enum { ARGUMENTS_OK, ARGUMENTS_EXIT };
int arguments_read(struct arguments *a, int argc, char **argv, struct err *err);
void arguments_done(struct arguments *a);

#endif
