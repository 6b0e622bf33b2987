/* check.c - what a request must be before a handler may see it
 *
 * MHD lets pass what two programs in a row may read differently: repeated
 * Content-Length, Content-Length beside Transfer-Encoding, codings other than
 * chunked. None of that is guessed at here; it is refused. */
#include "http/internal.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "base/parse.h"
#include "base/utf8.h"

struct heads { /* headers that decide how a request is read */
	unsigned hosts, lengths, codings, credentials;
	const char *host, *length, *coding, *type, *origin;
	bool bad_name;
	bool control; /* a NUL or line end inside a value */
};

/* RFC 9110: a token. "Content-Length " is a header that a proxy may heed. */
static bool
is_name(const char *name)
{
	size_t n = strspn(name, "!#$%&'*+-.^_`|~0123456789"
				"abcdefghijklmnopqrstuvwxyz"
				"ABCDEFGHIJKLMNOPQRSTUVWXYZ");

	return n > 0 && !name[n];
}

static enum MHD_Result
look(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_len,
	const char *value, size_t value_len)
{
	struct heads *h = cls;

	(void)kind;
	if (!value)
		value = "";
	if (strlen(name) != name_len || strlen(value) != value_len ||
		strpbrk(value, "\r\n"))
		h->control = true;
	if (!is_name(name))
		h->bad_name = true;
	if (strcasecmp(name, MHD_HTTP_HEADER_HOST) == 0) {
		h->hosts++;
		h->host = value;
	} else if (strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0) {
		h->lengths++;
		h->length = value;
	} else if (strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0) {
		h->codings++;
		h->coding = value;
	} else if (strcasecmp(name, MHD_HTTP_HEADER_AUTHORIZATION) == 0) {
		h->credentials++;
	} else if (strcasecmp(name, MHD_HTTP_HEADER_CONTENT_TYPE) == 0) {
		h->type = value;
	} else if (strcasecmp(name, MHD_HTTP_HEADER_ORIGIN) == 0) {
		h->origin = value;
	}
	return MHD_YES;
}

static bool
refuse(struct http_refusal *out, unsigned status, const char *code,
	const char *text, bool at_once)
{
	*out = (struct http_refusal){ status, code, text, at_once };
	return false;
}

static bool
is_type(const char *type, const char *want)
{
	size_t n = strlen(want);

	return strncasecmp(type, want, n) == 0 &&
	       (type[n] == 0 || type[n] == ';' || type[n] == ' ');
}

/* curl -d says "form" of whatever it sends; a browser that says so says its
 * origin too, which is checked. */
static bool
is_json(const char *type)
{
	return is_type(type, "application/json") ||
	       is_type(type, "application/x-www-form-urlencoded");
}

/* A name that its owner may point at this machine, whatever page he serves. */
static bool
is_public_name(const char *host)
{
	size_t n = *host == '[' ? 0 : strcspn(host, ":");
	char name[256];
	struct in_addr v4;

	if (n == 0 || n >= sizeof name)
		return n > 0;
	memcpy(name, host, n);
	name[n] = 0;
	return strcasecmp(name, "localhost") != 0 &&
	       inet_pton(AF_INET, name, &v4) != 1;
}

/* The page that sends this lives on another host than the one it talks to, or
 * on one that claims to be this. */
static bool
is_foreign(const char *origin, const char *host, bool asks)
{
	const char *authority = strstr(origin, "://");

	return !authority || strcasecmp(authority + 3, host) != 0 ||
	       (!asks && is_public_name(host));
}

static size_t
head_size(struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

	return info ? info->header_size : 0;
}

static bool
check_framing(const struct heads *h, struct http_refusal *out)
{
	if (h->control)
		return refuse(out, 400, "bad_header",
			"a header holds a control character", true);
	if (h->bad_name)
		return refuse(out, 400, "bad_header",
			"the name of a header is none", true);
	if (h->hosts != 1)
		return refuse(out, 400, "bad_host",
			"exactly one Host header is needed", true);
	if (h->credentials > 1)
		return refuse(out, 400, "bad_header",
			"more than one Authorization header", true);
	if (h->lengths > 1)
		return refuse(out, 400, "bad_framing",
			"more than one Content-Length header", true);
	if (h->lengths && h->codings)
		return refuse(out, 400, "bad_framing",
			"Content-Length beside Transfer-Encoding", true);
	if (h->codings > 1 ||
		(h->codings && strcasecmp(h->coding, "chunked") != 0))
		return refuse(out, 400, "bad_framing",
			"a Transfer-Encoding other than chunked", true);
	return true;
}

static enum MHD_Result
check_pair(void *cls, enum MHD_ValueKind kind, const char *name,
	size_t name_len, const char *value, size_t value_len)
{
	bool *good = cls;

	(void)kind;
	if (!utf8_valid((const uint8_t *)name, name_len) ||
		(value && !utf8_valid((const uint8_t *)value, value_len)))
		*good = false;
	return MHD_YES;
}

static bool
is_text(const struct http_request *req)
{
	bool good = true;

	(void)MHD_get_connection_values_n(req->mhd,
		MHD_GET_ARGUMENT_KIND | MHD_HEADER_KIND, check_pair, &good);
	return good;
}

bool
http_check_head(const struct http_request *req, struct http_refusal *out)
{
	struct heads h = { 0 };
	uint64_t length = 0;

	if (req->long_uri)
		return refuse(out, 414, "uri_too_long",
			"the URI is longer than 4 KiB", true);
	if (req->bad_uri)
		return refuse(out, 400, "bad_uri",
			"the URI holds a space, a NUL or a broken %-escape",
			true);
	if (head_size(req->mhd) > HTTP_HEADERS_MAX + HTTP_URI_MAX)
		return refuse(out, 431, "header_too_large",
			"the headers are larger than 8 KiB", true);
	(void)MHD_get_connection_values_n(req->mhd, MHD_HEADER_KIND, look, &h);
	if (!check_framing(&h, out))
		return false;
	if (req->http->conf.local && is_public_name(h.host))
		return refuse(out, 421, "foreign_host",
			"in development mode the server is asked for as "
			"localhost or by its address",
			false);
	if (h.length && parse_u64(h.length, 0, UINT64_MAX, &length) < 0)
		return refuse(out, 400, "bad_framing",
			"the Content-Length is no number", true);
	if (length > LIMIT_HTTP_BODY)
		return refuse(out, 413, "body_too_large",
			"the body is larger than 1 MiB", length > HTTP_DRAIN);
	if ((length || h.codings) && h.type && !is_json(h.type))
		return refuse(out, 415, "not_json",
			"the body must be application/json", false);
	if (!http_reads(req) && h.origin &&
		is_foreign(h.origin, h.host, req->http->conf.asks))
		return refuse(out, 403, "foreign_origin",
			"a web page of another host may not do this", false);
	if (!is_text(req))
		return refuse(out, 400, "not_utf8",
			"the query or a header is not UTF-8", false);
	return true;
}
