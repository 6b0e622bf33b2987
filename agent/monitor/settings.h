/* settings.h - what nodelink-agent was told, checked, and the plugins it has */
#ifndef NODELINK_MONITOR_SETTINGS_H
#define NODELINK_MONITOR_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/id.h"
#include "base/limits.h"
#include "conf/conf.h"
#include "proc/user.h"
#include "sandbox/sandbox.h"

struct plugin_file {
	char name[ID_MAX];
	char *file;
};

struct settings {
	struct conf *conf; /* owns the texts */
	const char *id, *server, *log_level;
	const char *token_file; /* NULL: none */
	const char *ca, *cert, *key; /* NULL: no TLS */
	const char *runtime_dir, *scratch_dir, *plugin_dir, *libexec_dir;
	const char *containment;
	struct user *uplink; /* who runs it; NULL: we */
	const char *user; /* of tasks; NULL: ours */
	const char *allow_users[LIMIT_USERS]; /* others that they may name */
	size_t n_allow_users;
	char *allow_text; /* theirs */
	const char *directories[LIMIT_DIRECTORIES]; /* that they may begin in */
	size_t n_directories; /* 0: any */
	char *directories_text; /* theirs */
	int64_t max_timeout_ms; /* 0: any */
	bool no_new_privs;
	bool hooks; /* that come with tasks are run */
	enum sandbox_seccomp sandbox; /* [sandbox] seccomp */
	bool landlock; /* of the uplink */
	const char *seccomp; /* profile for them; NULL: none */
	bool seccomp_required;
	bool leave; /* on_stop: the executors go on */
	int64_t max_grace_ms, drain_ms;
	int64_t spool_limit; /* bytes */
	bool check;
	struct plugin_file plugins[LIMIT_PLUGINS]; /* by name */
	size_t n_plugins;
	char default_scratch[4096];
};

/* 0; CONF_EXIT: help or version was printed; -errno with text. settings_done()
 * follows in any case. */
int settings_read(struct settings *s, int argc, char **argv, struct err *err);
void settings_done(struct settings *s);

/* What --check says. */
void settings_print(const struct settings *s);

#endif
