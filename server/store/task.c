/* task.c - the record of one task, as the server has it */
#include "store/task.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "store/letter.h"
#include "store/transcript.h"
#include "task/reason.h"

struct task *
task_new(void)
{
	struct task *t = calloc(1, sizeof *t);

	if (t)
		t->refs = 1;
	return t;
}

struct task *
task_ref(struct task *t)
{
	t->refs++;
	return t;
}

void
task_unref(struct task *t)
{
	if (!t || --t->refs)
		return;
	assert(!t->watches && !t->start_timer);
	labels_free(t->labels, t->n_labels);
	free(t->owner);
	free(t->webhooks);
	letters_free(&t->letters);
	free(t->message);
	free(t->cancel.name);
	free(t->cancel.reason);
	free(t->cancel.actor);
	buf_done(&t->start);
	buf_done(&t->started);
	buf_done(&t->result);
	transcript_free(t->transcript);
	free(t);
}

const char *
task_cancel_name(const struct task_cancel *c)
{
	return c->name ? c->name : reason_name(c->code);
}

size_t
task_size(const struct task *t)
{
	return t->start.len + t->started.len + t->result.len +
	       (t->message ? strlen(t->message) : 0);
}

bool
task_over(const struct task *t)
{
	return task_is_final(t->status) && transcript_ended(t->transcript);
}

enum task_status
task_told(const struct task *t)
{
	return task_is_final(t->status) && !task_over(t) ? t->stored_status
							 : t->status;
}

void
task_watch_add(struct task *t, struct task_watch *w)
{
	DL_APPEND(t->watches, w);
}

void
task_watch_drop(struct task *t, struct task_watch *w)
{
	DL_DELETE(t->watches, w);
}

void
task_changed(struct task *t)
{
	struct task_watch *w, *next;

	DL_FOREACH_SAFE(t->watches, w, next)
		w->fn(w->arg);
}
