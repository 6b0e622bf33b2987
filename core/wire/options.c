/* options.c - what a start asks for whatever its plugin, to and from protobuf */
#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "wire/convert.h"

static const char *const when_names[] = {
	[MSG_ALWAYS] = "always",
	[MSG_CANCELLED] = "cancelled",
	[MSG_FAILED] = "failed",
};

static const char *const seccomp_names[] = {
	[MSG_SECCOMP_ANY] = "",
	[MSG_SECCOMP_DEFAULT] = "default",
	[MSG_SECCOMP_NONE] = "none",
};

/* Which of the n; -1: none of them. */
static int
find_name(const char *const *names, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], text) == 0)
			return (int)i;
	return -1;
}

/* ------------------------------------------------------------------- limits */

static bool
any_limit(const struct msg_limits *l)
{
	return l->pids || l->memory || l->cpu_milli || l->open_files ||
	       l->file_size;
}

int
convert_put_limits(struct arena *a, const struct msg_limits *from,
	Nodelink__V1__Limits **out)
{
	Nodelink__V1__Limits *m;

	if (!any_limit(from))
		return 0;
	m = arena_alloc(a, sizeof *m);
	if (!m)
		return -ENOMEM;
	nodelink__v1__limits__init(m);
	m->pids = from->pids;
	m->memory = from->memory;
	m->cpu_milli = from->cpu_milli;
	m->open_files = from->open_files;
	m->file_size = from->file_size;
	*out = m;
	return 0;
}

struct msg_limits
convert_get_limits(const Nodelink__V1__Limits *m)
{
	if (!m)
		return (struct msg_limits){ 0 };
	return (struct msg_limits){ .pids = m->pids,
		.memory = m->memory,
		.cpu_milli = m->cpu_milli,
		.open_files = m->open_files,
		.file_size = m->file_size };
}

/* -------------------------------------------------------------------- hooks */

static void
put_hook(const struct msg_hook *from, Nodelink__V1__Hook *m)
{
	nodelink__v1__hook__init(m);
	m->cmd = convert_text(from->cmd);
	if (from->when != MSG_ALWAYS)
		m->when = convert_text(when_names[from->when]);
	m->timeout_ms = from->timeout_ms;
}

static int
put_hooks(struct arena *a, const struct msg_start *start,
	Nodelink__V1__TaskOptions *m)
{
	Nodelink__V1__Hook *hooks =
		arena_array(a, start->n_cleanup + 1, sizeof *hooks);

	m->cleanup = arena_array(a, start->n_cleanup, sizeof(*m->cleanup));
	if (!hooks || !m->cleanup)
		return -ENOMEM;
	m->n_cleanup = start->n_cleanup;
	for (size_t i = 0; i < start->n_cleanup; i++) {
		put_hook(&start->cleanup[i], &hooks[i]);
		m->cleanup[i] = &hooks[i];
	}
	if (start->pre_stop.cmd && *start->pre_stop.cmd) {
		m->pre_stop = &hooks[start->n_cleanup];
		put_hook(&start->pre_stop, m->pre_stop);
	}
	return 0;
}

static int
get_hook(const char *what, const Nodelink__V1__Hook *m, struct msg_hook *out,
	struct err *err)
{
	size_t len = strlen(m->cmd);
	int when = *m->when ? find_name(when_names, ARRAY_SIZE(when_names),
				      m->when)
			    : MSG_ALWAYS;

	if (!len)
		return err_set(err, -EBADMSG, "%s without cmd", what);
	if (len > LIMIT_HOOK_CMD)
		return err_set(err, -EBADMSG,
			"%s has a cmd of %zu bytes, the limit is %d", what, len,
			LIMIT_HOOK_CMD);
	if (m->timeout_ms < 0 || m->timeout_ms > LIMIT_HOOK_S * 1000)
		return err_set(err, -EBADMSG,
			"%s has a timeout of %lld ms, the limit is %d s", what,
			(long long)m->timeout_ms, LIMIT_HOOK_S);
	if (when < 0)
		return err_set(
			err, -EBADMSG, "%s has when '%.32s'", what, m->when);
	out->cmd = m->cmd;
	out->when = (enum msg_when)when;
	out->timeout_ms = m->timeout_ms;
	return 0;
}

static int
get_hooks(struct arena *a, const Nodelink__V1__TaskOptions *m,
	struct msg_start *out, struct err *err)
{
	struct msg_hook *cleanup;
	int r = 0;

	if (m->n_cleanup > LIMIT_HOOKS)
		return err_set(err, -EBADMSG,
			"%zu cleanup hooks, the limit is %d", m->n_cleanup,
			LIMIT_HOOKS);
	cleanup = arena_array(a, m->n_cleanup, sizeof *cleanup);
	if (!cleanup)
		return -ENOMEM;
	for (size_t i = 0; i < m->n_cleanup && r == 0; i++)
		r = get_hook("cleanup hook", m->cleanup[i], &cleanup[i], err);
	if (r == 0 && m->pre_stop)
		r = get_hook("pre_stop hook", m->pre_stop, &out->pre_stop, err);
	out->cleanup = cleanup;
	out->n_cleanup = m->n_cleanup;
	return r;
}

/* ------------------------------------------------------------------ options */

int
convert_put_options(struct arena *a, const struct msg_start *start,
	Nodelink__V1__TaskRequest *req)
{
	Nodelink__V1__TaskOptions *m = arena_alloc(a, sizeof *m);
	Nodelink__V1__EnvVar *env;
	int r;

	if (!m)
		return -ENOMEM;
	nodelink__v1__task_options__init(m);
	m->attempt = start->attempt;
	m->timeout_ms = start->timeout_ms;
	m->grace_ms = start->grace_ms;
	m->stop_signal = start->stop_signal;
	m->output_limit = start->output_limit;
	m->window = start->window;
	m->orphans = convert_text(start->wait_orphans ? "wait" : "");
	m->containment = convert_text(start->strict ? "strict" : "");
	m->idle_timeout_ms = start->idle_timeout_ms;
	m->user = convert_text(start->user);
	m->seccomp = convert_text(seccomp_names[start->seccomp]);
	m->env = arena_array(a, start->n_env, sizeof(*m->env));
	env = arena_array(a, start->n_env, sizeof *env);
	if (!m->env || !env)
		return -ENOMEM;
	m->n_env = start->n_env;
	for (size_t i = 0; i < start->n_env; i++) {
		nodelink__v1__env_var__init(&env[i]);
		env[i].name = convert_text(start->env[i].name);
		env[i].value = convert_text(start->env[i].value);
		m->env[i] = &env[i];
	}
	req->options = m;
	r = convert_put_limits(a, &start->limits, &m->limits);
	return r < 0 ? r : put_hooks(a, start, m);
}

static int
get_env(struct arena *a, const Nodelink__V1__TaskOptions *m,
	struct msg_start *out, struct err *err)
{
	struct msg_env *env;

	if (m->n_env > LIMIT_LIST)
		return err_set(err, -EBADMSG,
			"env has %zu members, the limit is %d", m->n_env,
			LIMIT_LIST);
	env = arena_array(a, m->n_env, sizeof *env);
	if (!env)
		return -ENOMEM;
	for (size_t i = 0; i < m->n_env; i++) {
		env[i].name = m->env[i]->name;
		env[i].value = m->env[i]->value;
	}
	out->env = env;
	out->n_env = m->n_env;
	return 0;
}

/* No end at all would be a way around whatever bounds it. */
static int
check_times(const Nodelink__V1__TaskOptions *m, struct err *err)
{
	if (m->timeout_ms < 0)
		return err_set(err, -EBADMSG, "a timeout of %lld ms",
			(long long)m->timeout_ms);
	if (m->idle_timeout_ms < 0)
		return err_set(err, -EBADMSG, "an idle timeout of %lld ms",
			(long long)m->idle_timeout_ms);
	return 0;
}

int
convert_get_options(struct arena *a, const Nodelink__V1__TaskOptions *m,
	struct msg_start *out, struct err *err)
{
	int r = m ? check_times(m, err) : 0, seccomp;

	if (r < 0)
		return r;
	if (m && *m->user)
		out->user = m->user;
	else if (!out->user)
		out->user = "";
	if (strlen(out->user) > LIMIT_USER)
		return err_set(err, -EBADMSG,
			"user has a name of %zu bytes, the limit is %d",
			strlen(out->user), LIMIT_USER);
	out->pre_stop.cmd = "";
	if (!m)
		return 0;
	seccomp =
		find_name(seccomp_names, ARRAY_SIZE(seccomp_names), m->seccomp);
	if (seccomp < 0) /* to ignore it could mean a task less confined */
		return err_set(err, -EBADMSG, "seccomp is '%.32s'", m->seccomp);
	out->seccomp = (enum msg_seccomp)seccomp;
	out->attempt = m->attempt;
	out->timeout_ms = m->timeout_ms;
	out->grace_ms = m->grace_ms;
	out->stop_signal = m->stop_signal;
	out->output_limit = m->output_limit;
	out->window = m->window;
	out->wait_orphans = strcmp(m->orphans, "wait") == 0;
	out->strict = strcmp(m->containment, "strict") == 0;
	out->idle_timeout_ms = m->idle_timeout_ms;
	out->limits = convert_get_limits(m->limits);
	r = get_env(a, m, out, err);
	return r < 0 ? r : get_hooks(a, m, out, err);
}
