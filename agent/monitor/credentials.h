/* credentials.h - what the uplink shows to the server, and how it knows it
 *
 * The uplink may not open these files: it may be another user, and Landlock
 * does not name them. So it is handed them, opened and looked at, when it is
 * started, and again whenever it asks, which it does before a connection. */
#ifndef NODELINK_MONITOR_CREDENTIALS_H
#define NODELINK_MONITOR_CREDENTIALS_H

#include "base/auto.h"
#include "base/err.h"
#include "loop/loop.h"
#include "monitor/settings.h"

/* As far as it can be seen without OpenSSL: the files can be read, nobody else
 * reads the secret ones, and without TLS there is no other host. 0 or -errno
 * with text. */
int credentials_check(const struct settings *s, struct err *err);

struct credentials;

/* settings are borrowed. NULL: no memory. */
struct credentials *
credentials_new(struct loop *loop, const struct settings *s);
void credentials_free(struct credentials *c);
AUTO_DEFINE(struct credentials *, credentials_free)

/* For a new uplink: the end of a socket that it is to have, with its first
 * files on the way. The uplink before gets no more. A descriptor or -errno;
 * the log says which file it is. */
int credentials_connect(void *credentials);

#endif
