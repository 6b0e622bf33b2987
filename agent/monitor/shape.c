/* shape.c - what an executor is started with */
#include "monitor/shape.h"

#include <stdio.h>
#include <string.h>

#include "conf/conf.h"

struct for_plugin {
	const char *plugin;
	struct args *argv;
};

static int
add_setting(void *arg, const char *name, const char *key, const char *value,
	const char *where)
{
	const struct for_plugin *f = arg;

	(void)where;
	if (strcmp(name, f->plugin) == 0) {
		args_add(f->argv, "--setting");
		args_add(f->argv, "%s=%s", key, value);
	}
	return 0;
}

static void
add_limits(struct args *argv, const struct conf *conf)
{
	static const char *const names[] = { "pids", "memory", "cpu",
		"open_files", "file_size" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char key[48];
		const char *value;

		(void)snprintf(key, sizeof key, "limits.%s", names[i]);
		value = conf_text(conf, key);
		if (value)
			args_add(argv, "--limit=%s=%s", names[i], value);
		(void)snprintf(key, sizeof key, "limits.max_%s", names[i]);
		value = conf_text(conf, key);
		if (value)
			args_add(argv, "--max-limit=%s=%s", names[i], value);
	}
}

static void
add_policy(struct args *argv, const struct settings *s)
{
	if (s->user)
		args_add(argv, "--user=%s", s->user);
	for (size_t i = 0; i < s->n_allow_users; i++)
		args_add(argv, "--allow-user=%s", s->allow_users[i]);
	for (size_t i = 0; i < s->n_directories; i++)
		args_add(argv, "--directory=%s", s->directories[i]);
	args_add(argv, "--max-timeout=%lldms", (long long)s->max_timeout_ms);
	if (s->no_new_privs)
		args_add(argv, "--no-new-privs");
	if (s->seccomp)
		args_add(argv, "--seccomp=%s", s->seccomp);
	if (s->seccomp_required)
		args_add(argv, "--seccomp-required");
	if (!s->hooks)
		args_add(argv, "--no-hooks");
	add_limits(argv, s->conf);
}

int
shape_make(const struct settings *s, const struct plugin_file *plugin,
	struct args *argv, struct digest *digest)
{
	struct for_plugin f = { plugin->name, argv };

	args_add(argv, "%s/nodelink-executor", s->libexec_dir);
	args_add(argv, "--plugin=%s", plugin->file);
	args_add(argv, "--agent-id=%s", s->id);
	args_add(argv, "--max-grace=%lldms", (long long)s->max_grace_ms);
	args_add(argv, "--drain=%lldms", (long long)s->drain_ms);
	args_add(argv, "--containment=%s", s->containment);
	args_add(argv, "--spool-limit=%lld", (long long)s->spool_limit);
	args_add(argv, "--log-level=%s", s->log_level);
	add_policy(argv, s);
	(void)conf_each(s->conf, add_setting, &f); /* never fails */
	digest_make(s, plugin, argv, digest);
	args_add(argv, "%s", digest->text);
	return argv->error;
}
