/* line.c - an event as a line: JSON that no text can break out of */
#include <errno.h>
#include <string.h>

#include "audit/internal.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "json/emit.h"

/* Together they fit into AUDIT_LINE, whatever is escaped. */
enum {
	TEXT_SHORT = 128, /* names and addresses */
	TEXT_DETAIL = 512,
	TEXT_REASON = 1100,
};

static const char *const decisions[] = { "allowed", "refused", "failed" };

static void
emit_cut(struct emit *e, const char *key, const char *text, size_t max)
{
	char clean[TEXT_REASON];

	utf8_clean(text ? text : "", text ? strlen(text) : 0, clean, max);
	emit_text_or_null(e, key, clean);
}

int
line_make(const struct audit_event *event, const struct chain *chain,
	uint64_t omitted, uint64_t lost, struct buf *out)
{
	struct emit e;

	if (chain->seq >= CHAIN_LAST)
		return -EOVERFLOW;
	emit_init(&e, out);
	emit_object(&e, NULL);
	emit_uint(&e, "seq", chain->seq + 1);
	emit_time(&e, "time", clock_wall_ms());
	emit_cut(&e, "action", event->action, TEXT_SHORT);
	emit_text(&e, "decision", decisions[event->decision]);
	emit_cut(&e, "actor", event->actor, TEXT_SHORT);
	emit_cut(&e, "client", event->client, TEXT_SHORT);
	emit_cut(&e, "token", event->token, TEXT_SHORT);
	emit_cut(&e, "peer", event->peer, TEXT_SHORT);
	emit_cut(&e, "target", event->target, TEXT_SHORT);
	emit_cut(&e, "detail", event->detail, TEXT_DETAIL);
	emit_cut(&e, "reason", event->reason, TEXT_REASON);
	emit_cut(&e, "request_id", event->request_id, TEXT_SHORT);
	if (omitted)
		emit_uint(&e, "omitted", omitted);
	if (lost)
		emit_uint(&e, "lost", lost);
	emit_text(&e, "prev", chain->hash);
	emit_object_end(&e);
	return emit_done(&e);
}
