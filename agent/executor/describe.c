/* describe.c - what a plugin is, for people and for programs */
#include <errno.h>

#include "executor/plugin.h"

static const struct {
	const char *name;
	size_t offset;
} callbacks[] = {
	{ "init", offsetof(struct ndl_plugin, init) },
	{ "sweep", offsetof(struct ndl_plugin, sweep) },
	{ "start", offsetof(struct ndl_plugin, start) },
	{ "cancel", offsetof(struct ndl_plugin, cancel) },
	{ "drained", offsetof(struct ndl_plugin, drained) },
	{ "reap", offsetof(struct ndl_plugin, reap) },
	{ "fini", offsetof(struct ndl_plugin, fini) },
};

static bool
has_callback(const struct plugin *p, size_t i)
{
	return *(void *const *)((const char *)&p->v + callbacks[i].offset) !=
	       NULL;
}

/* ------------------------------------------------------------------- text */

static void
text_fields(struct buf *out, const char *title, const struct ndl_field *f)
{
	(void)buf_printf(out, "%s:%s\n", title, f->name ? "" : " none");
	for (; f->name; f++) {
		(void)buf_printf(out, "  %-16s %s%s%s%s", f->name,
			plugin_type_name(f->type),
			f->flags & NDL_LIST ? " list" : "",
			f->flags & NDL_REQUIRED ? ", required" : "",
			f->flags & NDL_SECRET ? ", secret" : "");
		if (f->fallback)
			(void)buf_printf(out, ", default %s", f->fallback);
		(void)buf_printf(out, "%s%s\n", f->help ? ": " : "",
			f->help ? f->help : "");
	}
}

static void
describe_text(const struct plugin *p, struct buf *out)
{
	(void)buf_printf(out, "name: %s\nversion: %s\nabi: %u.%u\n", p->v.name,
		p->v.version, (unsigned)(p->v.abi >> 16),
		(unsigned)(p->v.abi & 0xffff));
	(void)buf_printf(
		out, "summary: %s\n", p->v.summary ? p->v.summary : "");
	(void)buf_add_text(out, "callbacks:");
	for (size_t i = 0; i < ARRAY_SIZE(callbacks); i++)
		if (has_callback(p, i))
			(void)buf_printf(out, " %s", callbacks[i].name);
	(void)buf_add_text(out, "\n");
	text_fields(out, "settings", p->settings);
	text_fields(out, "params", p->params);
}

/* ------------------------------------------------------------------- JSON */

static void
json_text(struct buf *out, const char *text)
{
	(void)buf_add_text(out, "\"");
	for (; text && *text; text++)
		if (*text == '"' || *text == '\\')
			(void)buf_printf(out, "\\%c", *text);
		else if ((unsigned char)*text < 0x20)
			(void)buf_printf(out, "\\u%04x", (unsigned)*text);
		else
			(void)buf_add(out, text, 1);
	(void)buf_add_text(out, "\"");
}

static void
json_member(struct buf *out, const char *name, const char *text)
{
	(void)buf_printf(out, "\"%s\":", name);
	json_text(out, text);
	(void)buf_add_text(out, ",");
}

static void
json_fields(struct buf *out, const char *title, const struct ndl_field *f)
{
	(void)buf_printf(out, ",\"%s\":[", title);
	for (const char *comma = ""; f->name; f++, comma = ",") {
		(void)buf_printf(out, "%s{", comma);
		json_member(out, "name", f->name);
		json_member(out, "type", plugin_type_name(f->type));
		if (f->fallback)
			json_member(out, "default", f->fallback);
		json_member(out, "help", f->help);
		(void)buf_printf(out,
			"\"required\":%s,\"list\":%s,\"secret\":%s}",
			f->flags & NDL_REQUIRED ? "true" : "false",
			f->flags & NDL_LIST ? "true" : "false",
			f->flags & NDL_SECRET ? "true" : "false");
	}
	(void)buf_add_text(out, "]");
}

static void
describe_json(const struct plugin *p, struct buf *out)
{
	const char *comma = "";

	(void)buf_add_text(out, "{");
	json_member(out, "name", p->v.name);
	json_member(out, "version", p->v.version);
	json_member(out, "summary", p->v.summary);
	(void)buf_printf(out, "\"abi\":\"%u.%u\",\"callbacks\":[",
		(unsigned)(p->v.abi >> 16), (unsigned)(p->v.abi & 0xffff));
	for (size_t i = 0; i < ARRAY_SIZE(callbacks); i++) {
		if (!has_callback(p, i))
			continue;
		(void)buf_printf(out, "%s\"%s\"", comma, callbacks[i].name);
		comma = ",";
	}
	(void)buf_add_text(out, "]");
	json_fields(out, "settings", p->settings);
	json_fields(out, "params", p->params);
	(void)buf_add_text(out, "}\n");
}

int
plugin_describe(const struct plugin *p, bool json, struct buf *out)
{
	if (json)
		describe_json(p, out);
	else
		describe_text(p, out);
	return out->len ? 0 : -ENOMEM; /* nothing at all could be written */
}
