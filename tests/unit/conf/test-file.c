/* test-file.c - settings from an INI file, and what is said about wrong ones */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "tests/unit/conf/program.h"
#include "tests/unit/unit.h"

static struct conf *conf;

static void
check_good(const char *text)
{
	enter_directory();
	write_file("demo.conf", text, 0644);
	ck_assert_msg(start(&conf, NULL) == 0, "%s", err.text);
	leave_directory();
}

static void
check_bad(int r, const char *text)
{
	enter_directory();
	write_file("demo.conf", text, 0644);
	ck_assert_int_eq(start(&conf, NULL), r);
	leave_directory();
}

TEST(reads_values_of_every_type)
{
	check_good("# comment\n\n[agent]\n  id = a b ; comment\n"
		   "\tserver: h:1\nmax_grace=1500ms\nstate_dir=/x\n"
		   "[log]\ncolor = on\n[limits]\noutput = 64k\ntasks=3\r\n");
	ck_assert_str_eq(conf_text(conf, "agent.id"), "a b");
	ck_assert_str_eq(conf_text(conf, "agent.server"), "h:1");
	ck_assert_int_eq(conf_number(conf, "agent.max_grace"), 1500);
	ck_assert_str_eq(conf_text(conf, "agent.state_dir"), "/x");
	ck_assert(conf_bool(conf, "log.color"));
	ck_assert_int_eq(conf_number(conf, "limits.output"), 65536);
	ck_assert_int_eq(conf_number(conf, "limits.tasks"), 3);
	conf_free(conf);
}
END

	static int
	collect(void *arg, const char *name, const char *key, const char *value,
		const char *where)
{
	return buf_printf(arg, "%s.%s=%s@%s;", name, key, value, where);
}

static int
refuse(void *arg, const char *name, const char *key, const char *value,
	const char *where)
{
	(void)name, (void)key, (void)value, (void)where;
	++*(int *)arg;
	return -EBADF;
}

TEST(lists_free_keys_in_order_with_their_lines)
{
	AUTO_BUF struct buf text = { 0 };
	int calls = 0;

	check_good("[plugin shell]\nb = 1\na = x y\n[log]\ncolor = no\n"
		   "[plugin docker]\na = 2\n[plugin shell]\nc =\n");
	ck_assert_int_eq(conf_each(conf, collect, &text), 0);
	ck_assert_str_eq(buf_text(&text),
		"shell.b=1@demo.conf:2;shell.a=x y@demo.conf:3;"
		"docker.a=2@demo.conf:7;shell.c=@demo.conf:9;");
	ck_assert_int_eq(conf_each(conf, refuse, &calls), -EBADF);
	ck_assert_int_eq(calls, 1);
	conf_free(conf);
}
END

TEST(names_file_and_line_of_an_unknown_key_and_the_nearest_one)
{
	check_bad(-EINVAL, "[agent]\nid = x\nsevrer = h:1\n");
	check_err_says("demo.conf:3:", "'sevrer'", "[agent]",
		"did you mean 'server'?", NULL);
	check_bad(-EINVAL, "[log]\nqqqqqq = h:1\n");
	check_err_says("demo.conf:2:", "'qqqqqq'", "known are color", NULL);
	check_bad(-EINVAL, "id = x\n");
	check_err_says(
		"demo.conf:1:", "'id'", "before the first [section]", NULL);
}
END

TEST(keeps_flags_without_a_section_out_of_the_file)
{
	check_bad(-EINVAL, "check = yes\n");
	check_err_says("demo.conf:1:", "'check'", NULL);
}
END

TEST(names_an_unknown_section_even_when_it_is_empty)
{
	check_bad(-EINVAL, "[agent]\nid = x\n\n[agnet]\n");
	check_err_says(
		"demo.conf:4:", "[agnet]", "did you mean 'agent'?", NULL);
	check_bad(-EINVAL, "[zzzzzz]\nid = x\n");
	check_err_says("demo.conf:1:", "[zzzzzz]",
		"known are agent, log, limits, plugin NAME", NULL);
	check_bad(-EINVAL, "[plugin ]\na = x\n");
	check_err_says("demo.conf:1:", "unknown section", NULL);
	check_bad(-EINVAL, "[]\na = x\n");
	check_err_says("demo.conf:1:", "unknown section []", NULL);
}
END

TEST(refuses_a_key_that_is_there_twice)
{
	check_bad(-EINVAL, "[agent]\nid = x\n[log]\n[agent]\nid = y\n");
	check_err_says("demo.conf:5:", "'id'", "line 2", NULL);
	check_bad(-EINVAL, "[plugin shell]\na = x\na = y\n");
	check_err_says("demo.conf:3:", "'a'", "[plugin shell]", "line 2", NULL);
}
END

TEST(names_key_value_and_what_is_allowed)
{
	check_bad(-EINVAL, "[limits]\ntasks = many\n");
	check_err_says(
		"demo.conf:2: key 'tasks'", "'many'", "whole number", NULL);
	check_bad(-ERANGE, "[limits]\ntasks = 101\n");
	check_err_says("'101'", "between 1 and 100", NULL);
	check_bad(-EINVAL, "[limits]\noutput = 1T\n");
	check_err_says("'1T'", "64k", NULL);
	check_bad(-ERANGE, "[limits]\noutput = 1\n");
	check_err_says("between 1k and 1024G", NULL);
	check_bad(-EINVAL, "[limits]\ntasks =\n");
	check_err_says("demo.conf:2:", "empty", "whole number", NULL);
}
END

TEST(finds_a_wrong_value_although_a_flag_beats_it)
{
	enter_directory();
	write_file("demo.conf", "[agent]\nmax_grace = soon\n", 0644);
	ck_assert_int_eq(start(&conf, "--max-grace", "2s", NULL), -EINVAL);
	check_err_says("demo.conf:2:", "'soon'", NULL);
	leave_directory();
}
END

TEST(refuses_lines_it_does_not_understand)
{
	check_bad(-EINVAL, "[agent]\nid = x\nwhat is this\n[zzzzz]\n");
	check_err_says("demo.conf:3:", "neither", NULL);
	check_bad(-EINVAL, "[agent\nid = x\n");
	check_err_says("demo.conf:1:", NULL);
	check_bad(-EINVAL, "[agent]\nid x\nid = y\n");
	check_err_says("demo.conf:2:", "neither", NULL);
}
END

TEST(refuses_a_line_that_would_be_cut)
{
	AUTO_BUF struct buf text = { 0 };

	ck_assert_int_eq(buf_printf(&text, "[agent]\nid = %0500d\n", 1), 0);
	check_bad(-EINVAL, buf_text(&text));
	check_err_says("demo.conf:2:", "longer than", NULL);
}
END

TEST(refuses_what_is_no_text_file)
{
	FILE *f;

	enter_directory();
	f = fopen("demo.conf", "we");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite("[agent]\n\0id", 1, 11, f), 11);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_eq(start(&conf, NULL), -EINVAL);
	check_err_says("demo.conf", "NUL", NULL);
	leave_directory();
}
END

TEST(refuses_a_file_that_others_may_write)
{
	static const unsigned modes[] = { 0664, 0646, 0622 };

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		enter_directory();
		write_file("demo.conf", "[agent]\nid = x\n", modes[i]);
		ck_assert_int_eq(start(&conf, NULL), -EPERM);
		check_err_says(
			"settings file 'demo.conf' is writable by others",
			"chmod go-w 'demo.conf'", NULL);
		leave_directory();
	}
}
END

TEST(refuses_a_file_of_somebody_else)
{
	if (geteuid() != 0)
		return; /* only root can give one away */
	enter_directory();
	write_file("demo.conf", "[agent]\nid = x\n", 0644);
	ck_assert_int_eq(chown("demo.conf", 1, 0), 0);
	ck_assert_int_eq(start(&conf, NULL), -EPERM);
	check_err_says("'demo.conf' belongs to user 1;", "or to root", NULL);
	leave_directory();
}
END

TEST(needs_the_file_that_was_named)
{
	enter_directory();
	ck_assert_int_eq(start(&conf, "--config", "other.conf", NULL), -ENOENT);
	check_err_says("'other.conf'", "No such file", NULL);
	write_file("other.conf", "[agent]\nid = other\n", 0644);
	ck_assert_int_eq(start(&conf, "-c", "other.conf", NULL), 0);
	ck_assert_str_eq(conf_text(conf, "agent.id"), "other");
	conf_free(conf);
	leave_directory();
}
END

TEST(reads_no_file_for_a_program_without_one)
{
	enter_directory();
	program.default_file = NULL;
	ck_assert_int_eq(start(&conf, "--config", "x", NULL), -EINVAL);
	check_err_says("unknown flag '--config'", NULL);
	ck_assert_int_eq(start(&conf, "-c", "x", NULL), -EINVAL);
	ck_assert_int_eq(start(&conf, NULL), 0);
	conf_free(conf);
	leave_directory();
}
END

	UNIT_MAIN("file", reads_values_of_every_type,
		lists_free_keys_in_order_with_their_lines,
		names_file_and_line_of_an_unknown_key_and_the_nearest_one,
		keeps_flags_without_a_section_out_of_the_file,
		names_an_unknown_section_even_when_it_is_empty,
		refuses_a_key_that_is_there_twice,
		names_key_value_and_what_is_allowed,
		finds_a_wrong_value_although_a_flag_beats_it,
		refuses_lines_it_does_not_understand,
		refuses_a_line_that_would_be_cut, refuses_what_is_no_text_file,
		refuses_a_file_that_others_may_write,
		refuses_a_file_of_somebody_else, needs_the_file_that_was_named,
		reads_no_file_for_a_program_without_one)
