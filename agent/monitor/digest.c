/* digest.c - all that shapes an executor, as one number */
#include "monitor/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fnv.h"
#include "proc/user.h"

static void
add_text(uint64_t *hash, const char *text)
{
	*hash = fnv_add(*hash, text ? text : "", text ? strlen(text) + 1 : 0);
}

/* As it is now: whatever changes its bytes, owner or mode changes one of
 * these. One that is not there is told apart, too. */
static void
add_file(uint64_t *hash, const char *path)
{
	struct stat st;
	uint64_t is[9] = { 0 };

	if (path && stat(path, &st) == 0) {
		is[0] = st.st_dev;
		is[1] = st.st_ino;
		is[2] = (uint64_t)st.st_size;
		is[3] = (uint64_t)st.st_mtim.tv_sec;
		is[4] = (uint64_t)st.st_ctim.tv_sec;
		is[5] = (uint64_t)st.st_mtim.tv_nsec;
		is[6] = (uint64_t)st.st_ctim.tv_nsec;
		is[7] = st.st_mode;
		is[8] = st.st_uid;
	}
	*hash = fnv_add(*hash, is, sizeof is);
}

static void
add_program(uint64_t *hash, const struct settings *s, const char *name)
{
	char path[4096];

	(void)snprintf(path, sizeof path, "%s/%s", s->libexec_dir, name);
	add_file(hash, path);
}

/* An executor looks names up once, when it starts. */
static void
add_user(uint64_t *hash, const char *name)
{
	AUTO(user_free) struct user *user = NULL;

	if (!name || user_new(name, &user, NULL) < 0)
		return;
	*hash = fnv_add(*hash, &user->id.uid, sizeof user->id.uid);
	*hash = fnv_add(*hash, &user->id.gid, sizeof user->id.gid);
	*hash = fnv_add(
		*hash, user->groups, user->id.n_groups * sizeof *user->groups);
}

void
digest_make(const struct settings *s, const struct plugin_file *plugin,
	const struct args *argv, struct digest *out)
{
	uint64_t hash = FNV_START;

	for (size_t i = 0; i < argv->n; i++)
		add_text(&hash, argv->list[i]);
	add_text(&hash, s->scratch_dir);
	add_text(&hash, sandbox_text(s->sandbox));
	add_text(&hash, getenv("LANG")); /* tasks have it */
	add_program(&hash, s, "nodelink-executor");
	add_program(&hash, s, "nodelink-shim");
	add_file(&hash, plugin->file);
	add_file(&hash, s->seccomp);
	add_user(&hash, s->user);
	for (size_t i = 0; i < s->n_allow_users; i++)
		add_user(&hash, s->allow_users[i]);
	(void)snprintf(out->text, sizeof out->text, "--digest=%016llx",
		(unsigned long long)hash);
}
