/* audit.h - who did what: one JSON object a line, each bound to the one before
 *
 * An event is written before its effect, by the thread of the caller, with one
 * write(2), and is on disk within a second. A line holds the SHA-256 of the
 * line before it (`prev`) and its number (`seq`), so that lines cannot be
 * changed, taken out, put in or moved without a trace. Of the last line the
 * file PATH.head knows number and SHA-256; it is the lock as well, since
 * commands write beside the server, and lets the chain go on in a new file
 * when the old one is rotated.
 *
 * All functions take NULL for "no audit log", and belong to one thread. */
#ifndef NODELINK_AUDIT_AUDIT_H
#define NODELINK_AUDIT_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/auto.h"
#include "base/err.h"
#include "loop/loop.h"

struct audit;

struct audit_conf {
	struct loop
		*loop; /* NULL: a command; audit_free() waits for the disk */
	const char *path;
	bool required; /* what cannot be written must not be done */
};

/* Ends a torn last line of a crash, finds the end of the chain, and notes
 * "audit.open". -errno with text: not ours alone to write, damaged, full. */
int
audit_new(const struct audit_conf *conf, struct audit **out, struct err *err);
void audit_free(struct audit *audit);
AUTO_DEFINE(struct audit *, audit_free)

enum audit_decision {
	AUDIT_ALLOWED, /* "allowed": it is about to be done */
	AUDIT_REFUSED, /* "refused" */
	AUDIT_FAILED, /* "failed": it was allowed, and could not be done */
};

/* Texts may be NULL, may hold anything, and are cut when they are long. */
struct audit_event {
	const char *action; /* "task.create" */
	enum audit_decision decision;
	const char *actor; /* "client@address" */
	const char *client; /* name */
	const char *token; /* the id of what it came with; no secret */
	const char *peer; /* address */
	const char *target; /* id of a task, an agent, a token */
	const char *detail; /* what exactly */
	const char *reason;
	const char *request_id;
	/* Of what somebody may make happen without end: whose it is. */
	const char *repeats;
};

/* 0, also when it could not be written but need not be; -errno: it had to be.
 * Refusals of one address beyond some in a minute, and repeated events of one
 * name, are only counted; the next line that is written says how many
 * (`omitted`). */
int audit_note(struct audit *audit, const struct audit_event *event);

struct audit_stats { /* since the start */
	uint64_t lines, omitted, lost; /* written; only counted; not
					  written though they should be */
};
void audit_stats(const struct audit *audit, struct audit_stats *out);

/* The file was moved away: go on in a new one, at once and not with the next
 * event. */
void audit_reopen(struct audit *audit);

/* Files of one log, the oldest first. Says on `out` what does not fit, with
 * file and line, and how far the chain reaches. What is older than event `from`
 * (at least 1) need not be there. The number of findings, or -errno with
 * text. */
int audit_verify(char *const *paths, size_t n_paths, uint64_t from, FILE *out,
	struct err *err);

#endif
