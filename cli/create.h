/* create.h - what a task is to be, from flags: the body of POST /tasks/...
 *
 * Pure, but for the values that --env NAME takes from our own environment. The
 * server judges the values; here they only get their form. */
#ifndef NODELINK_CLI_CREATE_H
#define NODELINK_CLI_CREATE_H

#include "conf/conf.h"
#include "json/json.h"

/* Flags of every verb that makes a task. */
#define CREATE_ITEMS \
	{ .key = "detach", \
		.flag = "detach", \
		.short_flag = 'd', \
		.type = CONF_BOOL, \
		.help = "print its id and leave it running" }, \
		{ .key = "quiet", \
			.flag = "quiet", \
			.short_flag = 'q', \
			.type = CONF_BOOL, \
			.help = "say nothing but the task's output and errors" }, \
		{ .key = "env", \
			.flag = "env", \
			.short_flag = 'e', \
			.arg = "NAME[=VALUE]", \
			.many = true, \
			.help = "environment variable; without value: ours" }, \
		{ .key = "user", \
			.flag = "user", \
			.short_flag = 'u', \
			.arg = "NAME", \
			.help = "who runs it" }, \
		{ .key = "label", \
			.flag = "label", \
			.short_flag = 'l', \
			.arg = "NAME=VALUE", \
			.many = true, \
			.help = "to find it by" }, \
		{ .key = "timeout", \
			.flag = "timeout", \
			.short_flag = 't', \
			.type = CONF_DURATION, \
			.heading = "Time", \
			.help = "longest run; 0: for ever (the server's default: " \
				"5m)" }, \
		{ .key = "start_timeout", \
			.flag = "start-timeout", \
			.type = CONF_DURATION, \
			.help = "longest wait for its agent" }, \
		{ .key = "idle_timeout", \
			.flag = "idle-timeout", \
			.type = CONF_DURATION, \
			.help = "longest silence" }, \
		{ .key = "grace", \
			.flag = "grace", \
			.short_flag = 'g', \
			.type = CONF_DURATION, \
			.help = "from the stop signal to SIGKILL" }, \
		{ .key = "signal", \
			.flag = "signal", \
			.arg = "SIGNAL", \
			.heading = "End", \
			.help = "the stop signal (the server's default: TERM)" }, \
		{ .key = "pre-stop", \
			.flag = "pre-stop", \
			.arg = "COMMAND", \
			.help = "to be run before the stop signal" }, \
		{ .key = "cleanup", \
			.flag = "cleanup", \
			.arg = "[WHEN:]COMMAND", \
			.many = true, \
			.help = "to be run after its end; WHEN is always, cancelled " \
				"or failed" }, \
		{ .key = "output_limit", \
			.flag = "output-limit", \
			.type = CONF_SIZE, \
			.help = "bytes of output that are kept" }, \
	{ \
		.key = "idempotency-key", .flag = "idempotency-key", \
		.arg = "TEXT", \
		.help = "with the same one, within a day, it is not run " \
			"again" \
	}

/* The members that these flags are, with the agent. *out is the caller's. 0;
 * -EINVAL with text about a flag; -ENOMEM. */
int create_body(const struct conf *conf, const char *agent_id, json_t **out,
	struct err *err);

/* A member from a flag of that key, if it was given: its text; its texts as a
 * list; a time, whose member has the key's name. 0 or -ENOMEM. */
int create_text(json_t *body, const struct conf *conf, const char *key,
	const char *member);
int create_list(json_t *body, const struct conf *conf, const char *key,
	const char *member);
int create_seconds(json_t *body, const struct conf *conf, const char *key);

/* NAME=VALUE of a flag that may be given again, as an object. A value that
 * reads as a number is one when `numbers`. 0; -EINVAL with text; -ENOMEM. */
int create_pairs(json_t *body, const struct conf *conf, const char *key,
	const char *member, bool numbers, struct err *err);

/* Words as a command line for a shell: one is a line already, several are a
 * program and its arguments and reach it unchanged. free() it. NULL: no
 * memory. */
char *create_line(char *const *words, size_t n);

#endif
