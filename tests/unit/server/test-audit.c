/* test-audit.c - the audit log: chain, recovery, verify */
#include "audit/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "tests/unit/unit.h"

static char dir[64], path[96], head[96];
static struct loop *loop;
static struct err err;
static struct audit *audit;
static struct buf said; /* by audit_verify() */

static void
setup(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	(void)snprintf(dir, sizeof dir, "/tmp/audit-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(path, sizeof path, "%s/log", dir);
	(void)snprintf(head, sizeof head, "%s/log.head", dir);
	loop = loop_new();
	audit = NULL;
}

static void
teardown(void)
{
	char command[128];

	audit_free(audit);
	loop_free(loop);
	buf_done(&said);
	(void)snprintf(command, sizeof command, "rm -r '%s'", dir);
	ck_assert_int_eq(system(command), 0);
}

static int
try_open(bool required)
{
	const struct audit_conf conf = { loop, path, required };

	return audit_new(&conf, &audit, &err);
}

static void
open_log(void)
{
	ck_assert_msg(try_open(false) == 0, "%s", err.text);
}

static void
close_log(void)
{
	audit_free(audit);
	audit = NULL;
}

static int
note(const char *action)
{
	return audit_note(audit, &(struct audit_event){ .action = action,
					 .actor = "ci@127.0.0.1",
					 .client = "ci",
					 .peer = "127.0.0.1",
					 .target = "task-1" });
}

static void
load(const char *name, struct buf *out)
{
	AUTO_CLOSE int fd = fd_open(name, O_RDONLY);

	buf_clear(out);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fd_read_all(fd, out, 1 << 20), 0);
}

static void
store(const char *name, const void *data, size_t len)
{
	AUTO_CLOSE int fd = fd_open(name, O_WRONLY | O_CREAT | O_TRUNC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fd_write_all(fd, data, len), 0);
}

/* Findings; what was said is in `said`. */
static int
verify_from(uint64_t from, char *const *paths, size_t n)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	int r = audit_verify(paths, n, from, out, &err);

	(void)fclose(out);
	buf_clear(&said);
	ck_assert_int_eq(buf_add(&said, text, len), 0);
	free(text);
	return r;
}

static int
verify_files(char *const *paths, size_t n)
{
	return verify_from(1, paths, n);
}

static int
verify(void)
{
	return verify_files((char *[]){ path }, 1);
}

static void
expect(const char *text)
{
	ck_assert_msg(strstr(buf_text(&said), text) != NULL,
		"not said: %s\nbut: %s", text, buf_text(&said));
}

/* A log of events 1 (audit.open) to 7 (audit.close). */
static void
write_log(void)
{
	open_log();
	for (int i = 2; i < 7; i++)
		ck_assert_int_eq(note("task.create"), 0);
	close_log();
	ck_assert_int_eq(verify(), 0);
	expect("7 events, 1 to 7");
}

/* Line n (from 1) of *text: where, and how long with its end. */
static char *
line(struct buf *text, int n, size_t *len)
{
	char *at = (char *)text->data;

	while (--n)
		at = strchr(at, '\n') + 1;
	*len = strcspn(at, "\n") + 1;
	return at;
}

/* ------------------------------------------------------------------- writing */

TEST(writes_an_object_a_line_whatever_the_texts_hold)
{
	AUTO_BUF struct buf text = { 0 };

	setup();
	open_log();
	ck_assert_int_eq(audit_note(audit,
				 &(struct audit_event){ .action = "task.cancel",
					 .decision = AUDIT_REFUSED,
					 .target = "a\nb\"\x1b[31m\xff",
					 .reason = NULL }),
		0);
	close_log();
	load(path, &text);
	ck_assert_ptr_nonnull(strstr(buf_text(&text),
		"\"action\":\"task.cancel\",\"decision\":\"refused\","));
	ck_assert_ptr_nonnull(strstr(buf_text(&text),
		"\"target\":\"a\\nb\\\"\\u001b[31m?\",\"detail\":null,\"reason\":null"));
	ck_assert_int_eq(verify(), 0);
	expect("3 events, 1 to 3");
	teardown();
}
END

TEST(cuts_texts_so_that_no_line_is_too_long)
{
	AUTO_FREE char *big = malloc(1 << 16);

	setup();
	memset(big, 1, 1 << 16); /* six bytes each in JSON */
	big[(1 << 16) - 1] = 0;
	open_log();
	ck_assert_int_eq(
		audit_note(audit,
			&(struct audit_event){ big, AUDIT_ALLOWED, big, big,
				big, big, big, big, big, big, big }),
		0);
	close_log();
	ck_assert_int_eq(verify(), 0);
	expect("3 events");
	teardown();
}
END

TEST(goes_on_where_it_ended)
{
	setup();
	write_log();
	open_log();
	ck_assert_int_eq(note("task.create"), 0);
	close_log();
	ck_assert_int_eq(verify(), 0);
	expect("10 events, 1 to 10");
	teardown();
}
END

TEST(lets_a_command_write_between_the_events_of_a_server)
{
	const struct audit_conf conf = { NULL, path, false };
	struct audit *command;

	setup();
	open_log();
	ck_assert_int_eq(audit_new(&conf, &command, &err), 0);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(note("task.create"), 0);
		ck_assert_int_eq(audit_note(command,
					 &(struct audit_event){
						 .action = "token.create" }),
			0);
	}
	audit_free(command);
	close_log();
	ck_assert_int_eq(verify(), 0);
	expect("8 events, 1 to 8");
	teardown();
}
END

TEST(follows_a_rotation_with_one_chain)
{
	char old[100];

	setup();
	(void)snprintf(old, sizeof old, "%s.1", path);
	open_log();
	ck_assert_int_eq(note("task.create"), 0);
	ck_assert_int_eq(rename(path, old), 0);
	audit_reopen(audit);
	ck_assert_int_eq(note("task.create"), 0);
	close_log();
	ck_assert_int_eq(verify_files((char *[]){ old, path }, 2), 0);
	expect("5 events, 1 to 5");
	ck_assert_int_eq(verify(), 1);
	expect(":1: events 1 to 2 are missing before it; --from 3 if");
	expect("3 events, 3 to 5");
	ck_assert_int_eq(verify_from(2, (char *[]){ path }, 1), 1);
	ck_assert_int_eq(verify_from(3, (char *[]){ path }, 1), 0);
	ck_assert_int_eq(verify_from(3, (char *[]){ old, path }, 2), 0);
	ck_assert_int_gt(verify_files((char *[]){ path, old }, 2), 0);
	teardown();
}
END

TEST(follows_a_rotation_while_nobody_wrote)
{
	char old[100];

	setup();
	(void)snprintf(old, sizeof old, "%s.1", path);
	write_log();
	ck_assert_int_eq(rename(path, old), 0);
	open_log();
	close_log();
	ck_assert_int_eq(verify_files((char *[]){ old, path }, 2), 0);
	expect("9 events, 1 to 9");
	teardown();
}
END

TEST(only_counts_the_refusals_of_an_address_beyond_some)
{
	AUTO_BUF struct buf text = { 0 };
	const struct audit_event no = { .action = "login",
		.decision = AUDIT_REFUSED,
		.peer = "192.0.2.1" };
	const struct audit_event other = { .action = "login",
		.decision = AUDIT_REFUSED,
		.peer = "192.0.2.2" };

	setup();
	open_log();
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(audit_note(audit, &no), 0);
	ck_assert_int_eq(audit_note(audit, &other), 0);
	close_log();
	ck_assert_int_eq(verify(), 0);
	expect("63 events"); /* open, 60, the other one, close */
	load(path, &text);
	ck_assert_ptr_nonnull(strstr(buf_text(&text), "\"omitted\":940"));
	teardown();
}
END

TEST(only_counts_what_one_name_repeats)
{
	AUTO_BUF struct buf text = { 0 };
	const struct audit_event a = { .action = "x", .repeats = "a" };
	const struct audit_event b = { .action = "x", .repeats = "b" };

	setup();
	open_log();
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(audit_note(audit, &a), 0);
	ck_assert_int_eq(audit_note(audit, &b), 0);
	close_log();
	ck_assert_int_eq(verify(), 0);
	expect("13 events"); /* open, 10, the other one, close */
	load(path, &text);
	ck_assert_ptr_nonnull(strstr(buf_text(&text), "\"omitted\":990"));
	teardown();
}
END

	/* ------------------------------------------------------------------- trouble */

	/* Between two of these nothing is asserted: Check writes files, too. */
	static int
	limit_size(rlim_t max)
{
	const struct rlimit limit = { max, RLIM_INFINITY };

	return setrlimit(RLIMIT_FSIZE, &limit);
}

TEST(takes_back_a_line_for_which_there_is_no_room)
{
	AUTO_BUF struct buf text = { 0 };
	struct stat st;
	int limited, r[2];

	setup();
	(void)signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(try_open(true), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	limited = limit_size((rlim_t)st.st_size + 100); /* half a line */
	r[0] = note("task.create");
	r[1] = note("task.create");
	ck_assert_int_eq(limit_size(RLIM_INFINITY), 0);
	ck_assert_int_eq(limited, 0);
	ck_assert_int_eq(r[0], -EFBIG);
	ck_assert_int_eq(r[1], -EFBIG);
	ck_assert_int_eq(note("task.create"), 0);
	close_log();
	ck_assert_int_eq(verify(), 0);
	expect("3 events, 1 to 3");
	load(path, &text);
	ck_assert_ptr_nonnull(strstr(buf_text(&text), "\"lost\":2"));
	teardown();
}
END

TEST(does_not_stand_in_the_way_unless_it_is_required)
{
	struct stat st;
	int limited, r;

	setup();
	(void)signal(SIGXFSZ, SIG_IGN);
	open_log();
	ck_assert_int_eq(stat(path, &st), 0);
	limited = limit_size((rlim_t)st.st_size);
	r = note("task.create");
	ck_assert_int_eq(limit_size(RLIM_INFINITY), 0);
	ck_assert_int_eq(limited, 0);
	ck_assert_int_eq(r, 0);
	teardown();
	ck_assert_int_eq(
		audit_note(NULL, &(struct audit_event){ .action = "x" }), 0);
	audit_reopen(NULL);
	audit_free(NULL);
}
END

TEST(cuts_off_a_torn_last_line_and_says_so)
{
	AUTO_BUF struct buf text = { 0 };
	size_t len;

	setup();
	write_log();
	load(path, &text);
	(void)line(&text, 7, &len);
	store(path, text.data, text.len - 10);
	ck_assert_int_gt(verify(), 0);
	expect("log:7: torn");
	open_log();
	close_log();
	load(path, &text);
	ck_assert_ptr_nonnull(
		strstr(buf_text(&text), "bytes of a torn line were cut off"));
	teardown();
}
END

TEST(goes_on_behind_a_head_that_a_crash_left_behind)
{
	AUTO_BUF struct buf old = { 0 };

	setup();
	write_log();
	load(head, &old);
	open_log();
	close_log();
	store(head, old.data, old.len);
	ck_assert_int_eq(verify(), 0);
	open_log();
	close_log();
	ck_assert_int_eq(verify(), 0);
	expect("11 events, 1 to 11");
	teardown();
}
END

TEST(refuses_a_file_that_others_may_write_or_that_is_none_of_ours)
{
	setup();
	write_log();
	ck_assert_int_eq(chmod(path, 0644), 0);
	ck_assert_int_eq(try_open(false), -EPERM);
	ck_assert_ptr_nonnull(strstr(err.text, "chmod 600"));
	store(path, "hello\n", 6);
	ck_assert_int_eq(chmod(path, 0600), 0);
	ck_assert_int_eq(try_open(false), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(err.text, "audit verify"));
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(symlink(head, path), 0);
	ck_assert_int_eq(try_open(false), -ELOOP);
	teardown();
}
END

/* ----------------------------------------------------------------- tampering */

TEST(finds_a_changed_line)
{
	AUTO_BUF struct buf text = { 0 };
	size_t len;

	setup();
	write_log();
	load(path, &text);
	for (int i = 1; i <= 7; i++) { /* the last one, too */
		char *time = strstr(line(&text, i, &len), "\"time\":\"20");
		char where[32];

		time[8] = '3';
		store(path, text.data, text.len);
		ck_assert_int_eq(verify(), 1);
		(void)snprintf(where, sizeof where, "log:%d: changed", i);
		expect(where);
		time[8] = '2';
	}
	teardown();
}
END

TEST(finds_lines_that_were_taken_out)
{
	AUTO_BUF struct buf text = { 0 };
	size_t len, next;
	char *at;

	setup();
	write_log();
	load(path, &text);
	at = line(&text, 3, &len);
	(void)line(&text, 4, &next);
	len += next;
	memmove(at, at + len,
		text.len - (size_t)(at - (char *)text.data) - len);
	store(path, text.data, text.len - len);
	ck_assert_int_eq(verify(), 1);
	expect("log:3: events 3 to 4 are missing before it");
	teardown();
}
END

TEST(finds_that_the_end_was_cut_off)
{
	AUTO_BUF struct buf text = { 0 };
	size_t len;

	setup();
	write_log();
	load(path, &text);
	store(path, text.data,
		(size_t)(line(&text, 6, &len) - (char *)text.data));
	ck_assert_int_eq(verify(), 1);
	expect("log: events 6 to 7 are missing at its end");
	open_log(); /* the log itself tells it from now on */
	close_log();
	ck_assert_int_eq(verify(), 1);
	expect("log:6: events 6 to 7 are missing before it");
	load(path, &text);
	ck_assert_ptr_nonnull(strstr(
		buf_text(&text), "events 6 to 7 are missing at the end"));
	teardown();
}
END

TEST(finds_a_line_that_was_put_in)
{
	AUTO_BUF struct buf text = { 0 };
	AUTO_BUF struct buf forged = { 0 };
	size_t len;
	char *at;

	setup();
	write_log();
	load(path, &text);
	at = line(&text, 4, &len);
	ck_assert_int_eq(buf_add(&forged, text.data,
				 (size_t)(at - (char *)text.data) + len),
		0);
	ck_assert_int_eq(buf_add(&forged, at, len), 0); /* a second time */
	ck_assert_int_eq(buf_add_text(&forged, at + len), 0);
	store(path, forged.data, forged.len);
	ck_assert_int_eq(verify(), 1);
	expect("log:5: event 4 where 5 should be");

	forged.len = (size_t)(at - (char *)text.data) + len;
	ck_assert_int_eq(buf_add_text(&forged, "{\"hello\": 1}\n"), 0);
	ck_assert_int_eq(buf_add_text(&forged, at + len), 0);
	store(path, forged.data, forged.len);
	ck_assert_int_eq(verify(), 1);
	expect("log:5: changed or put in: no event");
	teardown();
}
END

TEST(finds_lines_that_were_moved)
{
	AUTO_BUF struct buf text = { 0 };
	AUTO_BUF struct buf moved = { 0 };
	size_t len3, len4;
	char *at3, *at4;

	setup();
	write_log();
	load(path, &text);
	at3 = line(&text, 3, &len3);
	at4 = line(&text, 4, &len4);
	ck_assert_int_eq(
		buf_add(&moved, text.data, (size_t)(at3 - (char *)text.data)),
		0);
	ck_assert_int_eq(buf_add(&moved, at4, len4), 0);
	ck_assert_int_eq(buf_add(&moved, at3, len3), 0);
	ck_assert_int_eq(buf_add_text(&moved, at4 + len4), 0);
	store(path, moved.data, moved.len);
	ck_assert_int_eq(verify(), 2);
	expect("log:3: event 3 is missing before it");
	expect("log:4: event 3 where 5 should be");
	teardown();
}
END

TEST(finds_garbage_in_place_of_a_line)
{
	AUTO_BUF struct buf text = { 0 };
	size_t len;
	char *at;

	setup();
	write_log();
	load(path, &text);
	at = line(&text, 4, &len);
	at[0] = 0;
	store(path, text.data, text.len);
	ck_assert_int_eq(verify(), 1);
	expect("log:4: changed or put in: no event");
	teardown();
}
END

	UNIT_MAIN("server/audit",
		writes_an_object_a_line_whatever_the_texts_hold,
		cuts_texts_so_that_no_line_is_too_long, goes_on_where_it_ended,
		lets_a_command_write_between_the_events_of_a_server,
		follows_a_rotation_with_one_chain,
		follows_a_rotation_while_nobody_wrote,
		only_counts_the_refusals_of_an_address_beyond_some,
		only_counts_what_one_name_repeats,
		takes_back_a_line_for_which_there_is_no_room,
		does_not_stand_in_the_way_unless_it_is_required,
		cuts_off_a_torn_last_line_and_says_so,
		goes_on_behind_a_head_that_a_crash_left_behind,
		refuses_a_file_that_others_may_write_or_that_is_none_of_ours,
		finds_a_changed_line, finds_lines_that_were_taken_out,
		finds_that_the_end_was_cut_off, finds_a_line_that_was_put_in,
		finds_lines_that_were_moved, finds_garbage_in_place_of_a_line)
