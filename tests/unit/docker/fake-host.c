/* fake-host.c - the host, as far as the parts of the docker plugin need one */
#include "tests/unit/docker/fake-host.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "plugins/docker/docker.h"

struct fake_host fake;
const struct ndl_host *host;

static const char *const *
find(const struct fake_value *list, const char *name)
{
	for (; list && list->name; list++)
		if (strcmp(list->name, name) == 0)
			return list->values;
	return NULL;
}

static const char *
setting(const struct ndl_conf *conf, const char *name)
{
	const char *const *found = find(fake.settings, name);

	(void)conf;
	return found ? *found : NULL;
}

static const char *const *
param_list(const struct ndl_task *task, const char *name)
{
	(void)task;
	return find(fake.params, name);
}

static const char *
param(const struct ndl_task *task, const char *name)
{
	const char *const *found = param_list(task, name);

	return found ? *found : NULL;
}

static const char *
task_id(const struct ndl_task *task)
{
	(void)task;
	return "t1";
}

static const char *const *
env(const struct ndl_task *task)
{
	static const char *const none[] = { NULL };

	(void)task;
	return fake.env ? fake.env : none;
}

static int
emit(struct ndl_task *task, unsigned stream, const void *data, size_t len)
{
	(void)task;
	if (len > NDL_EMIT_MAX)
		return -EMSGSIZE;
	if (len > fake.room)
		return -EAGAIN;
	fake.room -= len;
	return buf_add(&fake.out[stream == NDL_ERR], data, len);
}

static void
log_nothing(const struct ndl_host *h, struct ndl_task *task, unsigned level,
	const char *text)
{
	(void)h;
	(void)task;
	(void)level;
	(void)text;
}

static int64_t
now_ms(const struct ndl_host *h)
{
	(void)h;
	return clock_ms();
}

static int
is_elsewhere(const struct ndl_host *h, const char *id)
{
	(void)h, (void)id;
	return 0;
}

static void
left(const struct ndl_host *h, const char *what)
{
	(void)h, (void)what;
}

static const struct ndl_host table = { .size = sizeof table,
	.abi = NDL_ABI(NDL_ABI_MINOR),
	.setting = setting,
	.param = param,
	.param_list = param_list,
	.task_id = task_id,
	.env = env,
	.emit = emit,
	.log = log_nothing,
	.now_ms = now_ms,
	.is_elsewhere = is_elsewhere,
	.left = left,
	.agent = "agent1" };

void
fake_host_open(void)
{
	fake = (struct fake_host){ .room = SIZE_MAX };
	host = &table;
}

void
fake_host_close(void)
{
	buf_done(&fake.out[0]);
	buf_done(&fake.out[1]);
}
