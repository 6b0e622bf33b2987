/* test-conf.c - flags, environment, defaults: values and wrong values */
#include "conf/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "tests/unit/conf/program.h"
#include "tests/unit/unit.h"

static struct conf *conf;

TEST(has_its_defaults)
{
	enter_directory();
	ck_assert_int_eq(start(&conf, NULL), 0);
	ck_assert_str_eq(conf_text(conf, "agent.id"), "nobody");
	ck_assert_str_eq(conf_text(conf, "agent.server"), "127.0.0.1:9090");
	ck_assert_int_eq(conf_number(conf, "agent.max_grace"), 300000);
	ck_assert_ptr_null(conf_text(conf, "agent.state_dir"));
	ck_assert(!conf_bool(conf, "log.color"));
	ck_assert_int_eq(conf_number(conf, "limits.tasks"), 10);
	ck_assert_int_eq(conf_number(conf, "limits.output"), 1ll << 30);
	ck_assert(!conf_is_set(conf, "agent.id"));
	ck_assert_ptr_null(conf_file(conf));
	conf_free(conf);
	leave_directory();
}
END

TEST(lets_flags_beat_the_environment_and_that_the_file)
{
	enter_directory();
	write_file("demo.conf", "[agent]\nid = file\n", 0644);
	ck_assert_int_eq(start(&conf, NULL), 0);
	ck_assert_str_eq(conf_text(conf, "agent.id"), "file");
	ck_assert(conf_is_set(conf, "agent.id"));
	ck_assert_str_eq(conf_file(conf), "demo.conf");
	conf_free(conf);
	ck_assert_int_eq(setenv("DEMO_ID", "env", 1), 0);
	ck_assert_int_eq(start(&conf, NULL), 0);
	ck_assert_str_eq(conf_text(conf, "agent.id"), "env");
	conf_free(conf);
	ck_assert_int_eq(start(&conf, "--id", "flag", NULL), 0);
	ck_assert_str_eq(conf_text(conf, "agent.id"), "flag");
	conf_free(conf);
	ck_assert_int_eq(setenv("DEMO_ID", "", 1), 0);
	ck_assert_int_eq(start(&conf, NULL), 0);
	ck_assert_str_eq(conf_text(conf, "agent.id"), "file");
	conf_free(conf);
	ck_assert_int_eq(unsetenv("DEMO_ID"), 0);
	leave_directory();
}
END

TEST(takes_every_form_of_a_flag)
{
	ck_assert_int_eq(start(&conf, "-i", "a", "--color", "--check=no",
				 "--max-grace=90s", NULL),
		0);
	ck_assert_str_eq(conf_text(conf, "agent.id"), "a");
	ck_assert(conf_bool(conf, "log.color"));
	ck_assert(!conf_bool(conf, "check"));
	ck_assert(conf_is_set(conf, "check"));
	ck_assert_int_eq(conf_number(conf, "agent.max_grace"), 90000);
	conf_free(conf);
}
END

TEST(takes_addresses_of_every_kind)
{
	ck_assert_int_eq(start(&conf, "--server", "[::1]:0", NULL), 0);
	conf_free(conf);
	ck_assert_int_eq(start(&conf, "--server", "unix:/run/x", NULL), 0);
	conf_free(conf);
	ck_assert_int_eq(start(&conf, "--server", "unix:", NULL), -EINVAL);
	ck_assert_int_eq(start(&conf, "--server", "host", NULL), -EINVAL);
	check_err_says("--server", "'host'", "127.0.0.1:9090", NULL);
}
END

TEST(makes_relative_paths_absolute)
{
	char cwd[PATH_MAX], want[PATH_MAX + 8];

	ck_assert_ptr_nonnull(getcwd(cwd, sizeof cwd));
	ck_assert_int_lt(
		snprintf(want, sizeof want, "%s/x/y", cwd), (int)sizeof want);
	ck_assert_int_eq(start(&conf, "--state-dir", "x/y", NULL), 0);
	ck_assert_str_eq(conf_text(conf, "agent.state_dir"), want);
	conf_free(conf);
	ck_assert_int_eq(start(&conf, "--state-dir", "/z", NULL), 0);
	ck_assert_str_eq(conf_text(conf, "agent.state_dir"), "/z");
	conf_free(conf);
	ck_assert_int_eq(start(&conf, "--state-dir=", NULL), -EINVAL);
	check_err_says("--state-dir", "empty", "a path", NULL);
}
END

TEST(says_what_is_wrong_with_a_flag)
{
	ck_assert_int_eq(start(&conf, "--servr", "x", NULL), -EINVAL);
	check_err_says("unknown flag '--servr'", "'--server'", NULL);
	ck_assert_int_eq(start(&conf, "--zzzzzzzz=3", NULL), -EINVAL);
	check_err_says("unknown flag '--zzzzzzzz'", "--help", NULL);
	ck_assert_int_eq(start(&conf, "-x", NULL), -EINVAL);
	check_err_says("unknown flag -x", NULL);
	ck_assert_int_eq(start(&conf, "--id", NULL), -EINVAL);
	check_err_says("--id needs a value", NULL);
	ck_assert_int_eq(start(&conf, "--help=3", NULL), -EINVAL);
	check_err_says("'--help=3'", "no value", NULL);
	ck_assert_int_eq(start(&conf, "word", NULL), -EINVAL);
	check_err_says("unexpected argument 'word'", NULL);
}
END

TEST(takes_words_beside_the_flags_when_they_are_expected)
{
	char *const *words;

	program.words = "ID";
	ck_assert_int_eq(start(&conf, "one", "--id", "x", NULL), 0);
	ck_assert_uint_eq(conf_words(conf, &words), 1);
	ck_assert_str_eq(words[0], "one");
	conf_free(conf);
	ck_assert_int_eq(start(&conf, NULL), -EINVAL);
	check_err_says("expected ID", NULL);
	ck_assert_int_eq(start(&conf, "one", "two", NULL), -EINVAL);
	check_err_says("unexpected argument 'two'", NULL);
	program.words = "FILE...";
	ck_assert_int_eq(start(&conf, "one", "two", "--", "-3", NULL), 0);
	ck_assert_uint_eq(conf_words(conf, &words), 3);
	ck_assert_str_eq(words[2], "-3");
	conf_free(conf);
	program.words = NULL;
}
END

TEST(keeps_every_text_of_a_flag_that_may_be_given_again)
{
	char *const *texts;

	ck_assert_int_eq(
		start(&conf, "--label", "a=b", "--label=c=d\ne", NULL), 0);
	ck_assert_uint_eq(conf_texts(conf, "label", &texts), 2);
	ck_assert_str_eq(texts[0], "a=b");
	ck_assert_str_eq(texts[1], "c=d\ne");
	ck_assert_str_eq(conf_text(conf, "label"), "c=d\ne");
	conf_free(conf);
	ck_assert_int_eq(start(&conf, NULL), 0);
	ck_assert_uint_eq(conf_texts(conf, "label", &texts), 0);
	conf_free(conf);
}
END

TEST(knows_what_a_flag_has_said)
{
	ck_assert_int_eq(setenv("DEMO_ID", "env", 1), 0);
	ck_assert_int_eq(start(&conf, "--color", NULL), 0);
	ck_assert(conf_by_flag(conf, "log.color"));
	ck_assert(!conf_by_flag(conf, "agent.id"));
	ck_assert(!conf_by_flag(conf, "agent.server"));
	conf_free(conf);
	ck_assert_int_eq(unsetenv("DEMO_ID"), 0);
}
END

TEST(takes_as_many_words_as_its_names_say)
{
	char *const *words;

	program.words = "AGENT [PLUGIN]";
	ck_assert_int_eq(start(&conf, "one", NULL), 0);
	ck_assert_uint_eq(conf_words(conf, &words), 1);
	conf_free(conf);
	ck_assert_int_eq(start(&conf, "one", "--color", "two", NULL), 0);
	ck_assert_uint_eq(conf_words(conf, &words), 2);
	ck_assert_str_eq(words[1], "two");
	conf_free(conf);
	ck_assert_int_eq(start(&conf, NULL), -EINVAL);
	check_err_says("expected AGENT [PLUGIN]", NULL);
	ck_assert_int_eq(start(&conf, "a", "b", "c", NULL), -EINVAL);
	check_err_says("unexpected argument 'c'", NULL);
	program.words = "[ID]...";
	ck_assert_int_eq(start(&conf, NULL), 0);
	ck_assert_uint_eq(conf_words(conf, &words), 0);
	conf_free(conf);
	ck_assert_int_eq(start(&conf, "a", "b", "c", NULL), 0);
	ck_assert_uint_eq(conf_words(conf, &words), 3);
	conf_free(conf);
	program.words = NULL;
}
END

TEST(takes_a_command_behind_two_dashes)
{
	char *const *words, *const *rest;

	program.words = "AGENT";
	program.rest = "-- COMMAND...";
	ck_assert_int_eq(
		start(&conf, "web1", "--color", "--", "ls", "--id", "--", NULL),
		0);
	ck_assert_uint_eq(conf_words(conf, &words), 1);
	ck_assert_uint_eq(conf_rest(conf, &rest), 3);
	ck_assert_str_eq(rest[0], "ls");
	ck_assert_str_eq(rest[2], "--");
	ck_assert_ptr_null(rest[3]);
	ck_assert(conf_bool(conf, "log.color"));
	conf_free(conf);
	ck_assert_int_eq(start(&conf, "web1", NULL), -EINVAL);
	check_err_says("expected a command", "-- COMMAND", NULL);
	ck_assert_int_eq(start(&conf, "--", "ls", NULL), -EINVAL);
	check_err_says("expected AGENT", NULL);
	ck_assert_int_eq(start(&conf, "web1", "ls", NULL), -EINVAL);
	check_err_says("unexpected argument 'ls'", "put --", NULL);
	ck_assert_int_eq(start(&conf, "web1", "-l", NULL), -EINVAL);
	check_err_says("unknown flag -l", "of the command", NULL);
	program.rest = "[-- COMMAND...]";
	ck_assert_int_eq(start(&conf, "web1", NULL), 0);
	ck_assert_uint_eq(conf_rest(conf, &rest), 0);
	conf_free(conf);
	program.words = program.rest = NULL;
}
END

TEST(ends_flags_with_the_last_word_when_the_command_has_no_dashes)
{
	char *const *words, *const *rest;

	program.words = "AGENT IMAGE";
	program.rest = "[COMMAND...]";
	ck_assert_int_eq(start(&conf, "web1", "--id", "x", "alpine", "ls",
				 "--color", "--", NULL),
		0);
	ck_assert_uint_eq(conf_words(conf, &words), 2);
	ck_assert_str_eq(words[1], "alpine");
	ck_assert_uint_eq(conf_rest(conf, &rest), 3);
	ck_assert_str_eq(rest[0], "ls");
	ck_assert_str_eq(conf_text(conf, "agent.id"), "x");
	ck_assert(!conf_bool(conf, "log.color"));
	conf_free(conf);
	ck_assert_int_eq(start(&conf, "--", "-a", "alpine", "ls", NULL), 0);
	ck_assert_uint_eq(conf_words(conf, &words), 2);
	ck_assert_str_eq(words[0], "-a");
	ck_assert_uint_eq(conf_rest(conf, &rest), 1);
	conf_free(conf);
	ck_assert_int_eq(start(&conf, "web1", NULL), -EINVAL);
	check_err_says("expected AGENT IMAGE", NULL);
	program.words = program.rest = NULL;
}
END

TEST(says_what_is_wrong_with_a_value)
{
	ck_assert_int_eq(start(&conf, "--max-grace", "5x", NULL), -EINVAL);
	check_err_says("--max-grace: '5x' is not a duration", "10s", NULL);
	ck_assert_int_eq(start(&conf, "--max-grace", "2h", NULL), -ERANGE);
	check_err_says("--max-grace", "'2h'", "between 1s and 1h", NULL);
	ck_assert_int_eq(
		start(&conf, "--max-grace", "9999999999d", NULL), -ERANGE);
	check_err_says("too large", NULL);
	ck_assert_int_eq(start(&conf, "--color=maybe", NULL), -EINVAL);
	check_err_says("--color: 'maybe'", "yes or no", NULL);
}
END

TEST(says_help_and_version_and_nothing_else)
{
	AUTO_BUF struct buf text = { 0 };
	AUTO_CLOSE int fd = -1;
	int old = dup(STDOUT_FILENO);

	enter_directory();
	ck_assert_ptr_nonnull(freopen("out", "we", stdout));
	ck_assert_int_eq(start(&conf, "--help", "--wrong", NULL), CONF_EXIT);
	ck_assert_int_eq(start(&conf, "-V", NULL), CONF_EXIT);
	(void)fflush(stdout);
	ck_assert_int_ge(dup2(old, STDOUT_FILENO), 0);
	fd = fd_open("out", O_RDONLY);
	ck_assert_int_eq(fd_read_all(fd, &text, 65536), 0);
	ck_assert_ptr_nonnull(strstr(buf_text(&text),
		"  -i, --id TEXT              name of this one; also $DEMO_ID "
		"(default: nobody)\n"));
	ck_assert_ptr_nonnull(strstr(buf_text(&text),
		"  limits.tasks = NUMBER      tasks at once (default: 10)\n"));
	ck_assert_ptr_nonnull(strstr(buf_text(&text),
		"      --check                check the settings and exit\n"));
	ck_assert_ptr_nonnull(
		strstr(buf_text(&text), "demo " PACKAGE_VERSION "\n"));
	leave_directory();
}
END

/* ----------------------------------------------------------------- secrets */

TEST(reads_the_first_line_of_a_secret_file)
{
	AUTO_FREE char *secret = NULL;

	enter_directory();
	write_file("token", "s3cret\r\nmore\n", 0600);
	ck_assert_int_eq(conf_secret_file("token", &secret, &err), 0);
	ck_assert_str_eq(secret, "s3cret");
	leave_directory();
}
END

TEST(refuses_a_secret_file_that_others_may_read)
{
	char *secret = NULL;

	enter_directory();
	write_file("token", "s3cret\n", 0640);
	ck_assert_int_eq(conf_secret_file("token", &secret, &err), -EPERM);
	check_err_says("'token'", "0640", "chmod 600 'token'", NULL);
	ck_assert_ptr_null(secret);
	leave_directory();
}
END

TEST(refuses_secret_files_that_are_empty_large_missing_or_no_files)
{
	char *secret = NULL, large[5000];

	enter_directory();
	ck_assert_int_eq(conf_secret_file("none", &secret, &err), -ENOENT);
	check_err_says("'none'", "No such file", NULL);
	write_file("token", "\nsecond line\n", 0600);
	ck_assert_int_eq(conf_secret_file("token", &secret, &err), -EINVAL);
	check_err_says("nothing in its first line", NULL);
	memset(large, 'x', sizeof large);
	large[sizeof large - 1] = 0;
	write_file("token", large, 0600);
	ck_assert_int_eq(conf_secret_file("token", &secret, &err), -EFBIG);
	check_err_says("4096", NULL);
	ck_assert_int_eq(conf_secret_file(".", &secret, &err), -EINVAL);
	check_err_says("not a regular file", NULL);
	leave_directory();
}
END

	UNIT_MAIN("conf", has_its_defaults,
		lets_flags_beat_the_environment_and_that_the_file,
		takes_every_form_of_a_flag, takes_addresses_of_every_kind,
		makes_relative_paths_absolute, says_what_is_wrong_with_a_flag,
		takes_words_beside_the_flags_when_they_are_expected,
		keeps_every_text_of_a_flag_that_may_be_given_again,
		knows_what_a_flag_has_said,
		takes_as_many_words_as_its_names_say,
		takes_a_command_behind_two_dashes,
		ends_flags_with_the_last_word_when_the_command_has_no_dashes,
		says_what_is_wrong_with_a_value,
		says_help_and_version_and_nothing_else,
		reads_the_first_line_of_a_secret_file,
		refuses_a_secret_file_that_others_may_read,
		refuses_secret_files_that_are_empty_large_missing_or_no_files)
