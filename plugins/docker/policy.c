/* policy.c - what this node lets tasks do with its engine */
#include "policy.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "engine.h"

#define SEPARATORS ", \t"

const struct ndl_field policy_settings[] = {
	{ "socket", "/var/run/docker.sock", "the engine's socket", NDL_PATH,
		0 },
	{ "images", "*", "images that tasks may use, as patterns", NDL_TEXT,
		0 },
	{ "networks", "bridge, none", "networks; the first is the default",
		NDL_TEXT, 0 },
	{ "users", "*",
		"users in the container, as patterns; the first that is none "
		"is the default, or with * the image's",
		NDL_TEXT, 0 },
	{ "mounts", "", "folders of the host and volumes: PATH or PATH:ro",
		NDL_TEXT, 0 },
	{ "containers", "",
		"containers not made by tasks that tasks may "
		"start, stop and read, as patterns",
		NDL_TEXT, 0 },
	{ "caps", "", "capabilities that containers keep", NDL_TEXT, 0 },
	{ "memory", NULL, "most memory of a container", NDL_SIZE, 0 },
	{ "cpus", NULL, "most processors of a container", NDL_TEXT, 0 },
	{ "pids", "4096", "most processes of a container, 0: any", NDL_INT, 0 },
	{ "init", "yes", "run the engine's init in containers", NDL_BOOL, 0 },
	{ 0 },
};

static const char *const list_names[POLICY_LISTS] = {
	[POLICY_IMAGES] = "images",
	[POLICY_NETWORKS] = "networks",
	[POLICY_USERS] = "users",
	[POLICY_CONTAINERS] = "containers",
	[POLICY_CAPS] = "caps",
};

static struct {
	char **list[POLICY_LISTS];
	char **mounts;
	struct policy_limits limits;
	bool init;
} policy;

/* ------------------------------------------------------------------- lists */

/* Pointers, then the text they point into. */
static char **
split(const char *text)
{
	size_t size = strlen(text) + 1, n = size / 2 + 2, i = 0;
	char **words = malloc(n * sizeof *words + size);
	char *copy, *rest = NULL;

	if (!words)
		return NULL;
	copy = memcpy(words + n, text, size);
	for (char *word = strtok_r(copy, SEPARATORS, &rest); word;
		word = strtok_r(NULL, SEPARATORS, &rest))
		words[i++] = word;
	words[i] = NULL;
	return words;
}

static bool
has_word(char **words, const char *what)
{
	for (; *words; words++)
		if (strcmp(*words, what) == 0)
			return true;
	return false;
}

static bool
matches(char **patterns, const char *what)
{
	for (; *patterns; patterns++)
		if (fnmatch(*patterns, what, 0) == 0)
			return true;
	return false;
}

bool
policy_allows(enum policy_list list, const char *what)
{
	/* These share what is the host's, or somebody else's. */
	if (list == POLICY_NETWORKS &&
		(strcmp(what, "host") == 0 || strchr(what, ':')))
		return has_word(policy.list[list], what);
	return matches(policy.list[list], what);
}

/* The image's user may be root, so it is one of the list only by "*". */
bool
policy_default_user(const char **out)
{
	char **words = policy.list[POLICY_USERS];

	*out = NULL;
	for (; *words; words++) {
		if (strcmp(*words, "*") == 0)
			return true;
		if (!(*words)[strcspn(*words, "*?[\\")]) {
			*out = *words;
			return true;
		}
	}
	return false;
}

const char *const *
policy_words(enum policy_list list)
{
	return *policy.list[list] ? (const char *const *)policy.list[list]
				  : NULL;
}

/* ------------------------------------------------------------------ mounts */

/* path is the socket, or a folder that it is in. */
static bool
holds_socket(const char *path, const char *socket_path)
{
	size_t len = strlen(path);

	while (len > 0 && path[len - 1] == '/')
		len--;
	return strncmp(path, socket_path, len) == 0 &&
	       (socket_path[len] == '/' || !socket_path[len]);
}

static bool
is_socket(const char *path)
{
	return holds_socket(path, engine_socket()) ||
	       holds_socket(path, "/var/run/docker.sock") ||
	       holds_socket(path, "/run/docker.sock");
}

/* Only word for word: a task that may write to a folder could put a symbolic
 * link there, and a later one mount what that points to. */
bool
policy_allows_mount(const char *source, bool read_only)
{
	char asked[4096];

	if (snprintf(asked, sizeof asked, "%s:ro", source) >= (int)sizeof asked)
		return false;
	if (is_socket(source) && strcmp(source, engine_socket()) != 0)
		return false;
	return has_word(policy.mounts, source) ||
	       (read_only && has_word(policy.mounts, asked));
}

/* ------------------------------------------------------------------ limits */

bool
policy_parse_cpus(const char *text, uint64_t *nano)
{
	const uint64_t most = 1000000ull * 1000000000; /* far from overflow */
	uint64_t n = 0, unit = 1000000000;
	bool fraction = false;

	for (; *text; text++) {
		if (*text == '.' && !fraction) {
			fraction = true;
			continue;
		}
		if (*text < '0' || *text > '9')
			return false;
		if (fraction)
			unit /= 10; /* 0 for digits that are too small */
		n = fraction ? n + (uint64_t)(*text - '0') * unit
			     : n * 10 + (uint64_t)(*text - '0') * unit;
		if (n > most)
			return false;
	}
	*nano = n;
	return n > 0;
}

const struct policy_limits *
policy_limits(void)
{
	return &policy.limits;
}

bool
policy_init(void)
{
	return policy.init;
}

int
policy_load(const struct ndl_conf *conf)
{
	const char *cpus = host->setting(conf, "cpus");

	for (int i = 0; i < POLICY_LISTS; i++) {
		policy.list[i] = split(host->setting(conf, list_names[i]));
		if (!policy.list[i])
			return -ENOMEM;
	}
	policy.mounts = split(host->setting(conf, "mounts"));
	if (!policy.mounts)
		return -ENOMEM;
	policy.init = ndl_bool(host->setting(conf, "init"));
	policy.limits.memory = ndl_size(host->setting(conf, "memory"));
	policy.limits.pids = (uint64_t)ndl_int(host->setting(conf, "pids"));
	if (cpus && !policy_parse_cpus(cpus, &policy.limits.nano_cpus)) {
		ndl_logf(host, NULL, NDL_ERROR,
			"setting 'cpus': want a number like 1.5, not '%s'",
			cpus);
		return -EINVAL;
	}
	return 0;
}

void
policy_free(void)
{
	for (int i = 0; i < POLICY_LISTS; i++)
		free(policy.list[i]);
	free(policy.mounts);
	memset(&policy, 0, sizeof policy);
}
