/* internal.h - what the files of the hub share
 *
 *	hub.c		life of the hub, agents by id
 *	agents.c	streams: who may connect, hello, loss
 *	inventory.c	what executors hold against what we believe
 *	tasks.c		create, dispatch, end
 *	cancel.c	the intent to end a task
 *	report.c	what nodes say about tasks
 *	acks.c		telling nodes what they may forget */
#ifndef NODELINK_HUB_INTERNAL_H
#define NODELINK_HUB_INTERNAL_H

#include "hub/hub.h"

struct hub {
	struct hub_conf conf;
	struct agent *agents;
	struct task *live; /* unfinished, by id */
	size_t n_connected;
};

/* hub.c */
struct agent *hub_agent_make(struct hub *hub, const char *id);
struct hub_plugin *hub_plugin_find(const struct agent *a, const char *name);
struct task *hub_live(struct hub *hub, const char *id);

/* agents.c: send to the agent's present stream. */
int agent_send(struct agent *a, const struct msg *msg, bool must);

/* tasks.c */
/* RPC_OK; RPC_FULL: it is tried again when the stream is writable; else the
 * next inventory asks for it. */
int task_dispatch(struct hub *hub, struct task *t);
void task_dispatch_all(struct agent *a); /* the pending ones */
/* Pending ones for plugins that the agent turns out not to have. */
void task_refuse_unplaced(struct agent *a);
/* The record has changed: stored, and told to the watches. */
void task_save(struct hub *hub, struct task *t);
void task_note(struct hub *hub, struct task *t, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The end: nothing changes any more. status was moved already. */
void task_end(struct hub *hub, struct task *t, const char *failure,
	const char *message);
void task_lose(struct hub *hub, struct task *t, const char *failure,
	const char *message);

/* cancel.c */
void task_send_cancel(struct task *t);

/* inventory.c; came: 0 or -ENOMEM, and then it must come again. */
int inventory_came(struct agent *a, const struct msg *msg);
void inventory_gone(struct agent *a, const char *plugin, const char *why);
void inventory_free(struct agent *a);
/* It runs there and is unknown or ended here: it is to stop, and what it says
 * is not wanted. */
void inventory_stop(struct agent *a, const char *task_id, const char *plugin);

/* acks.c: ack_final() is for a stored result and goes out soon. */
void ack_now(struct agent *a, const char *task_id, const char *plugin,
	const struct msg_ack *ack);
void ack_final(
	struct agent *a, const char *task_id, const char *plugin, uint64_t seq);
void acks_drop(struct agent *a);
void acks_free(struct agent *a);

/* report.c: 0; REPORT_GAP: numbers are missing, the stream must begin anew;
 * -errno: cannot be stored now. */
enum { REPORT_OK, REPORT_GAP };
int report_came(struct agent *a, const struct msg *msg, const uint8_t *packed,
	size_t len);
/* Say what is stored of the task and how far its output may go. */
void report_ack(struct task *t);

#endif
