/* url.h - which URLs webhooks may go to */
#ifndef NODELINK_WEBHOOK_URL_H
#define NODELINK_WEBHOOK_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum { URL_HOST = 300 };

struct url {
	char host[URL_HOST]; /* "example.org:443" */
	char origin[URL_HOST + 16]; /* "https://example.org": all that is shown,
				       since the rest may be a secret */
	uint16_t port;
};

/* http or https, a host, no user, no fragment, plain ASCII, at most LIMIT_URL
 * bytes; no internal address in place of a name, unless that is allowed. 0, or
 * -EINVAL with text, or -ENOMEM. */
int url_check(const char *text, bool allow_internal, struct url *out,
	struct err *err);

/* Of a URL that was checked; else "". */
const char *url_origin(const char *text, struct url *out);

#endif
