/* confine.c - what nodelink-server needs of the host once it runs
 *
 * What the settings name may be read, with what else is in the folders of these
 * files; what is written has its line here. */
#include "confine.h"

#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "store/store.h"
#include "webhook/url.h"

enum { LOW_PORTS = 1024, DNS_PORT = 53 };

/* Keys usually stand beside the settings, which are no secret; but nothing
 * should be written there. */
static bool
is_shared(const struct settings *set, const char *folder, bool write)
{
	static const char *const shared[] = { "/", "/etc",
		"/etc/pki/tls/private", "/etc/ssl/private", "/home", "/opt",
		"/root", "/run", "/srv", "/tmp", "/usr", "/usr/local", "/var",
		"/var/lib", "/var/log", "/var/tmp" };
	const char *file = conf_file(set->conf);
	AUTO_FREE char *copy = file ? strdup(file) : NULL;

	for (size_t i = 0; i < ARRAY_SIZE(shared); i++)
		if (strcmp(folder, shared[i]) == 0)
			return true;
	return write && (strcmp(folder, "/etc/nodelink") == 0 ||
				(copy && strcmp(folder, dirname(copy)) == 0));
}

/* Files are replaced, so a rule is about the folder of one: whoever takes us
 * over has what else is in it. */
static void
warn_if_shared(const struct settings *set, const char *path, bool write)
{
	AUTO_FREE char *target = path ? realpath(path, NULL) : NULL;
	const char *const names[] = { path, target };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		AUTO_FREE char *copy = names[i] ? strdup(names[i]) : NULL;
		const char *folder = copy ? dirname(copy) : "";

		if (!is_shared(set, folder, write))
			continue;
		log_warn(0,
			"'%s' should have a folder of its own: the sandbox "
			"leaves all of '%s' to the server%s",
			path, folder, write ? "" : ", to read");
		return;
	}
}

struct reading {
	struct sandbox *sandbox;
	const struct settings *set;
};

static bool
is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static void
add_read(void *arg, const char *path)
{
	const struct reading *r = arg;
	const struct settings *set = r->set;

	if (path == set->tmp_dir || path == set->auth || path == set->audit)
		return; /* written, if at all */
	sandbox_add(r->sandbox,
		(struct sandbox_path){ .path = path, .folder = true });
	if (!is_folder(path))
		warn_if_shared(set, path, false);
}

static void
add_paths(struct sandbox *s, const struct settings *set)
{
	const struct sandbox_path paths[] = {
		{ .path = set->store, .write = true },
		{ .path = set->store ? NULL : set->tmp_dir, .write = true },
		/* databases have companions, logs are renamed */
		{ .path = set->auth, .write = true, .folder = true },
		{ .path = set->audit, .write = true, .folder = true },
	};
	struct reading reading = { s, set };

	sandbox_add_system(s);
	conf_each_path(set->conf, add_read, &reading);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		sandbox_add(s, paths[i]);
	warn_if_shared(set, set->auth, true);
	warn_if_shared(set, set->audit, true);
	if (strncmp(set->grpc_listen, "unix:", 5) == 0)
		sandbox_add(
			s, (struct sandbox_path){ .path = set->grpc_listen + 5,
				   .write = true,
				   .folder = true });
}

static bool
is_low(uint16_t port)
{
	return port && port < LOW_PORTS;
}

/* The endpoint's port and that of name servers, or any for those of tasks. */
static void
add_calls(struct sandbox *s, const struct settings *set)
{
	struct url url;
	struct err none;

	s->any_port = set->webhook.per_task;
	/* webhook_new() says what is wrong with it */
	if (set->webhook.url &&
		url_check(set->webhook.url, true, &url, &none) == 0) {
		s->ports[0] = url.port;
		s->ports[1] = DNS_PORT;
	}
}

int
confine(const struct settings *set, struct sandbox *out, struct err *err)
{
	/* It cannot be made any more when Landlock does not know it. */
	int r = set->store ? store_sqlite_folder(set->store, err) : 0;

	*out = (struct sandbox){ .profile = settings_tells(set)
						    ? &sandbox_server_calling
						    : &sandbox_server,
		.seccomp = set->seccomp,
		.low_port = is_low(set->http_port) || is_low(set->grpc_port) };
	if (settings_tells(set))
		add_calls(out, set);
	if (set->landlock)
		add_paths(out, set);
	return r < 0 ? r : sandbox_confine(out, err);
}
