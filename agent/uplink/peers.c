/* peers.c - the executors of this host: find, connect, stay connected */
#include "uplink/peers.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/place.h"
#include "uplink/group.h"

enum {
	PAUSE_MIN_MS = 5, /* a socket is there a moment before it listens */
	PAUSE_MAX_MS = 5000,
	ANSWER_MS = 3000, /* a busy host's executor takes a while */
	/* The monitor starts one again where one has died, at the latest after
	 * 10 s. Before that nobody knows what the dead one has left. */
	REPLACED_MS = 30000,
	RESCAN_MS = 1000, /* where inotify is not to be had */
};

struct peers {
	struct loop *loop;
	char *dir;
	struct peers_ops ops;
	void *arg;
	struct peer *first;
	size_t n;
	int inotify; /* -1: none */
	struct loop_watch *watch;
	struct loop_timer *rescan;
};

/* -------------------------------------------------------------- connections */

static void
try_later(struct peer *peer)
{
	loop_timer_set(peer->retry, peer->pause_ms);
	peer->pause_ms *= 2;
	if (peer->pause_ms > PAUSE_MAX_MS)
		peer->pause_ms = PAUSE_MAX_MS;
}

static void
link_frame(void *arg, const uint8_t *payload, size_t len)
{
	struct peer *peer = arg;

	peer->pause_ms = PAUSE_MIN_MS; /* it is one of ours, and talks */
	peer->all->ops.on_frame(peer->all->arg, peer, payload, len);
}

static void
link_drained(void *arg)
{
	struct peer *peer = arg;

	peer->all->ops.on_drained(peer->all->arg, peer);
}

static void
link_end(void *arg, int r)
{
	struct peer *peer = arg;

	link_free(TAKE(peer->link));
	peer->gone = false; /* the next try tells */
	try_later(peer);
	peer->all->ops.on_down(peer->all->arg, peer,
		r < 0 ? err_name(-r) : "executor closed the connection");
}

static const struct link_ops link_ops = { link_frame, link_drained, link_end };

/* A connected socket or -errno. Unix sockets connect at once or never. */
static int
connect_to(const struct peer *peer)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	AUTO_CLOSE int fd = -1;
	struct place_name name;
	int n = snprintf(addr.sun_path, sizeof addr.sun_path, "%s/%s",
		peer->all->dir, place_socket(peer->plugin, peer->place, &name));

	if (n < 0 || (size_t)n >= sizeof addr.sun_path)
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&addr, sizeof addr) < 0)
		return -errno;
	return TAKE_FD(fd);
}

/* Whoever may be asked to run tasks must be us or root. */
static bool
is_trusted(const struct peer *peer)
{
	int uid = link_peer_uid(peer->link);

	if (uid == 0 || uid == (int)geteuid())
		return true;
	log_warn(0,
		"executor socket of plugin '%s' belongs to user %d: "
		"not connected",
		peer->plugin, uid);
	return false;
}

static void
found_nobody(struct peer *peer)
{
	peer->refused_ms = 0;
	if (peer->gone)
		return;
	peer->gone = true;
	peer->all->ops.on_gone(peer->all->arg, peer);
}

/* One that ends in good order takes its socket away. This one has died, and the
 * next one there speaks for it. */
static void
found_dead(struct peer *peer)
{
	if (!peer->refused_ms)
		peer->refused_ms = clock_ms();
	if (peer->gone || clock_ms() - peer->refused_ms < REPLACED_MS)
		return;
	log_warn(0,
		"plugin '%s': nobody has come in %d s to the place of an "
		"executor that died",
		peer->plugin, REPLACED_MS / 1000);
	found_nobody(peer);
}

static void
try_now(void *arg)
{
	struct peer *peer = arg;
	struct peers *peers = peer->all;
	int fd;

	if (peer->link)
		return;
	fd = connect_to(peer);
	if (fd == -ENOENT)
		found_nobody(peer);
	else if (fd == -ECONNREFUSED)
		found_dead(peer);
	else
		peer->refused_ms = 0;
	if (fd == -ENOENT)
		return; /* inotify will say when it is there again */
	if (fd >= 0)
		peer->link = link_new(peers->loop, fd, &link_ops, peer);
	else
		log_debug("plugin '%s' not connected: %s", peer->plugin,
			err_name(-fd));
	if (peer->link && !is_trusted(peer)) {
		link_free(TAKE(peer->link));
		found_nobody(peer);
	}
	if (!peer->link) {
		try_later(peer);
		return;
	}
	peer->gone = false;
	peers->ops.on_up(peers->arg, peer);
}

static void
answer_is_late(void *arg)
{
	struct peer *peer = arg;

	peer->awaited = false;
	peer->silent = true;
	peer->all->ops.on_late(peer->all->arg, peer);
}

/* -------------------------------------------------------------------- names */

static void
peer_free(struct peer *peer)
{
	link_free(peer->link);
	group_forget(peer);
	loop_timer_free(peer->retry);
	loop_timer_free(peer->late);
	free(peer);
}

static struct peer *
peer_new(struct peers *peers, const char *plugin, unsigned place)
{
	struct peer *peer = calloc(1, sizeof *peer);

	if (!peer)
		return NULL;
	peer->retry = loop_timer_new(peers->loop, try_now, peer);
	peer->late = loop_timer_new(peers->loop, answer_is_late, peer);
	if (!peer->retry || !peer->late) {
		peer_free(peer);
		return NULL;
	}
	(void)snprintf(peer->plugin, sizeof peer->plugin, "%s", plugin);
	peer->place = place;
	peer->all = peers;
	return peer;
}

static void
peer_seen(struct peers *peers, const char *plugin, unsigned place)
{
	struct peer *peer = peers->first;
	struct peer **end = &peers->first;

	while (peer &&
		(peer->place != place || strcmp(peer->plugin, plugin) != 0))
		peer = peer->next;
	if (!peer && peers->n >= LIMIT_PLUGINS * LIMIT_PLACES) {
		log_warn(0, "plugin '%s' ignored: more than %d executors",
			plugin, LIMIT_PLUGINS * LIMIT_PLACES);
		return;
	}
	if (!peer) {
		peer = peer_new(peers, plugin, place);
		if (!peer) {
			log_error(-ENOMEM, "plugin '%s' ignored", plugin);
			return;
		}
		while (*end)
			end = &(*end)->next;
		*end = peer;
		peers->n++;
	}
	peer->pause_ms = PAUSE_MIN_MS;
	if (!peer->link)
		loop_timer_set(peer->retry, 0);
}

static void
file_seen(struct peers *peers, const char *name)
{
	char plugin[ID_MAX];
	unsigned place;

	if (place_parse(name, plugin, &place))
		peer_seen(peers, plugin, place);
}

static int
scan(struct peers *peers)
{
	DIR *dir = opendir(peers->dir);
	const struct dirent *entry;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir)) != NULL)
		file_seen(peers, entry->d_name);
	(void)closedir(dir); /* only read */
	return 0;
}

static void
rescan(void *arg)
{
	struct peers *peers = arg;

	(void)scan(peers); /* a folder that is gone may come back */
	loop_timer_set(peers->rescan, RESCAN_MS);
}

static void
folder_changed(void *arg, int fd, unsigned ready)
{
	_Alignas(struct inotify_event) char events[4096];
	struct peers *peers = arg;
	ssize_t n = read(fd, events, sizeof events);
	size_t at = 0;

	(void)ready;
	while (n > 0 && at < (size_t)n) {
		const struct inotify_event *event = (const void *)(events + at);

		if (event->mask & IN_Q_OVERFLOW)
			(void)scan(peers); /* as in rescan() */
		else if (event->len)
			file_seen(peers, event->name);
		at += sizeof *event + event->len;
	}
}

/* Without inotify (a user has only so many) we look once a second. */
static int
start_looking(struct peers *peers)
{
	peers->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (peers->inotify >= 0 &&
		inotify_add_watch(peers->inotify, peers->dir,
			IN_CREATE | IN_MOVED_TO | IN_ONLYDIR) >= 0) {
		peers->watch = loop_watch_new(peers->loop, peers->inotify,
			LOOP_READ, folder_changed, peers);
		return peers->watch ? scan(peers) : -ENOMEM;
	}
	log_warn(-errno, "cannot watch '%s', looking every %d ms instead",
		peers->dir, RESCAN_MS);
	peers->rescan = loop_timer_new(peers->loop, rescan, peers);
	if (!peers->rescan)
		return -ENOMEM;
	loop_timer_set(peers->rescan, RESCAN_MS);
	return scan(peers);
}

/* ------------------------------------------------------------------- public */

int
peers_new(struct loop *loop, const char *dir, const struct peers_ops *ops,
	void *arg, struct peers **out, struct err *err)
{
	AUTO(peers_free) struct peers *peers = calloc(1, sizeof *peers);
	int r;

	if (!peers)
		return err_set(err, -ENOMEM, "out of memory");
	peers->inotify = -1;
	peers->loop = loop;
	peers->ops = *ops;
	peers->arg = arg;
	peers->dir = strdup(dir);
	if (!peers->dir)
		return err_set(err, -ENOMEM, "out of memory");
	r = start_looking(peers);
	if (r < 0)
		return err_set(err, r, "cannot read runtime directory '%s': %s",
			dir, err_name(-r));
	*out = TAKE(peers);
	return 0;
}

void
peers_free(struct peers *peers)
{
	struct peer *next;

	if (!peers)
		return;
	for (struct peer *peer = peers->first; peer; peer = next) {
		next = peer->next;
		peer_free(peer);
	}
	loop_watch_free(peers->watch);
	loop_timer_free(peers->rescan);
	if (peers->inotify >= 0)
		(void)close(peers->inotify);
	free(peers->dir);
	free(peers);
}

void
peers_await(struct peer *peer)
{
	peer->awaited = true;
	loop_timer_set(peer->late, ANSWER_MS);
}

void
peers_await_stop(struct peer *peer)
{
	peer->awaited = false;
	loop_timer_stop(peer->late);
}

struct peer *
peers_find(const struct peers *peers, const char *plugin)
{
	struct peer *peer = peers->first;

	while (peer && strcmp(peer->plugin, plugin) != 0)
		peer = peer->next;
	return peer;
}

struct peer *
peers_next(const struct peers *peers, struct peer *previous)
{
	return previous ? previous->next : peers->first;
}
