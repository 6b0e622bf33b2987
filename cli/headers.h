/* headers.h - what the head of a request says; http.c's */
#ifndef NODELINK_CLI_HEADERS_H
#define NODELINK_CLI_HEADERS_H

#include <curl/curl.h>

#include "cli/http.h"

/* bearer: a whole line, or NULL. The caller's, or NULL: no memory. */
struct curl_slist *
headers_new(const char *bearer, const struct http_request *request);

#endif
