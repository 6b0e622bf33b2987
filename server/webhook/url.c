/* url.c - which URLs webhooks may go to */
#include "webhook/url.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/limits.h"
#include "base/parse.h"
#include "webhook/guard.h"

enum { NAME = 256 }; /* no host has a longer one */

AUTO_DEFINE(CURLU *, curl_url_cleanup)

/* A part that fits into out; "" when there is none. */
static bool
part(CURLU *url, CURLUPart what, unsigned flags, char *out, size_t size)
{
	char *text = NULL;
	CURLUcode r = curl_url_get(url, what, &text, flags);
	size_t len = text ? strlen(text) : 0;
	bool good = (r == CURLUE_OK || r == CURLUE_NO_FRAGMENT) && len < size;

	if (good)
		memcpy(out, text ? text : "", len + 1);
	curl_free(text);
	return good;
}

static bool
is_plain(const char *text)
{
	for (; *text; text++)
		if (*text <= ' ' || *text > '~')
			return false;
	return true;
}

/* [::1] as ::1 */
static const char *
bare(const char *host, char out[NAME])
{
	size_t len = strlen(host);

	if (*host != '[' || len < 2)
		return host;
	(void)snprintf(out, NAME, "%.*s", (int)(len - 2), host + 1);
	return out;
}

/* Of DNS, or an address. */
static bool
is_host(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-._";

	return *name && (*name == '[' || !name[strspn(name, letters)]);
}

/* libcurl lets one slash pass, or three, and names with escapes in them, which
 * may become numbers and so addresses. */
static bool
is_written_plainly(const char *text)
{
	const char *rest = strchr(text, ':');
	size_t len;

	if (!rest || strncmp(rest, "://", 3) != 0)
		return false;
	len = strcspn(rest + 3, "/?#");
	return len && !memchr(rest + 3, '%', len);
}

static int
take_apart(CURLU *parts, struct url *out, char name[NAME])
{
	char scheme[16], port[8], rest[LIMIT_URL + 1];
	bool standard = !part(parts, CURLUPART_PORT, CURLU_NO_DEFAULT_PORT,
		port, sizeof port);
	uint64_t number;

	if (!part(parts, CURLUPART_SCHEME, 0, scheme, sizeof scheme) ||
		(strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0) ||
		!part(parts, CURLUPART_HOST, 0, name, NAME) || !is_host(name) ||
		!part(parts, CURLUPART_PORT, CURLU_DEFAULT_PORT, port,
			sizeof port) ||
		parse_u64(port, 1, UINT16_MAX, &number) < 0 ||
		!part(parts, CURLUPART_FRAGMENT, 0, rest, sizeof rest) || *rest)
		return -EINVAL;
	out->port = (uint16_t)number;
	(void)snprintf(out->host, sizeof out->host, "%s:%s", name, port);
	(void)snprintf(out->origin, sizeof out->origin, "%s://%s%s%s", scheme,
		name, standard ? "" : ":", standard ? "" : port);
	return 0;
}

int
url_check(
	const char *text, bool allow_internal, struct url *out, struct err *err)
{
	AUTO(curl_url_cleanup) CURLU *parts = curl_url();
	char name[NAME], plain[NAME];

	if (!parts)
		return err_set(err, -ENOMEM, "out of memory");
	if (strlen(text) > LIMIT_URL || !is_plain(text))
		return err_set(err, -EINVAL,
			"expected a URL of at most %d bytes of plain ASCII",
			LIMIT_URL);
	if (!is_written_plainly(text) ||
		curl_url_set(parts, CURLUPART_URL, text, CURLU_DISALLOW_USER) !=
			CURLUE_OK ||
		take_apart(parts, out, name) < 0)
		return err_set(err, -EINVAL,
			"expected an http or https URL with a host, without "
			"user and fragment");
	if (!allow_internal && guard_is_internal_text(bare(name, plain)))
		return err_set(err, -EINVAL,
			"'%s' is an internal address, which this server does "
			"not call ([webhook] allow_internal)",
			out->origin);
	return 0;
}

const char *
url_origin(const char *text, struct url *out)
{
	struct err none;

	return url_check(text, true, out, &none) == 0 ? out->origin : "";
}
