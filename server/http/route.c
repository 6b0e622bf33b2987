/* route.c - from method and path to a handler */
#include "http/internal.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

/* "/a/b" into "a", "b"; false when it cannot be one of our paths. */
static bool
split(struct http_request *req, const char *url)
{
	char *p;

	if (url[0] != '/' || !utf8_valid((const uint8_t *)url, strlen(url)))
		return false;
	req->path = strdup(url + 1);
	if (!req->path)
		return false;
	for (p = req->path;; p++) {
		if (req->n_segments == HTTP_SEGMENTS) {
			req->n_segments = 0; /* fits no route */
			return false;
		}
		req->segments[req->n_segments++] = p;
		p = strchr(p, '/');
		if (!p)
			return true;
		*p = 0;
	}
}

static bool
fits(const struct http_request *req, const char *pattern)
{
	for (size_t i = 0; i < req->n_segments; i++) {
		size_t n;

		if (*pattern++ != '/')
			return false;
		n = strcspn(pattern, "/");
		if (*pattern == '{') {
			if (!*req->segments[i])
				return false;
		} else if (strlen(req->segments[i]) != n ||
			   strncmp(req->segments[i], pattern, n) != 0) {
			return false;
		}
		pattern += n;
	}
	return *pattern == 0;
}

static bool
method_fits(const struct http_request *req, const struct http_route *route)
{
	return strcmp(route->method, req->method) == 0 ||
	       (strcmp(route->method, "GET") == 0 &&
		       strcmp(req->method, "HEAD") == 0);
}

static void
add_allowed(char *allowed, size_t size, const char *method)
{
	size_t n = strlen(allowed);
	bool get = strcmp(method, "GET") == 0;

	if (!strstr(allowed, method))
		(void)snprintf(allowed + n, size - n, "%s%s%s", n ? ", " : "",
			method, get ? ", HEAD" : "");
}

bool
http_route(struct http_request *req, const char *url)
{
	const struct http_conf *conf = &req->http->conf;

	if (!split(req, url))
		return false;
	for (size_t i = 0; i < conf->n_routes; i++) {
		const struct http_route *route = &conf->routes[i];

		if (!fits(req, route->pattern) || !method_fits(req, route))
			continue;
		req->route = route;
		return true;
	}
	return false;
}

void
http_no_route(struct http_request *req, const char *url)
{
	const struct http_conf *conf = &req->http->conf;
	char allowed[64] = "";

	for (size_t i = 0; i < conf->n_routes; i++)
		if (fits(req, conf->routes[i].pattern))
			add_allowed(allowed, sizeof allowed,
				conf->routes[i].method);
	if (!*allowed) {
		http_reply_error(req, 404, "no_such_path",
			"GET / tells what there is", "no such path: %.128s",
			url);
		return;
	}
	http_add_header(req, MHD_HTTP_HEADER_ALLOW, allowed);
	http_reply_error(req, 405, "wrong_method", NULL,
		"%.16s is not for this path, only %s", req->method, allowed);
}

static bool
is_listed(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = list; *p; p += strspn(p, " ")) {
		size_t len = strcspn(p, " ");

		if (len == n && strncmp(p, name, n) == 0)
			return true;
		p += len;
	}
	return false;
}

static int
check_name(void *arg, const char *name, const char *value)
{
	struct http_request *req = arg;
	const char *list = req->route->query;
	char detail[256];

	(void)value;
	if (is_listed(list, name))
		return 0;
	(void)snprintf(detail, sizeof detail, "%s %s has these: %s",
		req->route->method, req->route->pattern, list);
	http_reply_error(
		req, 400, "bad_query", detail, "unknown query '%.64s'", name);
	return -1;
}

bool
http_route_query(struct http_request *req)
{
	return !req->route->query || http_query_each(req, check_name, req) == 0;
}

const char *
http_param(const struct http_request *req, const char *name)
{
	const char *p = req->route->pattern;
	size_t n = strlen(name);

	for (size_t i = 0; i < req->n_segments; i++) {
		p++; /* the slash */
		if (p[0] == '{' && strncmp(p + 1, name, n) == 0 &&
			p[n + 1] == '}')
			return req->segments[i];
		p += strcspn(p, "/");
	}
	return NULL;
}
