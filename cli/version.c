/* version.c - nodelink version: this program's, and the server's */
#include <errno.h>
#include <stdio.h>

#include "cli/http.h"
#include "cli/look.h"
#include "cli/verb.h"

static const struct conf_item items[] = {
	{ .key = "client",
		.flag = "client",
		.type = CONF_BOOL,
		.help = "of this program only: ask no server" },
};

static int
print(const struct verb_call *call, const char *server, struct err *err)
{
	AUTO(json_decref) json_t *doc = NULL;

	if (!call->json) {
		(void)printf("client %s\n", PACKAGE_VERSION);
		return server ? look_line(err, "server %s at %s", server,
					call->context.server)
			      : 0;
	}
	doc = json_pack(
		"{s:s, s:s?}", "client", PACKAGE_VERSION, "server", server);
	return verb_print_json(doc, err);
}

static int
run(struct verb_call *call, struct err *err)
{
	AUTO(http_free) struct http *http = NULL;
	HTTP_ANSWER(answer);
	const char *server = NULL;
	int r = 0;

	if (!conf_bool(call->conf, "client")) {
		r = http_new(&call->context, &http, err);
		if (r == 0)
			r = http_get(http, &answer, err, "/healthz");
		server = r == 0 ? http_text(answer.doc, "version") : NULL;
	}
	/* Ours is known, whatever became of the server's. */
	return print(call, server, err) < 0 ? -ENOMEM : r;
}

const struct verb verb_version = {
	.name = "version",
	.group = "Other",
	.summary = "Says the versions of this program and of the server.",
	.items = items,
	.n_items = ARRAY_SIZE(items),
	.page = "nodelink(1)",
	.run = run,
};
