/* tokens.h - the file that says which agents may connect */
#ifndef NODELINK_SERVER_TOKENS_H
#define NODELINK_SERVER_TOKENS_H

#include "base/err.h"
#include "hub/hub.h"

/* Lines "agent_id token", empty ones and those with "#" apart. The file must
 * be its owner's alone. 0 or -errno with text that names file and line. */
int tokens_file_read(const char *path, struct hub *hub, struct err *err);

#endif
