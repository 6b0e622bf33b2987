/* engine.h - calls to the Docker Engine API over its unix socket
 *
 * libcurl's multi interface on the host's watches and timers: nothing blocks
 * and there is no thread. Every call has a connection of its own, because an
 * engine that was restarted leaves dead ones behind. */
#ifndef NODELINK_DOCKER_ENGINE_H
#define NODELINK_DOCKER_ENGINE_H

#include <stdbool.h>
#include <stddef.h>

struct call;

struct answer {
	long status; /* of HTTP; 0: none came, and error says why */
	int error; /* errno, with status 0 */
	const char *body; /* ended by NUL; of a refused stream, too */
	size_t len;
	const char *text; /* what went wrong, for people */
};

/* None of these may come back into engine.h, but for on_answer. */
struct request {
	const char *method, *path; /* path without version, escaped */
	const char *body; /* JSON, or NULL */
	long timeout_ms; /* 0: none, of streams and waits */
	/* The last that is heard of the call: it is freed when this returns. */
	void (*on_answer)(void *arg, const struct answer *answer);
	/* Streams: the head of a good answer has come; then piece by piece.
	 * False: keep it, and wait for call_resume(). */
	void (*on_open)(void *arg);
	bool (*on_data)(void *arg, const char *data, size_t len);
	void *arg;
};

/* 0 or -errno. The path is copied. */
int engine_open(const char *socket_path);
void engine_close(void);
const char *engine_socket(void);

/* NULL: out of memory. */
struct call *engine_call(const struct request *how);
/* Nothing more is heard of it; the engine may do it all the same. NULL is
 * fine. */
void call_drop(struct call *call);
void call_resume(struct call *call);

/* As its answers to /_ping said: the version that we speak with it. */
bool engine_is_at_least(int minor);
bool engine_is_podman(void);
/* "1.41": use the lower one of theirs and ours. False: they are too old. */
bool engine_agree(const char *theirs);

/* text, percent-encoded; free() it. NULL: out of memory. */
char *engine_escape(const char *text);

#endif
