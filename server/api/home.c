/* home.c - GET /: what this is, for somebody who opened it in a browser */
#include "api/internal.h"

#define HEAD \
	"<!doctype html>\n" \
	"<html lang=\"en\"><head><meta charset=\"utf-8\">\n" \
	"<meta name=\"viewport\" content=\"width=device-width\">\n" \
	"<title>nodelink</title>\n" \
	"<style>body{font:1rem/1.5 sans-serif;max-width:46rem;margin:2rem " \
	"auto;padding:0 1rem}pre{background:#f3f3f3;padding:.8rem;overflow:" \
	"auto}td{padding:.1rem 1rem .1rem 0;vertical-align:top}</style>\n" \
	"</head><body>\n" \
	"<h1>nodelink " PACKAGE_VERSION "</h1>\n" \
	"<p>This server runs tasks on the nodes whose agents are connected to " \
	"it, shows their output live, and cancels them for real. It is used " \
	"over HTTP; the whole API is described in the manual page " \
	"<code>nodelink-api(7)</code>.</p>\n"
#define TAIL \
	"<pre>curl -s localhost:8080/agents\n" \
	"curl -s localhost:8080/tasks/shell -H 'Content-Type: " \
	"application/json' \\\n" \
	"     -d '{\"agent_id\":\"agent1\",\"cmd\":\"echo hello; sleep 60\"}'\n" \
	"curl -N 'localhost:8080/stream?ref=TASK_ID'\n" \
	"curl -X DELETE localhost:8080/tasks/TASK_ID</pre>\n" \
	"<table>\n" \
	"<tr><td><code>POST /tasks/{plugin}</code><td>start a task\n" \
	"<tr><td><code>GET /stream?ref=ID</code><td>its events as they come " \
	"(SSE)\n" \
	"<tr><td><code>GET /tasks/ID/output</code><td>its exact output\n" \
	"<tr><td><code>DELETE /tasks/ID</code><td>cancel it\n" \
	"<tr><td><a href=\"/tasks\"><code>GET /tasks</code></a><td>all tasks\n" \
	"<tr><td><a href=\"/agents\"><code>GET /agents</code></a><td>all " \
	"agents and their plugins\n" \
	"<tr><td><a href=\"/openapi.json\"><code>GET /openapi.json</code></a>" \
	"<td>all there is, for programs\n" \
	"<tr><td><a href=\"/healthz\"><code>GET /healthz</code></a><td>is it " \
	"well\n" \
	"</table></body></html>\n"

static const char development[] =
	HEAD "<p><strong>Development mode:</strong> nobody is asked who he is. "
	     "Whoever reaches this address may do everything.</p>\n" TAIL;

static const char page[] = HEAD
	"<p>Requests need a token, which an administrator makes: "
	"<code>curl -H \"Authorization: Bearer $TOKEN\" ...</code></p>\n" TAIL;

void
api_home(void *arg, struct http_request *req)
{
	const struct api *api = arg;

	http_add_header(req, "Content-Security-Policy",
		"default-src 'none'; style-src 'unsafe-inline'");
	http_reply_static(req, 200, "text/html; charset=utf-8",
		api->auth ? page : development);
}
