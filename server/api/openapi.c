/* openapi.c - GET /openapi.json: what this API is, for programs */
#include "api/internal.h"

/* Made from proto/openapi.yaml, which is compared with the server by a test. */
static const char document[] = {
#include "openapi.inc"
};

void
api_openapi(void *arg, struct http_request *req)
{
	(void)arg;
	http_reply_static(req, 200, "application/json", document);
}
