/* client.c - create, look at and cancel tasks, one request at a time */
#include "bench/client.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

char *
client_body(const char *agent, const char *shell, const char *cmd)
{
	struct buf b = { 0 };
	int r = buf_printf(&b, "{\"agent_id\":\"%s\",", agent);

	if (r == 0 && shell)
		r = buf_printf(&b, "\"shell\":\"%s\",", shell);
	if (r == 0)
		r = buf_add_text(&b, "\"cmd\":\"");
	for (; *cmd && r == 0; cmd++) {
		if (*cmd == '"' || *cmd == '\\')
			r = buf_add(&b, "\\", 1);
		if (r == 0)
			r = buf_add(&b, cmd, 1);
	}
	if (r == 0)
		r = buf_add_text(&b, "\"}");
	if (r < 0)
		errx(1, "out of memory");
	return (char *)b.data;
}

bool
client_member(const char *json, const char *name, char *out, size_t size)
{
	size_t len = strlen(name), n;
	const char *p = json;

	while ((p = strstr(p, name)) != NULL) {
		if (p > json && p[-1] == '"' && p[len] == '"')
			break;
		p += len;
	}
	if (!p)
		return false;
	p += len + 1;
	p += strspn(p, ": \"");
	n = strcspn(p, "\",}] \n");
	if (!n || n >= size)
		return false;
	memcpy(out, p, n);
	out[n] = '\0';
	return true;
}

void
client_create(
	struct http *h, const char *body, struct buf *reply, char id[CLIENT_ID])
{
	int status = http_call(h, "POST", "/tasks/shell", body, reply);

	if (status != 200 ||
		!client_member(buf_text(reply), "task_id", id, CLIENT_ID))
		errx(1, "task refused: %d %s", status, buf_text(reply));
}

int
client_await_pid(struct http *h, const char *id, struct buf *reply)
{
	int64_t deadline = clock_us() + 60 * INT64_C(1000000);
	char path[CLIENT_ID + 16], status[32] = "", pid[16];

	snprintf(path, sizeof(path), "/tasks/%s", id);
	while (clock_us() < deadline) {
		(void)http_call(h, "GET", path, NULL, reply);
		if (!client_member(
			    buf_text(reply), "status", status, sizeof(status)))
			break;
		if (!strcmp(status, "in_progress") &&
			client_member(buf_text(reply), "pid", pid, sizeof(pid)))
			return atoi(pid);
		if (strcmp(status, "pending") != 0 &&
			strcmp(status, "sent") != 0 &&
			strcmp(status, "in_progress") != 0)
			break;
		(void)usleep(1000); /* early is harmless */
	}
	errx(1, "task does not run: %s", buf_text(reply));
}

int
client_cancel(struct http *h, const char *id, bool force, struct buf *reply)
{
	char path[CLIENT_ID + 32];

	snprintf(
		path, sizeof(path), "/tasks/%s%s", id, force ? "?force=1" : "");
	return http_call(h, "DELETE", path, NULL, reply);
}
