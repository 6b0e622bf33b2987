/* ask.h - one question to the server's HTTP API, JSON both ways */
#ifndef NODELINK_ENROLL_ASK_H
#define NODELINK_ENROLL_ASK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "json/json.h"

struct ask {
	const char *server; /* "https://host:port" */
	const char *ca; /* PEM to know it by; NULL: the system's */
	bool blindly; /* whoever answers: find out who it is from the answer */
};

/* Of a URL, or what is usual for its kind. -EINVAL. */
int ask_port(const char *url, uint16_t *out);

/* What is to be made before the program is confined. 0 or -ENOMEM. */
int ask_begin(void);

/* POST of this body, or GET when it is NULL. The answer's object is the
 * caller's. -errno with text: not reached, not trusted, refused and why. */
int ask(const struct ask *how, const char *path, const json_t *body,
	json_t **out, struct err *err);

#endif
