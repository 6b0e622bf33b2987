/* wire-again.c - read a message, write it, and read it once more */
#include "tests/fuzz/wire-again.h"

#include <errno.h>
#include <string.h>

#include "base/auto.h"
#include "base/id.h"
#include "base/limits.h"
#include "tests/fuzz/fuzz.h"

static void
check(const struct msg *m)
{
	MUST(!*m->agent_id || id_valid_agent(m->agent_id));
	MUST(!*m->task_id || id_valid(m->task_id) || m->kind == MSG_HELLO ||
		m->kind == MSG_ATTACH || m->kind == MSG_INVENTORY ||
		m->kind == MSG_PLUGIN_DOWN);
	if (m->kind == MSG_OUTPUT)
		MUST(m->output.len <= LIMIT_OUTPUT_CHUNK);
	if (m->kind == MSG_INVENTORY)
		for (size_t i = 0; i < m->inventory.n_tasks; i++)
			MUST(id_valid(m->inventory.tasks[i].task_id));
}

static int
pack(const struct msg *m, struct buf *out)
{
	int r = msg_pack(m, out);

	MUST(r == 0 || r == -EMSGSIZE);
	return r;
}

bool
wire_again(enum msg_way way, const uint8_t *data, size_t len)
{
	AUTO(msg_free) struct msg_box *one = NULL, *two = NULL;
	AUTO_BUF struct buf first = { 0 }, second = { 0 };
	struct err err = { "" };
	int r = msg_unpack(way, data, len, &one, &err);

	MUST(r == 0 || r == -EBADMSG || r == -EOPNOTSUPP);
	MUST(r == 0 || *err.text);
	if (r < 0)
		return false;
	check(msg_get(one));
	if (msg_get(one)->kind == MSG_UNKNOWN || pack(msg_get(one), &first) < 0)
		return true;
	r = msg_unpack(way, first.data, first.len, &two, &err);
	MUST(r == 0);
	MUST(msg_get(two)->kind == msg_get(one)->kind);
	MUST(pack(msg_get(two), &second) == 0);
	MUST(first.len == second.len &&
		(!first.len ||
			memcmp(first.data, second.data, first.len) == 0));
	return true;
}
