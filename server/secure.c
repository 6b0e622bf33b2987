/* secure.c - TLS of the two listeners: their certificates, now and later */
#include "secure.h"

#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "certs.h"

struct secure {
	struct certs *http_certs, *rpc_certs; /* NULL: no TLS */
	struct http *http;
	struct rpc_server *rpc;
	/* in use: borrowed from the certs */
	struct http_tls http_tls;
	struct rpc_tls rpc_tls;
	struct metric *ends;
};

static struct http_tls
for_http(const struct tls_pem *pem)
{
	return (struct http_tls){ .cert = pem->cert, .key = pem->key };
}

static struct rpc_tls
for_rpc(const struct tls_pem *pem)
{
	return (struct rpc_tls){
		.ca = pem->ca, .cert = pem->cert, .key = pem->key
	};
}

static int
use_http(void *arg, const struct tls_pem *pem, struct err *err)
{
	struct secure *s = arg;
	const struct http_tls tls = for_http(pem);

	return http_set_tls(s->http, &tls, err);
}

static int
use_rpc(void *arg, const struct tls_pem *pem, struct err *err)
{
	struct secure *s = arg;
	const struct rpc_tls tls = for_rpc(pem);

	return rpc_server_set_tls(s->rpc, &tls, err);
}

/* gRPC tells failed handshakes only so. */
static void
tell_trouble(const char *text, unsigned left_out)
{
	if (left_out)
		log_warn(
			0, "gRPC: %s (and %u more in between)", text, left_out);
	else
		log_warn(0, "gRPC: %s", text);
}

static const struct metric_def ends_def = {
	.type = METRIC_GAUGE,
	.name = "nodelink_server_certificate_expiry_timestamp_seconds",
	.unit = "seconds",
	.help = "When a certificate of this server ends, by the setting that "
		"names it, or the first of client_ca (Unix time); 0: none.",
	.labels = { "setting" },
	.max = 3,
};

static void
show(struct metric *m, const char *setting, int64_t not_after)
{
	metric_set(m, METRIC_OF(setting), (double)not_after / 1000);
}

static void
look(void *arg)
{
	const struct secure *s = arg;
	const struct tls_pem *http = certs_pem(s->http_certs);
	const struct tls_pem *rpc = certs_pem(s->rpc_certs);

	show(s->ends, "http.cert", http ? http->facts.not_after : 0);
	show(s->ends, "grpc.cert", rpc ? rpc->facts.not_after : 0);
	show(s->ends, "grpc.client_ca", rpc ? rpc->ca_not_after : 0);
}

int
secure_new(struct loop *loop, const struct tls_files *http,
	const struct tls_files *rpc, struct metrics *m, struct secure **out,
	struct err *err)
{
	AUTO(secure_free) struct secure *s = calloc(1, sizeof *s);
	int r = 0;

	if (!s)
		return err_set(err, -ENOMEM, "out of memory");
	rpc_on_trouble(tell_trouble);
	if (http->cert)
		r = certs_new(loop, "http", http, &s->http_certs, err);
	if (r == 0 && rpc->cert)
		r = certs_new(loop, "grpc", rpc, &s->rpc_certs, err);
	if (r < 0)
		return r;
	if (s->http_certs)
		s->http_tls = for_http(certs_pem(s->http_certs));
	if (s->rpc_certs)
		s->rpc_tls = for_rpc(certs_pem(s->rpc_certs));
	s->ends = metric_new(m, &ends_def);
	metrics_look(m, look, s);
	*out = TAKE(s);
	return 0;
}

void
secure_free(struct secure *s)
{
	if (!s)
		return;
	certs_free(s->http_certs);
	certs_free(s->rpc_certs);
	free(s);
}

const struct http_tls *
secure_http(const struct secure *s)
{
	return s->http_certs ? &s->http_tls : NULL;
}

const struct rpc_tls *
secure_rpc(const struct secure *s)
{
	return s->rpc_certs ? &s->rpc_tls : NULL;
}

void
secure_follow(struct secure *s, struct http *http, struct rpc_server *rpc)
{
	s->http = http;
	s->rpc = rpc;
	certs_follow(s->http_certs, use_http, s);
	certs_follow(s->rpc_certs, use_rpc, s);
}

void
secure_reload(struct secure *s)
{
	certs_reload(s->http_certs);
	certs_reload(s->rpc_certs);
}
