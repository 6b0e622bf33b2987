/* users.c - who tasks run as, as the settings say */
#include "monitor/users.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "proc/user.h"

/* A task of root's own is an exception that somebody has to ask for. */
static const char root_default[] = "nobody";

static int
look_up(const char *key, const char *name, struct err *err)
{
	AUTO(user_free) struct user *user = NULL;
	struct err why;
	int r = user_new(name, &user, &why);

	return r < 0 ? err_set(err, r, "%s of [tasks]: %s", key, why.text) : 0;
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
		r = look_up("allow_users", name, err);
	}
	return r;
}

int
users_read(struct settings *s, struct err *err)
{
	const char *allowed = conf_text(s->conf, "tasks.allow_users");
	int r;

	s->user = conf_text(s->conf, "tasks.user");
	if (!s->user && geteuid() == 0)
		s->user = root_default;
	r = s->user ? look_up("user", s->user, err) : 0;
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

int
users_check_scratch(const struct settings *s, struct err *err)
{
	int r = s->user ? check_one(s, s->user, err) : 0;

	for (size_t i = 0; i < s->n_allow_users && r == 0; i++)
		r = check_one(s, s->allow_users[i], err);
	return r;
}
