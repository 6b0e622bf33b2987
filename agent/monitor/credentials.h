/* credentials.h - what the uplink shows to the server, and how it knows it */
#ifndef NODELINK_MONITOR_CREDENTIALS_H
#define NODELINK_MONITOR_CREDENTIALS_H

#include "base/err.h"
#include "monitor/settings.h"

/* As far as it can be seen without OpenSSL: the files can be read, nobody else
 * reads the secret ones, and without TLS there is no other host. 0 or -errno
 * with text. */
int credentials_check(const struct settings *s, struct err *err);

#endif
