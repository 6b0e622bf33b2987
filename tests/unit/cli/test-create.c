/* test-create.c - what a task is to be, from flags */
#include "cli/create.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "tests/unit/unit.h"

static const struct conf_item items[] = { CREATE_ITEMS,
	{ .key = "limit", .flag = "limit", .many = true },
	{ .key = "volume", .flag = "volume", .many = true } };
static const struct conf_program program = { .name = "demo",
	.summary = "",
	.items = items,
	.n_items = ARRAY_SIZE(items) };

static struct err err;

__attribute__((sentinel)) static struct conf *
flags(const char *word, ...)
{
	static char name[] = "demo";
	static char *argv[16];
	struct conf *conf = NULL;
	int argc = 0;
	va_list ap;

	argv[argc++] = name;
	va_start(ap, word);
	for (; word; word = va_arg(ap, const char *))
		argv[argc++] = (char *)(uintptr_t)word;
	va_end(ap);
	ck_assert_int_eq(conf_new(&program, argc, argv, &conf, &err), 0);
	return conf;
}

static void
check_json(const json_t *value, const char *want)
{
	AUTO_FREE char *text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS);

	ck_assert_str_eq(text, want);
}

TEST(says_nothing_that_was_not_asked_for)
{
	AUTO(conf_free) struct conf *conf = flags("--quiet", NULL);
	AUTO(json_decref) json_t *body = NULL;

	ck_assert_int_eq(create_body(conf, "web1", &body, &err), 0);
	check_json(body, "{\"agent_id\":\"web1\"}");
}
END

TEST(gives_each_flag_its_field)
{
	AUTO(json_decref) json_t *body = NULL;
	AUTO(conf_free) struct conf *conf = NULL;

	ck_assert_int_eq(setenv("OURS", "here\nand there", 1), 0);
	conf = flags("--env=A==b", "--env", "OURS", "--label=x=y",
		"--timeout=2m", "--grace=1500ms", "--pre-stop=p",
		"--cleanup=failed:rm a:b", "--cleanup=never:x",
		"--output-limit=1k", NULL);
	ck_assert_int_eq(create_body(conf, "a", &body, &err), 0);
	check_json(body, "{\"agent_id\":\"a\",\"cleanup\":[{\"cmd\":\"rm a:b\","
			 "\"when\":\"failed\"},{\"cmd\":\"never:x\"}],"
			 "\"env\":{\"A\":\"=b\",\"OURS\":\"here\\nand there\"},"
			 "\"labels\":{\"x\":\"y\"},\"output_limit\":1024,"
			 "\"stop\":{\"grace\":1.5,\"pre_stop\":\"p\"},"
			 "\"timeout\":120.0}");
}
END

TEST(reads_numbers_only_where_they_may_be)
{
	AUTO(conf_free)
	struct conf *conf = flags("--limit=pids=5", "--limit=cpu=0.5",
		"--limit=memory=1G", "--limit=x=[1]", "--volume=a=1", NULL);
	AUTO(json_decref) json_t *body = json_object();

	ck_assert_int_eq(create_pairs(body, conf, "limit", "l", true, &err), 0);
	ck_assert_int_eq(
		create_pairs(body, conf, "volume", "v", false, &err), 0);
	ck_assert_int_eq(create_list(body, conf, "volume", "list"), 0);
	check_json(body,
		"{\"l\":{\"cpu\":0.5,\"memory\":\"1G\",\"pids\":5,"
		"\"x\":\"[1]\"},\"list\":[\"a=1\"],\"v\":{\"a\":\"1\"}}");
}
END

TEST(says_which_flag_is_wrong)
{
	AUTO(json_decref) json_t *body = json_object();
	AUTO(conf_free) struct conf *conf = flags("--label==x", NULL);
	AUTO(conf_free) struct conf *none = flags("--env=NOT_SET_HERE", NULL);
	AUTO(conf_free) struct conf *broken = flags("--user=\xff", NULL);

	ck_assert_int_eq(
		create_pairs(body, conf, "label", "l", false, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "--label: expected NAME=VALUE"));
	ck_assert_int_eq(create_body(none, "a", &body, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "'NOT_SET_HERE'"));
	ck_assert_int_eq(create_body(broken, "a", &body, &err), -ENOMEM);
	ck_assert_ptr_nonnull(strstr(err.text, "no UTF-8"));
}
END

	static void
	check_line(const char *want, size_t n, const char *const *words)
{
	AUTO_FREE char *line = create_line((char *const *)(uintptr_t)words, n);

	ck_assert_str_eq(line, want);
}

TEST(quotes_words_for_a_shell_and_leaves_a_line_alone)
{
	check_line("ls *.c | wc", 1, (const char *[]){ "ls *.c | wc" });
	check_line("ls -l /a,b.c", 3, (const char *[]){ "ls", "-l", "/a,b.c" });
	check_line("'a b' '*' '' 'it'\\''s' 'x=y' '~'", 6,
		(const char *[]){ "a b", "*", "", "it's", "x=y", "~" });
}
END

	UNIT_MAIN("cli create", says_nothing_that_was_not_asked_for,
		gives_each_flag_its_field, reads_numbers_only_where_they_may_be,
		says_which_flag_is_wrong,
		quotes_words_for_a_shell_and_leaves_a_line_alone)
