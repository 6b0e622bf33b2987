/* common.c - what all verbs share: flags, and talking to people */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/verb.h"

static const struct conf_item common[] = {
	{ .key = "json",
		.flag = "json",
		.type = CONF_BOOL,
		.heading = "Common flags",
		.help = "print JSON" },
	{ .key = "server",
		.flag = "server",
		.short_flag = 's',
		.env = "NODELINK_SERVER",
		.arg = "URL",
		.help = "the server (default: http://127.0.0.1:8080)" },
	{ .key = "token-file",
		.flag = "token-file",
		.env = "NODELINK_TOKEN_FILE",
		.type = CONF_PATH,
		.arg = "FILE",
		.help = "file (mode 0600) with the token" },
	{ .key = "ca",
		.flag = "ca",
		.env = "NODELINK_CA",
		.type = CONF_PATH,
		.arg = "FILE",
		.help = "CAs to know the server by" },
	{ .key = "plaintext",
		.flag = "plaintext",
		.type = CONF_BOOL,
		.help = "send the token without TLS: a tunnel has it" },
	{ .key = "nodelink.context",
		.flag = "context",
		.env = "NODELINK_CONTEXT",
		.arg = "NAME",
		.help = "server, token and CA by a name of the settings file" },
	{ .key = "nodelink.color",
		.flag = "color",
		.arg = "WHEN",
		.fallback = "auto",
		.help = "auto, always or never" },
};

struct conf_item *
verb_items(const struct verb *verb, size_t *n)
{
	struct conf_item *items =
		calloc(verb->n_items + ARRAY_SIZE(common), sizeof *items);

	if (!items)
		return NULL;
	if (verb->n_items)
		memcpy(items, verb->items, verb->n_items * sizeof *items);
	memcpy(items + verb->n_items, common, sizeof common);
	*n = verb->n_items + ARRAY_SIZE(common);
	return items;
}

size_t
verb_json_flags(void)
{
	return isatty(STDOUT_FILENO) ? JSON_ENSURE_ASCII : 0;
}

int
verb_print_json(const json_t *doc, struct err *err)
{
	AUTO_FREE char *text =
		doc ? json_dumps(doc, JSON_INDENT(2) | JSON_ENCODE_ANY |
					      verb_json_flags())
		    : NULL;

	if (!text)
		return err_set(err, -ENOMEM, "out of memory");
	(void)puts(text); /* main.c sees whether it went out */
	return 0;
}

void
say(const char *fmt, ...)
{
	AUTO_BUF struct buf line = { 0 };
	char *text = NULL;
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (r < 0)
		return;
	(void)fflush(stdout); /* what was printed before stands before */
	if (buf_add_text(&line, "nodelink: ") == 0 &&
		term_safe(&line, text) == 0 && buf_add_text(&line, "\n") == 0)
		(void)fwrite(line.data, 1, line.len,
			stderr); /* nowhere else to say it */
	free(text);
}
