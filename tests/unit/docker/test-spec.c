/* test-spec.c - parameters against the node's policy, and what becomes of them */
#include <errno.h>
#include <string.h>

#include "plugins/docker/engine.h"
#include "plugins/docker/policy.h"
#include "plugins/docker/spec.h"
#include "tests/unit/docker/fake-host.h"
#include "tests/unit/unit.h"

enum { PARAMS = 16 };

static const struct fake_value settings[] = {
	{ "images", { "busybox:*, reg/*" } },
	{ "networks", { "none, web*" } },
	{ "users", { "*" } },
	{ "mounts", { "/srv/data:ro /srv/free,/run/my.sock" } },
	{ "containers", { "" } },
	{ "caps", { "chown" } },
	{ "memory", { "1G" } },
	{ "cpus", { "1.5" } },
	{ "pids", { "100" } },
	{ "init", { "yes" } },
	{ 0 },
};

static struct fake_value params[PARAMS];
static struct refusal why;

static void
open_policy(void)
{
	fake_host_open();
	fake.settings = settings;
	ck_assert_int_eq(engine_open("/run/my.sock"), 0);
	ck_assert(engine_agree("1.41"));
	ck_assert_int_eq(policy_load(NULL), 0);
}

static void
close_policy(void)
{
	policy_free();
	engine_close();
	fake_host_close();
}

/* A run of busybox with one more parameter. */
static int
read_with(const char *name, const char *value, struct spec *out)
{
	memset(params, 0, sizeof params);
	params[0] = (struct fake_value){ name, { value } };
	params[1] = (struct fake_value){ "operation", { "run" } };
	params[2] = (struct fake_value){ "image", { "busybox:1" } };
	params[3] = (struct fake_value){ "pull", { "missing" } };
	fake.params = params;
	return spec_read(NULL, out, &why);
}

TEST(takes_what_the_node_allows)
{
	static const char *const good[][2] = { { "image", "reg/x" },
		{ "network", "web1" }, { "user", "0:0" }, { "memory", "1G" },
		{ "cpus", "0.25" }, { "pids", "100" },
		{ "mounts", "/srv/data:/data:ro" },
		{ "mounts", "/srv/free:/data" },
		{ "mounts", "/srv/free:/data:rw" },
		{ "mounts", "/run/my.sock:/s" }, { "tty", "yes" },
		{ "container_labels", "a=b=c" } };
	struct spec spec;

	open_policy();
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		ck_assert_msg(read_with(good[i][0], good[i][1], &spec) == 0,
			"%s=%s: %s", good[i][0], good[i][1], why.text);
	close_policy();
}
END

TEST(refuses_what_it_does_not_allow_and_says_why)
{
	static const struct {
		const char *name, *value, *text;
		int r;
		const char *rule;
	} bad[] = {
		{ "image", "alpine", "image 'alpine'", -EPERM, "images" },
		{ "image", "", "required", -EINVAL, NULL },
		{ "network", "bridge", "network 'bridge'", -EPERM, "networks" },
		{ "network", "host", "network 'host'", -EPERM, "networks" },
		{ "network", "web:x", "network", -EPERM, "networks" },
		{ "memory", "1025M", "'memory'", -EPERM, "memory" },
		{ "cpus", "2", "'cpus'", -EPERM, "cpus" },
		{ "cpus", "1.2.3", "'cpus'", -EINVAL, NULL },
		{ "pids", "-1", "'pids'", -EINVAL, NULL },
		{ "mounts", "/srv/data:/x", "for writing", -EPERM, "mounts" },
		{ "mounts", "/srv/free/below:/x", "below", -EPERM, "mounts" },
		{ "mounts", "/srv/free/../../etc:/x", "etc", -EPERM, "mounts" },
		{ "mounts", "/run:/x:ro", "/run", -EPERM, "mounts" },
		{ "mounts", "/run/:/x:ro", "/run", -EPERM, "mounts" },
		{ "mounts", "/:/x:ro", "'/'", -EPERM, "mounts" },
		{ "mounts", "/srv/free:x", "want SOURCE", -EINVAL, NULL },
		{ "mounts", "/srv/free:/x:ro,z", "want SOURCE", -EINVAL, NULL },
		{ "container_labels", "nodelink.task=x", "nodelink", -EINVAL,
			NULL },
		{ "container_labels", "nothing", "NAME=VALUE", -EINVAL, NULL },
	};
	struct spec spec;

	open_policy();
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		int r = read_with(bad[i].name, bad[i].value, &spec);

		ck_assert_msg(r == bad[i].r && strstr(why.text, bad[i].text),
			"%s=%s: %d, %s", bad[i].name, bad[i].value, r,
			why.text);
		ck_assert_pstr_eq(why.rule, bad[i].rule);
	}
	close_policy();
}
END

TEST(never_lets_the_engines_socket_through_a_folder)
{
	static const struct fake_value wide[] = { { "mounts", { "/run, /" } },
		{ "images", { "*" } }, { "networks", { "host" } },
		{ "users", { "*" } }, { "containers", { "" } },
		{ "caps", { "" } }, { 0 } };

	open_policy();
	policy_free();
	fake.settings = wide;
	ck_assert_int_eq(policy_load(NULL), 0);
	ck_assert(!policy_allows_mount("/run", true));
	ck_assert(!policy_allows_mount("/", true));
	ck_assert(!policy_allows_mount("/run/docker.sock", true));
	ck_assert(policy_allows(POLICY_NETWORKS, "host"));
	close_policy();
}
END

	/* With this setting, who runs the container of a task that names nobody. */
	static void
	expect_user(const char *users, const char *user, const char *rule)
{
	const struct fake_value those[] = { { "images", { "*" } },
		{ "networks", { "none" } }, { "users", { users } },
		{ "mounts", { "" } }, { "containers", { "" } },
		{ "caps", { "" } }, { 0 } };
	struct spec spec;
	char *body, part[64];

	open_policy();
	policy_free();
	fake.settings = those;
	ck_assert_int_eq(policy_load(NULL), 0);
	ck_assert_int_eq(read_with("tty", "no", &spec), rule ? -EPERM : 0);
	ck_assert_pstr_eq(why.rule, rule);
	body = rule ? NULL : spec_body(NULL, &spec);
	(void)snprintf(part, sizeof part, "\"User\":\"%s\"", user ? user : "");
	ck_assert_msg(!body || !strstr(body, user ? part : "User") == !user,
		"%s: %s", users, body);
	free(body);
	close_policy();
}

TEST(keeps_out_the_images_user_where_only_others_are_allowed)
{
	expect_user("*", NULL, NULL);
	expect_user("*, 1000", NULL, NULL);
	expect_user("1000, *", "1000", NULL);
	expect_user("1000", "1000", NULL);
	expect_user("1000 1001", "1000", NULL);
	expect_user("10?? [2-9] app, 1001", "app", NULL);
	expect_user("1*", NULL, "users");
	expect_user("", NULL, "users");
}
END

TEST(asks_for_nothing_privileged)
{
	static const char *const wanted[] = { "\"CapDrop\":[\"ALL\"]",
		"\"CapAdd\":[\"chown\"]",
		"\"SecurityOpt\":[\"no-new-privileges\"]",
		"\"NetworkMode\":\"none\"", "\"Memory\":1073741824",
		"\"MemorySwap\":1073741824", "\"NanoCpus\":500000000",
		"\"PidsLimit\":100", "\"Init\":true", "\"Type\":\"local\"",
		"\"Env\":[\"A=b\",\"NODELINK_TASK=t1\"]",
		"\"nodelink.task\":\"t1\"", "\"nodelink.agent\":\"agent1\"",
		"\"Cmd\":null", "\"Binds\":null" };
	static const char *const env[] = { "A=b", NULL };
	struct spec spec;
	char *body;

	open_policy();
	fake.env = env;
	ck_assert_int_eq(read_with("cpus", "0.5", &spec), 0);
	body = spec_body(NULL, &spec);
	ck_assert_ptr_nonnull(body);
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		ck_assert_msg(strstr(body, wanted[i]) != NULL,
			"%s is not in %s", wanted[i], body);
	ck_assert_ptr_null(strstr(body, "Privileged"));
	free(body);
	close_policy();
}
END

TEST(agrees_on_a_version_and_refuses_old_ones)
{
	open_policy();
	ck_assert(engine_agree("1.24"));
	ck_assert(!engine_is_at_least(25));
	ck_assert(engine_agree("1.51\r\n"));
	ck_assert(engine_is_at_least(47) && !engine_is_at_least(48));
	ck_assert(!engine_agree("1.23"));
	ck_assert(!engine_agree("2.0"));
	ck_assert(!engine_agree(""));
	close_policy();
}
END

TEST(reads_parts_of_processors)
{
	uint64_t nano;

	ck_assert(policy_parse_cpus("2", &nano) && nano == 2000000000);
	ck_assert(policy_parse_cpus("0.25", &nano) && nano == 250000000);
	ck_assert(policy_parse_cpus("12.5", &nano) && nano == 12500000000);
	/* A third of one, as JSON has it; and what is left of it. */
	ck_assert(policy_parse_cpus("0.3333333333333333", &nano) &&
		  nano == 333333333);
	ck_assert(policy_parse_cpus("0.000000001", &nano) && nano == 1);
	ck_assert(!policy_parse_cpus("0.0000000009", &nano));
	ck_assert(!policy_parse_cpus("999999999999", &nano));
	ck_assert(!policy_parse_cpus("1.5.", &nano));
	ck_assert(!policy_parse_cpus("0", &nano));
	ck_assert(!policy_parse_cpus("", &nano));
	ck_assert(!policy_parse_cpus("-1", &nano));
	ck_assert(!policy_parse_cpus("99999999999999", &nano));
}
END

	UNIT_MAIN("docker: spec", takes_what_the_node_allows,
		refuses_what_it_does_not_allow_and_says_why,
		never_lets_the_engines_socket_through_a_folder,
		keeps_out_the_images_user_where_only_others_are_allowed,
		asks_for_nothing_privileged,
		agrees_on_a_version_and_refuses_old_ones,
		reads_parts_of_processors)
