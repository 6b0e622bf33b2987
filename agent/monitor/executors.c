/* executors.c - the executors of all plugins, each at its place */
#include "monitor/executors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/place.h"
#include "monitor/gone.h"
#include "monitor/running.h"
#include "monitor/shape.h"
#include "monitor/worker.h"

enum { LEAVE_MS = 30000 }; /* beside the grace of tasks */

/* For the uplink only: plugins and tasks must not see it. */
static const char token_variable[] = "NODELINK_AGENT_TOKEN";

struct set;

struct place {
	struct set *set;
	unsigned number;
	struct worker *worker; /* NULL: nobody is there */
	bool retired;
};

struct set { /* the executors of one plugin */
	struct executors *all;
	const struct plugin_file *plugin;
	bool gone; /* it is not in our settings: nobody serves it */
	struct args argv; /* of each of them */
	struct digest digest;
	struct place places[LIMIT_PLACES];
};

struct executors {
	struct loop *loop;
	const struct settings *settings;
	struct set sets[2 * LIMIT_PLUGINS]; /* first those of our settings */
	size_t n;
	struct plugin_file gone[LIMIT_PLUGINS];
	size_t n_gone;
	loop_fn *done; /* NULL: not stopping */
	void *done_arg;
};

/* ------------------------------------------------------------------ places */

static char *
path_of(const char *dir, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}

static char *
socket_of(const struct place *p)
{
	struct place_name name;

	return path_of(p->set->all->settings->runtime_dir,
		place_socket(p->set->plugin->name, p->number, &name));
}

static char *
folder_of(const struct place *p)
{
	struct place_name name;

	return path_of(p->set->all->settings->scratch_dir,
		place_folder(p->set->plugin->name, p->number, &name));
}

static void stopped(void *arg);

static struct worker *
make_worker(struct place *p)
{
	const struct set *set = p->set;
	const struct settings *s = set->all->settings;
	struct worker_spec spec = {
		.kill_after_ms = s->drain_ms + s->max_grace_ms + LEAVE_MS,
		.outlives_us = s->leave,
		.socket = socket_of(p),
		.folder = folder_of(p),
		.socket_owner = s->uplink ? s->uplink->id.uid : geteuid(),
		.retired = p->retired,
		.only_once = set->gone && access(set->plugin->file, R_OK) < 0,
		.on_stopped = stopped,
		.arg = p,
	};
	struct args *argv = &spec.argv;

	if (asprintf(&spec.name, "executor '%s'", set->plugin->name) < 0)
		spec.name = NULL;
	for (size_t i = 0; i < set->argv.n; i++)
		args_add(argv, "%s", set->argv.list[i]);
	args_add(argv, "--socket=%s", spec.socket ? spec.socket : "");
	args_add(argv, "--scratch=%s", spec.folder ? spec.folder : "");
	if (s->uplink)
		args_add(argv, "--uplink-uid=%u", (unsigned)s->uplink->id.uid);
	if (p->retired)
		args_add(argv, "--retired");
	args_add_environment(&spec.envp, token_variable);
	if (!spec.socket || !spec.folder)
		argv->error = -ENOMEM; /* worker_new() looks there */
	return worker_new(set->all->loop, &spec);
}

static void
start_at(struct place *p, bool retired)
{
	p->retired = retired;
	p->worker = make_worker(p);
	if (p->worker)
		worker_start(p->worker);
	else
		log_error(-ENOMEM, "cannot start executor '%s'",
			p->set->plugin->name);
}

enum found { NOBODY, LEFT, SAME, OTHER };

/* Nobody can be found by the socket; one that is only about to listen has
 * locked its folder. */
static enum found
look_closer(const char *socket, const char *folder)
{
	AUTO_CLOSE int fd =
		fd_open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0)
		return OTHER;
	if (fd >= 0)
		return LEFT; /* the uplink waits for the next one there */
	(void)unlink(socket); /* else the uplink tries it for ever */
	return NOBODY;
}

/* Nobody, but something is left of one that was there; or one with our settings
 * or with others. */
static enum found
look_at(const struct place *p)
{
	AUTO_FREE char *socket = socket_of(p);
	AUTO_FREE char *folder = folder_of(p);
	pid_t pid = 0;
	AUTO_CLOSE int pidfd = -1;

	if (!socket || !folder)
		return NOBODY; /* out of memory: starting one will say so */
	pidfd = running_find(socket, &pid);
	if (pidfd >= 0 && p->set->gone)
		return running_is_executor(pid) ? OTHER : NOBODY;
	if (pidfd >= 0)
		return running_has(pid, p->set->digest.text) ? SAME : OTHER;
	return look_closer(socket, folder);
}

/* The one that gets the new tasks: one that runs with our settings, else a new
 * one at the first place that is free. LIMIT_PLACES: there is none. */
static size_t
choose(const enum found *found)
{
	size_t i = 0;

	while (i < LIMIT_PLACES && found[i] != SAME)
		i++;
	if (i == LIMIT_PLACES)
		for (i = 0; i < LIMIT_PLACES && found[i] == OTHER;)
			i++;
	return i;
}

/* All that is left of it is retired. */
static void
end_set(struct set *set)
{
	log_info("plugin '%s' is not one of ours any more: its executors get "
		 "no new tasks",
		set->plugin->name);
	for (size_t i = 0; i < LIMIT_PLACES; i++)
		if (look_at(&set->places[i]) != NOBODY)
			start_at(&set->places[i], true);
}

static void
start_set(struct set *set)
{
	enum found found[LIMIT_PLACES];
	size_t serving;

	for (size_t i = 0; i < LIMIT_PLACES; i++)
		found[i] = look_at(&set->places[i]);
	serving = choose(found);
	for (size_t i = 0; i < LIMIT_PLACES; i++)
		if (i == serving || found[i] != NOBODY)
			start_at(&set->places[i], i != serving);
	if (serving == LIMIT_PLACES)
		log_error(0,
			"executor '%s': %d of them still have tasks from "
			"earlier settings; new ones wait for one to end",
			set->plugin->name, LIMIT_PLACES);
}

/* -------------------------------------------------------------------- ends */

static bool
is_served(const struct set *set)
{
	for (size_t i = 0; i < LIMIT_PLACES; i++)
		if (set->places[i].worker && !set->places[i].retired)
			return true;
	return false;
}

static bool
any_left(const struct executors *e)
{
	for (size_t i = 0; i < e->n; i++)
		for (size_t k = 0; k < LIMIT_PLACES; k++)
			if (e->sets[i].places[k].worker)
				return true;
	return false;
}

/* Of one that was not started again, since its plugin has no file. */
static void
say_left(const struct place *p)
{
	AUTO_FREE char *folder = folder_of(p);
	AUTO_FREE char *socket = socket_of(p);

	if (p->set->all->done || !folder || access(folder, F_OK) < 0)
		return;
	if (socket)
		(void)unlink(socket); /* nobody will come */
	log_error(0,
		"there is no '%s': what its tasks have left in '%s' stays "
		"until an agent has the plugin",
		p->set->plugin->file, folder);
}

/* Told to, or a retired one by itself. */
static void
stopped(void *arg)
{
	struct place *p = arg;
	struct executors *e = p->set->all;

	if (p->set->gone)
		say_left(p);
	worker_free(TAKE(p->worker));
	if (e->done && !any_left(e))
		e->done(e->done_arg);
	else if (!e->done && !p->set->gone && !is_served(p->set))
		start_at(p, false);
}

/* ------------------------------------------------------------- being made */

static int
add_set(struct executors *e, const struct plugin_file *plugin, bool gone)
{
	struct set *set = &e->sets[e->n++];

	set->all = e;
	set->plugin = plugin;
	set->gone = gone;
	for (unsigned i = 0; i < LIMIT_PLACES; i++)
		set->places[i] = (struct place){ .set = set, .number = i };
	return shape_make(e->settings, plugin, &set->argv, &set->digest);
}

/* ------------------------------------------------------------------ public */

int
executors_new(struct loop *loop, const struct settings *settings,
	struct executors **out, struct err *err)
{
	AUTO(executors_free) struct executors *e = calloc(1, sizeof *e);
	int r;

	if (!e)
		return err_set(err, -ENOMEM, "out of memory");
	e->loop = loop;
	e->settings = settings;
	r = gone_find(settings, e->gone, &e->n_gone);
	if (r < 0)
		return err_set(err, r, "cannot look for executors in '%s': %s",
			settings->runtime_dir, err_name(-r));
	for (size_t i = 0; r == 0 && i < settings->n_plugins; i++)
		r = add_set(e, &settings->plugins[i], false);
	for (size_t i = 0; r == 0 && i < e->n_gone; i++)
		r = add_set(e, &e->gone[i], true);
	if (r < 0)
		return err_set(err, r, "out of memory");
	*out = TAKE(e);
	return 0;
}

void
executors_free(struct executors *e)
{
	if (!e)
		return;
	for (size_t i = 0; i < e->n; i++) {
		for (size_t k = 0; k < LIMIT_PLACES; k++)
			worker_free(e->sets[i].places[k].worker);
		args_done(&e->sets[i].argv);
	}
	gone_done(e->gone, e->n_gone);
	free(e);
}

void
executors_start(struct executors *e)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->sets[i].gone)
			end_set(&e->sets[i]);
		else
			start_set(&e->sets[i]);
}

void
executors_stop(struct executors *e, loop_fn *done, void *arg)
{
	e->done = done;
	e->done_arg = arg;
	for (size_t i = 0; i < e->n; i++)
		for (size_t k = 0; k < LIMIT_PLACES; k++)
			if (e->sets[i].places[k].worker)
				worker_stop(e->sets[i].places[k].worker);
	if (!any_left(e))
		done(arg);
}
