/* internal.h - what the files of server/webhook share
 *
 *	webhook.c	life, settings
 *	tell.c		letters about a task
 *	sending.c	which letter is sent when, and what becomes of it
 *	poster.c	requests over libcurl
 *	event.c		names, bodies, who wants which
 *	sign.c		signatures
 *	retry.c		when it is tried again
 *	url.c		which URLs may be called
 *	guard.c		which addresses may not */
#ifndef NODELINK_WEBHOOK_INTERNAL_H
#define NODELINK_WEBHOOK_INTERNAL_H

#include "webhook/poster.h"
#include "webhook/sign.h"
#include "webhook/url.h"
#include "webhook/webhook.h"

struct
try { /* a letter that is being sent */
	struct webhook *w; /* NULL: that is gone */
	struct letter *letter; /* own */
	struct post *post; /* NULL: its fate is being stored */
	struct try *prev, *next;
};

struct webhook {
	struct webhook_conf conf;
	struct url url; /* of conf.url */
	struct sign_keys keys, task_keys;
	struct poster *poster;
	struct loop_timer *timer; /* ask the store */
	struct rates *lines; /* of log */
	struct try *tries;
	size_t n_tries;
	uint64_t ended[LETTER_DELIVERED + 1]; /* of them, by letter_fate */
	bool asking; /* the store has not answered */
	struct {
		int64_t wait; /* ms until the next letter is due */
		bool failed; /* the store could not answer */
		bool again; /* at once: there may be more */
	} asked; /* what came of it */
	int64_t not_before_ms; /* it is asked again */
	bool gone; /* the endpoint said 410 */
};

/* sending.c: ask the store what is next, of a timer; and soon. */
void sending_ask(void *webhook);
void sending_soon(void *webhook);
/* The poster has ended: forget the tries. */
void sending_stop(struct webhook *w);

#endif
