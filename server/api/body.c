/* body.c - the body of a request as JSON */
#include <errno.h>

#include "api/internal.h"
#include "json/json.h"

int
body_object(const struct http_request *req, const char *const *names,
	size_t n_names, json_t **out, struct err *err)
{
	AUTO(json_decref) json_t *doc = NULL;
	const struct buf *body = http_body(req);
	int r = json_parse(body->data, body->len, &doc, err);

	if (r < 0)
		return r;
	if (!json_is_object(doc))
		return err_set(err, -EINVAL, "the body must be an object");
	if (names)
		r = json_known(doc, names, n_names, err);
	if (r < 0)
		return r;
	*out = TAKE(doc);
	return 0;
}
