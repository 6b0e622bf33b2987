/* plugin.c - the docker plugin as the host sees it */
#include <errno.h>

#include "docker.h"
#include "engine.h"
#include "policy.h"
#include "task.h"

const struct ndl_host *host;

static int
init(const struct ndl_host *h, const struct ndl_conf *conf, void **self)
{
	int r;

	(void)self;
	host = h;
	r = policy_load(conf);
	if (r == 0)
		r = engine_open(h->setting(conf, "socket"));
	if (r == 0)
		sweep_soon(0);
	return r;
}

/* Which one it was does not matter: it is not live. */
static void
sweep(void *self, const char *task_id)
{
	(void)self;
	(void)task_id;
	sweep_now();
}

static int
start(void *self, struct ndl_task *task, void **work)
{
	struct spec spec;
	struct refusal why;
	struct task *t;
	int r = spec_read(task, &spec, &why);

	(void)self;
	if (r < 0) {
		const struct ndl_result no = { .size = sizeof no,
			.outcome = NDL_FAILED,
			.code = -r,
			.message = why.text,
			.rule = why.rule };

		host->finish(task, &no);
		return r;
	}
	t = task_new(task, &spec);
	if (!t)
		return -ENOMEM;
	*work = t;
	task_kick(t);
	return 0;
}

static int
cancel(void *self, void *work, const struct ndl_cancel *why)
{
	(void)self;
	task_cancel(work, why);
	return 0;
}

static void
drained(void *self, void *work, unsigned stream)
{
	(void)self;
	(void)stream;
	task_drained(work);
}

static void
reap(void *self, void *work)
{
	(void)self;
	task_free(work);
}

static void
fini(void *self)
{
	(void)self;
	sweep_stop();
	engine_close();
	policy_free();
}

NDL_PLUGIN(.name = "docker", .version = PACKAGE_VERSION,
	.summary = "run a container", .settings = policy_settings,
	.params = spec_params, .init = init, .sweep = sweep, .start = start,
	.cancel = cancel, .drained = drained, .reap = reap, .fini = fini);
