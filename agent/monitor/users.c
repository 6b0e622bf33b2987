/* users.c - who tasks and the uplink run as, as the settings say */
#include "monitor/users.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "proc/user.h"

/* A task of root's own is an exception that somebody has to ask for. */
static const char root_default[] = "nobody";

/* Executors know the uplink by its number. */
static int
look_up(const struct settings *s, const char *key, const char *name,
	struct err *err)
{
	AUTO(user_free) struct user *user = NULL;
	struct err why;
	int r = user_new(name, &user, &why);

	if (r < 0)
		return err_set(err, r, "%s of [tasks]: %s", key, why.text);
	if (s->uplink && user->id.uid == s->uplink->id.uid)
		return err_set(err, -EINVAL,
			"%s of [tasks]: '%s' is the uplink's user, and a task "
			"of it could pass for the uplink; choose another, or "
			"another uplink_user in [agent]",
			key, name);
	return 0;
}

static int
find_uplink(struct settings *s, struct err *err)
{
	const char *name = conf_text(s->conf, "agent.uplink_user");
	struct err why;
	int r;

	if (!name && geteuid() != 0)
		return 0;
	r = user_new(name ? name : UPLINK_USER, &s->uplink, &why);
	if (r == -EINVAL && !name)
		return 0; /* there is no such account */
	if (r < 0)
		return err_set(err, r, "uplink_user of [agent]: %s", why.text);
	if (s->uplink->is_us)
		user_free(TAKE(s->uplink));
	return 0;
}

static int
split_allowed(struct settings *s, struct err *err)
{
	char *rest = NULL;
	int r = 0;

	for (const char *name = strtok_r(s->allow_text, ", \t", &rest);
		r == 0 && name; name = strtok_r(NULL, ", \t", &rest)) {
		if (s->n_allow_users == LIMIT_USERS)
			return err_set(err, -E2BIG,
				"allow_users of [tasks]: more than %d names",
				LIMIT_USERS);
		s->allow_users[s->n_allow_users++] = name;
		r = look_up(s, "allow_users", name, err);
	}
	return r;
}

int
users_read(struct settings *s, struct err *err)
{
	const char *allowed = conf_text(s->conf, "tasks.allow_users");
	int r = find_uplink(s, err);

	if (r < 0)
		return r;
	s->user = conf_text(s->conf, "tasks.user");
	if (!s->user && geteuid() == 0)
		s->user = root_default;
	r = s->user ? look_up(s, "user", s->user, err) : 0;
	if (r < 0 || !allowed)
		return r;
	s->allow_text = strdup(allowed);
	if (!s->allow_text)
		return err_set(err, -ENOMEM, "out of memory");
	return split_allowed(s, err);
}

static int
check_one(const struct settings *s, const char *name, struct err *err)
{
	AUTO(user_free) struct user *user = NULL;
	int r = user_new(name, &user, err);

	if (r < 0)
		return r;
	r = user_can_enter(user, s->scratch_dir);
	return r < 0 ? err_set(err, r,
			       "user '%s' cannot reach the folders of tasks in "
			       "'%s': %s; a directory above is closed to "
			       "others: open it, choose another scratch_dir, or "
			       "another user in [tasks]",
			       name, s->scratch_dir, err_name(-r))
		     : 0;
}

static int
check_uplink(const struct settings *s, struct err *err)
{
	int r = s->uplink ? user_can_read(s->uplink, s->runtime_dir) : 0;

	return r < 0 ? err_set(err, r,
			       "user '%s', who runs the uplink, cannot look "
			       "into runtime directory '%s': %s; open it and "
			       "those above to others (mode 0755), choose "
			       "another runtime_dir, or say who else runs the "
			       "uplink in uplink_user",
			       s->uplink->name, s->runtime_dir, err_name(-r))
		     : 0;
}

int
users_check_folders(const struct settings *s, struct err *err)
{
	int r = check_uplink(s, err);

	if (r == 0 && s->user)
		r = check_one(s, s->user, err);
	for (size_t i = 0; i < s->n_allow_users && r == 0; i++)
		r = check_one(s, s->allow_users[i], err);
	return r;
}
