/* guard.h - addresses that the server must not be made to call */
#ifndef NODELINK_WEBHOOK_GUARD_H
#define NODELINK_WEBHOOK_GUARD_H

#include <stdbool.h>
#include <sys/socket.h>

/* Not an address of the public internet: this host, private networks, links,
 * groups, and whatever else is reserved; of IPv6 also those that stand for such
 * an address of IPv4. Families but these two are internal. */
bool guard_is_internal(const struct sockaddr *address);

/* The same of a text. False: it is no address, but perhaps a name. */
bool guard_is_internal_text(const char *address);

#endif
