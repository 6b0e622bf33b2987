/* attach.h - make a task and be its terminal: output, status, Ctrl-C
 *
 * What run and "docker run" do once they know what the task is to be. */
#ifndef NODELINK_CLI_ATTACH_H
#define NODELINK_CLI_ATTACH_H

#include "cli/verb.h"

/* Makes the task (body of POST /tasks/<plugin>), writes its output to ours
 * byte by byte, and ends with it. SIGINT, SIGTERM and SIGHUP cancel it, a
 * second one kills it, a third one leaves it; so does a stdout that nobody
 * reads any more. With the flag --detach its id is printed instead. The status
 * to exit with, or -errno with text. */
int attach_run(struct verb_call *call, const char *plugin, const json_t *body,
	struct err *err);

#endif
