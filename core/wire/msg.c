/* msg.c - the messages between server, uplink and executors, as C structs */
#include "wire/msg.h"

#include <errno.h>
#include <string.h>

#include "base/id.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "wire/convert.h"

struct msg_box {
	struct arena arena; /* holds all that msg points to */
	struct msg msg;
};

/* ------------------------------------------------------------------ packing */

int
convert_append(const ProtobufCMessage *m, struct buf *out)
{
	size_t size = protobuf_c_message_get_packed_size(m);
	int r;

	if (size > LIMIT_MESSAGE)
		return -EMSGSIZE;
	r = buf_reserve(out, size);
	if (r < 0)
		return r;
	out->len += protobuf_c_message_pack(m, out->data + out->len);
	out->data[out->len] = 0;
	return 0;
}

int
msg_pack(const struct msg *msg, struct buf *out)
{
	AUTO_ARENA struct arena a = { 0 };

	if (msg->kind <= MSG_ATTACH)
		return convert_pack_request(&a, msg, out);
	return convert_pack_response(&a, msg, out);
}

/* What is appended to a packed message counts as a part of it. */
int
msg_address(struct buf *start, const char *instance)
{
	Nodelink__V1__TaskRequest req;

	nodelink__v1__task_request__init(&req);
	req.instance = convert_text(instance);
	if (start->len + protobuf_c_message_get_packed_size(&req.base) >
		LIMIT_MESSAGE)
		return -EMSGSIZE;
	return convert_append(&req.base, start);
}

/* ---------------------------------------------------------------- unpacking */

static void *
unpack_alloc(void *arena, size_t size)
{
	return arena_alloc(arena, size);
}

static void
unpack_free(void *arena, void *p)
{
	(void)arena; /* all at once, in msg_free() */
	(void)p;
}

static int check_message(const ProtobufCMessage *m, struct err *err);

static int
check_member(
	const ProtobufCFieldDescriptor *f, const void *member, struct err *err)
{
	if (f->type == PROTOBUF_C_TYPE_MESSAGE)
		return check_message(*(ProtobufCMessage *const *)member, err);
	if (f->type == PROTOBUF_C_TYPE_STRING) {
		const char *s = *(char *const *)member;

		if (s && !utf8_valid((const uint8_t *)s, strlen(s)))
			return err_set(err, -EBADMSG, "field '%s' is not UTF-8",
				f->name);
	}
	return 0;
}

/* Walks every field that is set. The schema has no recursive message, so the
 * depth is that of the schema, whatever the sender does. */
static int
check_message(const ProtobufCMessage *m, struct err *err)
{
	const ProtobufCMessageDescriptor *d = m ? m->descriptor : NULL;
	int r = 0;

	for (unsigned i = 0; d && i < d->n_fields && r == 0; i++) {
		const ProtobufCFieldDescriptor *f = &d->fields[i];
		const char *member = (const char *)m + f->offset;
		const char *count = (const char *)m + f->quantifier_offset;

		if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF &&
			*(const uint32_t *)(const void *)count != f->id)
			continue;
		if (f->label != PROTOBUF_C_LABEL_REPEATED) {
			r = check_member(f, member, err);
			continue;
		}
		if (f->type != PROTOBUF_C_TYPE_MESSAGE &&
			f->type != PROTOBUF_C_TYPE_STRING)
			continue;
		for (size_t n = 0;
			n < *(const size_t *)(const void *)count && r == 0; n++)
			r = check_member(f,
				*(char *const *)(const void *)member +
					n * sizeof(void *),
				err);
	}
	return r;
}

static int
check_ids(const struct msg *msg, struct err *err)
{
	bool about_task = msg->kind != MSG_ATTACH && msg->kind != MSG_HELLO &&
			  msg->kind != MSG_INVENTORY &&
			  msg->kind != MSG_PLUGIN_DOWN;

	if (about_task && !id_valid(msg->task_id))
		return err_set(err, -EBADMSG,
			"task_id '%.80s' is not [a-z0-9-]{1,64}", msg->task_id);
	if (*msg->agent_id && !id_valid_agent(msg->agent_id))
		return err_set(err, -EBADMSG,
			"agent_id '%.80s' is not [A-Za-z0-9._-]{1,64}",
			msg->agent_id);
	if (msg->kind != MSG_HELLO && !id_valid_plugin(msg->plugin))
		return err_set(err, -EBADMSG,
			"plugin '%.80s' is not [a-z][a-z0-9-]{0,31}",
			msg->plugin);
	return 0;
}

int
msg_unpack(enum msg_way way, const uint8_t *data, size_t len,
	struct msg_box **out, struct err *err)
{
	AUTO(msg_free) struct msg_box *box = calloc(1, sizeof *box);
	ProtobufCAllocator allocator = { unpack_alloc, unpack_free, NULL };
	ProtobufCMessage *m;
	int r;

	if (!box)
		return -ENOMEM;
	if (len > LIMIT_MESSAGE)
		return err_set(err, -EBADMSG,
			"message of %zu bytes is over the limit of %d", len,
			LIMIT_MESSAGE);
	allocator.allocator_data = &box->arena;
	m = protobuf_c_message_unpack(
		way == MSG_TO_AGENT ? &nodelink__v1__task_request__descriptor
				    : &nodelink__v1__task_response__descriptor,
		&allocator, len, data);
	if (!m)
		return err_set(err, -EBADMSG,
			"not a protobuf message of this kind (%zu bytes)", len);
	r = check_message(m, err);
	if (r < 0)
		return r;
	if (way == MSG_TO_AGENT)
		r = convert_request(&box->arena,
			(const Nodelink__V1__TaskRequest *)m, &box->msg, err);
	else
		r = convert_response(&box->arena,
			(const Nodelink__V1__TaskResponse *)m, &box->msg, err);
	if (r < 0)
		return r;
	r = check_ids(&box->msg, err);
	if (r < 0)
		return r;
	*out = TAKE(box);
	return 0;
}

const struct msg *
msg_get(const struct msg_box *box)
{
	return &box->msg;
}

void
msg_free(struct msg_box *box)
{
	if (!box)
		return;
	arena_done(&box->arena);
	free(box);
}
