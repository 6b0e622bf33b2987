/* test-plugin.c - what is no plugin of ours is refused, and why is said */
#include "executor/plugin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

static int
start(void *self, struct ndl_task *task, void **work)
{
	(void)self;
	(void)task;
	(void)work;
	return 0;
}

static const struct ndl_field fields[] = {
	{ "one", "1", "help", NDL_INT, 0 },
	{ 0 },
};

/* A descriptor as the header of 1.0 makes it. */
static struct ndl_plugin good = { sizeof good, NDL_ABI(0),
	sizeof(struct ndl_field), 0, .name = "good", .version = "1",
	.params = fields, .start = start };

static struct err err;

static void
refused(const struct ndl_plugin *given, const char *word)
{
	struct plugin *p = NULL;

	ck_assert_int_eq(plugin_vet(given, "x.so", &p, &err), -ENOEXEC);
	ck_assert_ptr_null(p);
	ck_assert_msg(strstr(err.text, word) && strstr(err.text, "x.so"),
		"'%s' is not in: %s", word, err.text);
}

TEST(takes_a_good_one)
{
	AUTO(plugin_free) struct plugin *p = NULL;

	ck_assert_int_eq(plugin_vet(&good, "x.so", &p, &err), 0);
	ck_assert_str_eq(p->params[0].name, "one");
	ck_assert_ptr_null(p->params[1].name);
	ck_assert_ptr_null(p->settings[0].name);
}
END

TEST(refuses_another_major_or_a_newer_minor_number)
{
	struct ndl_plugin p = good;

	p.abi = 2u << 16;
	refused(&p, "needs ABI 2.0");
	p.abi = NDL_ABI(NDL_ABI_MINOR + 1);
	refused(&p, "needs ABI 1.2");
}
END

TEST(refuses_sizes_that_no_header_made)
{
	struct ndl_plugin p = good;

	p.size = 8;
	refused(&p, "descriptor of 8 bytes");
	p = good;
	p.field_size = 4;
	refused(&p, "fields of 4 bytes");
}
END

TEST(refuses_a_plugin_without_name_version_or_start)
{
	struct ndl_plugin p = good;

	p.name = "Not Good";
	refused(&p, "name");
	p = good;
	p.version = NULL;
	refused(&p, "version");
	p = good;
	p.start = NULL;
	refused(&p, "start");
}
END

TEST(uses_only_what_it_knows_of_a_newer_descriptor)
{
	AUTO(plugin_free) struct plugin *p = NULL;
	struct {
		struct ndl_plugin known;
		void *later[4];
	} newer = { .known = good, .later = { &newer } };
	struct {
		struct ndl_field known;
		void *later;
	} wide[] = { { fields[0], &newer }, { fields[0], NULL },
		{ { 0 }, NULL } };

	newer.known.size = sizeof newer;
	newer.known.field_size = sizeof wide[0];
	newer.known.params = &wide[0].known;
	ck_assert_int_eq(plugin_vet(&newer.known, "x.so", &p, &err), 0);
	ck_assert_str_eq(p->params[1].name, "one");
	ck_assert_ptr_null(p->params[2].name);
}
END

TEST(refuses_files_that_are_no_plugin)
{
	struct plugin *p = NULL;

	ck_assert_int_eq(plugin_load("/no/such.so", &p, &err), -ENOENT);
	ck_assert_int_eq(plugin_load("/etc/passwd", &p, &err), -ENOEXEC);
	ck_assert_ptr_nonnull(strstr(err.text, "/etc/passwd"));
	ck_assert_ptr_null(strstr(err.text, "/proc/self"));
	ck_assert_int_eq(plugin_load("/dev/null", &p, &err), -EINVAL);
}
END

TEST(describes_itself_as_text_and_as_json)
{
	AUTO(plugin_free) struct plugin *p = NULL;
	AUTO_BUF struct buf text = { 0 }, json = { 0 };

	ck_assert_int_eq(plugin_vet(&good, "x.so", &p, &err), 0);
	ck_assert_int_eq(plugin_describe(p, false, &text), 0);
	ck_assert_ptr_nonnull(strstr(buf_text(&text), "int, default 1: help"));
	ck_assert_int_eq(plugin_describe(p, true, &json), 0);
	ck_assert_ptr_nonnull(strstr(buf_text(&json), "\"abi\":\"1.0\""));
}
END

	UNIT_MAIN("plugin", takes_a_good_one,
		refuses_another_major_or_a_newer_minor_number,
		refuses_sizes_that_no_header_made,
		refuses_a_plugin_without_name_version_or_start,
		uses_only_what_it_knows_of_a_newer_descriptor,
		refuses_files_that_are_no_plugin,
		describes_itself_as_text_and_as_json)
