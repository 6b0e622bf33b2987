/* session.h - POST and DELETE /session: a cookie for browsers
 *
 * A browser adds no header to an EventSource, and a token in an address ends
 * in logs. The cookie stands for the token that it was made with, for reading
 * only, and ends with it. Sessions are in memory. */
#ifndef NODELINK_API_SESSION_H
#define NODELINK_API_SESSION_H

#include "api/access.h"

#define SESSION_COOKIE "nodelink_session"

/* Borrowed; NULL: none of that name, or it has ended. */
struct user *session_find(struct api *api, const char *cookie);
/* Forget those that have ended. */
void sessions_sweep(struct api *api);

#endif
