/* making.c - from nothing to a container that runs */
#include <errno.h>
#include <string.h>

#include "task.h"

enum { PING_MS = 5000, MAKE_MS = 60000, SWEEP_LATER_MS = 10000 };

/* -------------------------------------------------------------------- ping */

/* Nothing of the task is there yet, so an engine that is away is its end. */
static void
on_ping(void *arg, const struct answer *a)
{
	struct task *t = arg;

	t->command = NULL;
	t->reached = a->status == 200 && engine_is_at_least(24);
	if (a->status == 0)
		(void)snprintf(t->trouble, sizeof t->trouble,
			"engine at '%s': %s", engine_socket(), a->text);
	else if (a->status == 200)
		(void)snprintf(t->trouble, sizeof t->trouble,
			"engine at '%s' is too old: its API is older than 1.24",
			engine_socket());
	else
		(void)snprintf(t->trouble, sizeof t->trouble,
			"engine at '%s' is none: HTTP status %ld",
			engine_socket(), a->status);
	if (!t->reached)
		task_failed(t, a->error ? a->error : EPROTO, NULL, t->trouble);
	task_step(t);
}

void
make_ping(struct task *t)
{
	const struct request how = { .method = "GET",
		.path = "/_ping",
		.timeout_ms = PING_MS,
		.on_answer = on_ping,
		.arg = t };

	t->may_drop = true;
	task_ask(t, "ping", &how);
}

/* -------------------------------------------------------------------- pull */

/* Progress, one JSON object a line; only the last matters. */
static bool
on_progress(void *arg, const char *data, size_t len)
{
	struct task *t = arg;
	size_t room = sizeof t->pull, keep;

	if (len > room) {
		data += len - room;
		len = room;
	}
	keep = t->n_pull + len > room ? room - len : t->n_pull;
	memmove(t->pull, t->pull + t->n_pull - keep, keep);
	memcpy(t->pull + keep, data, len);
	t->n_pull = keep + len;
	return true;
}

static void
on_pull(void *arg, const struct answer *a)
{
	struct task *t = arg;
	char why[256];

	if (!task_answered(t, a)) {
		task_failed(t, a->error, NULL, t->trouble);
	} else if (a->status != 200) {
		task_failed(t, ENOENT, "image_missing", t->trouble);
	} else {
		state_pull_error(t->pull, t->n_pull, why, sizeof why);
		if (*why)
			task_failed(t, ENOENT, "image_missing", why);
	}
	t->pulled = true;
	t->seen = SEEN_NOTHING; /* whatever became of the pull */
	task_news(t);
}

/* Without a tag the engine would fetch all of them. */
static bool
has_tag(const char *image)
{
	const char *slash = strrchr(image, '/');

	return strchr(slash ? slash : image, ':') || strchr(image, '@');
}

void
make_pull(struct task *t)
{
	char path[1024];
	char *image = engine_escape(t->spec.image);
	const struct request how = { .method = "POST",
		.path = path,
		.on_answer = on_pull,
		.on_data = on_progress,
		.arg = t };

	if (!image) {
		task_failed(t, ENOMEM, NULL, "out of memory");
		verdict_tell(t);
		return;
	}
	(void)snprintf(path, sizeof path, "/images/create?fromImage=%s%s",
		image, has_tag(t->spec.image) ? "" : "&tag=latest");
	free(image);
	t->may_drop = true; /* an engine ends a pull that nobody waits for */
	t->n_pull = 0;
	task_ask(t, "pull", &how);
}

/* ------------------------------------------------------------------ create */

static void
create_refused(struct task *t, const struct answer *a)
{
	bool no_image = a->status == 404 || strstr(a->body, "image not known");

	/* podman says 500 for what docker says with 409. */
	if (a->status == 409 || strstr(a->body, "already in use")) {
		t->seen = SEEN_UNKNOWN; /* ours, from a create that got lost? */
		return;
	}
	if (no_image && !t->spec.pull_never && !t->pulled) {
		make_pull(t);
		return;
	}
	task_failed(t, no_image ? ENOENT : EIO,
		no_image ? "image_missing" : NULL, t->trouble);
}

static void
on_create(void *arg, const struct answer *a)
{
	struct task *t = arg;

	if (!task_answered(t, a)) {
		/* It may still be made, when nobody looks for it any more. */
		sweep_soon(SWEEP_LATER_MS);
		return;
	}
	if (a->status == 201 &&
		state_parse_id(a->body, a->len, t->id, sizeof t->id))
		t->seen = SEEN_CREATED;
	else if (a->status == 201)
		t->seen = SEEN_UNKNOWN;
	else
		create_refused(t, a);
	task_step(t);
}

void
make_create(struct task *t)
{
	char path[128];
	char *body = spec_body(t->task, &t->spec);
	const struct request how = { .method = "POST",
		.path = path,
		.body = body,
		.timeout_ms = MAKE_MS,
		.on_answer = on_create,
		.arg = t };

	if (!body) {
		task_failed(t, ENOMEM, NULL, "out of memory");
		verdict_tell(t);
		return;
	}
	(void)snprintf(
		path, sizeof path, "/containers/create?name=%s", t->name);
	t->may_drop = false; /* the engine goes on with it all the same */
	task_ask(t, "create", &how);
	free(body);
}

/* ------------------------------------------------------------------- start */

/* What a shell says with exit status 126 and 127. */
static int
start_errno(const char *text)
{
	if (strstr(text, "permission denied"))
		return EACCES;
	return strstr(text, "not found") || strstr(text, "no such file")
		       ? ENOENT
		       : EIO;
}

static void
on_start(void *arg, const struct answer *a)
{
	struct task *t = arg;

	if (!task_answered(t, a))
		return;
	if (a->status == 204 || a->status == 304) {
		t->seen = SEEN_RUNNING;
		t->ran = true;
	} else {
		t->seen = SEEN_CREATED;
		task_failed(t, start_errno(a->body), NULL, t->trouble);
	}
	task_step(t);
}

void
make_start(struct task *t)
{
	char path[128];
	const struct request how = { .method = "POST",
		.path = path,
		.timeout_ms = MAKE_MS,
		.on_answer = on_start,
		.arg = t };

	(void)snprintf(path, sizeof path, "/containers/%s/start", t->id);
	t->start_sent = true;
	t->refusals = 0;
	t->may_drop = false;
	task_ask(t, "start", &how);
}
