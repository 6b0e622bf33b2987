/* policy.c - what tasks may do here, as the settings say */
#include "monitor/policy.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/fd.h"

/* They are passed on as they stand. */
static int
split_directories(struct settings *s, struct err *err)
{
	const char *text = conf_text(s->conf, "tasks.directories");
	char *rest = NULL;

	s->directories_text = strdup(text ? text : "");
	if (!s->directories_text)
		return err_set(err, -ENOMEM, "out of memory");
	for (const char *dir = strtok_r(s->directories_text, ", \t", &rest);
		dir; dir = strtok_r(NULL, ", \t", &rest)) {
		if (*dir != '/')
			return err_set(err, -EINVAL,
				"directories of [tasks]: '%s' does not begin "
				"with /",
				dir);
		if (s->n_directories == LIMIT_DIRECTORIES)
			return err_set(err, -E2BIG,
				"directories of [tasks]: more than %d",
				LIMIT_DIRECTORIES);
		s->directories[s->n_directories++] = dir;
	}
	return 0;
}

/* What stands in it is the executors' business. */
static int
check_seccomp(struct settings *s, struct err *err)
{
	const char *file = conf_text(s->conf, "tasks.seccomp");
	AUTO_CLOSE int fd = -1;

	s->seccomp = strcmp(file, "none") == 0 ? NULL : file;
	if (!s->seccomp)
		return s->seccomp_required
			       ? err_set(err, -EINVAL,
					 "seccomp_required of [tasks] needs a "
					 "profile: seccomp = FILE")
			       : 0;
	if (*file != '/')
		return err_set(err, -EINVAL,
			"seccomp of [tasks] is none or a path that begins with "
			"/, not '%s'",
			file);
	if (!s->no_new_privs)
		return err_set(err, -EINVAL,
			"seccomp of [tasks] needs no_new_privs = yes");
	fd = fd_open(file, O_RDONLY | O_NONBLOCK);
	return fd < 0 ? err_set(err, fd, "cannot read seccomp profile '%s': %s",
				file, err_name(-fd))
		      : conf_trust(fd, "seccomp profile", file, false, err);
}

/* Whoever may give the plugin shell a task gains nothing by a hook. */
static bool
runs_command_lines(const struct settings *s)
{
	for (size_t i = 0; i < s->n_plugins; i++)
		if (strcmp(s->plugins[i].name, "shell") == 0)
			return true;
	return false;
}

int
policy_read(struct settings *s, struct err *err)
{
	int r = split_directories(s, err);

	s->max_timeout_ms = conf_number(s->conf, "tasks.max_timeout");
	s->no_new_privs = conf_bool(s->conf, "tasks.no_new_privs");
	s->seccomp_required = conf_bool(s->conf, "tasks.seccomp_required");
	s->hooks = conf_is_set(s->conf, "tasks.hooks")
			   ? conf_bool(s->conf, "tasks.hooks")
			   : runs_command_lines(s);
	return r < 0 ? r : check_seccomp(s, err);
}
