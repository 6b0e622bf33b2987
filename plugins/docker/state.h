/* state.h - what the engine says of a container, and what that means */
#ifndef NODELINK_DOCKER_STATE_H
#define NODELINK_DOCKER_STATE_H

#include <stdbool.h>
#include <stddef.h>

#include "docker.h"

enum seen {
	SEEN_NOTHING, /* not made yet */
	SEEN_UNKNOWN, /* the engine has to be asked */
	SEEN_CREATED,
	SEEN_RUNNING,
	SEEN_ENDED, /* and still there */
	SEEN_GONE,
};

struct state {
	enum seen seen;
	char id[72];
	char task[72], agent[72]; /* its labels; "" for none */
	char name[72];
	int exit_code;
	bool paused, removing, oom, tty;
	bool has_start, has_finish; /* times that the engine noted */
	char error[256]; /* of its start */
};

/* The body of an inspect. False: it makes no sense. */
bool state_parse(const char *body, size_t len, struct state *out);

/* {"message": "..."}, or plain text, as one line; "" when there is none. */
void state_message(const char *body, size_t len, char *out, size_t size);

/* {"StatusCode": n, "Error": ...} of a wait. */
bool state_parse_wait(const char *body, size_t len, int *code);

/* {"Id": "..."} of a create. */
bool state_parse_id(const char *body, size_t len, char *out, size_t size);

/* The last line of a pull's progress: the error in it, or "". */
void state_pull_error(const char *lines, size_t len, char *out, size_t size);

#endif
