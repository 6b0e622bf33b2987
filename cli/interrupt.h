/* interrupt.h - Ctrl-C and its like, as something to wait for
 *
 * SIGINT, SIGTERM and SIGHUP, as far as they were not ignored when we were
 * started: nohup(1) and a shell's background mean it. */
#ifndef NODELINK_CLI_INTERRUPT_H
#define NODELINK_CLI_INTERRUPT_H

#include "base/err.h"

/* From here on they come by the descriptor. -errno with text. */
int interrupt_open(struct err *err);
/* The next one; 0: none has come. */
int interrupt_take(int fd);

#endif
