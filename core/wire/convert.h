/* convert.h - between struct msg and the protobuf types; for core/wire only
 *
 * A file for each direction of travel holds both conversions of its messages,
 * so that the two stand side by side. Borrowed pointers both ways: memory
 * comes from the arena, text and bytes stay where they are. */
#ifndef NODELINK_WIRE_CONVERT_H
#define NODELINK_WIRE_CONVERT_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "nodelink/v1/agent.pb-c.h"
#include "wire/msg.h"

/* The seed's messages have members of these names, and some C libraries have
 * macros. */
#undef stdout
#undef stderr

/* protobuf-c's structs want char * and only read it when packing. */
static inline char *
convert_text(const char *s)
{
	return (char *)(uintptr_t)(s ? s : protobuf_c_empty_string);
}

static inline char **
convert_texts(const char *const *list)
{
	return (char **)(uintptr_t)list;
}

/* Append the packed message: 0, -ENOMEM, -EMSGSIZE. */
int convert_append(const ProtobufCMessage *m, struct buf *out);

/* struct msg (of a kind that travels this way) to packed bytes. */
int
convert_pack_request(struct arena *a, const struct msg *msg, struct buf *out);
int
convert_pack_response(struct arena *a, const struct msg *msg, struct buf *out);

/* The unpacked protobuf message to struct msg. 0, -ENOMEM, -EBADMSG with
 * text, -EOPNOTSUPP for a kind we do not know. */
int convert_request(struct arena *a, const Nodelink__V1__TaskRequest *m,
	struct msg *msg, struct err *err);
int convert_response(struct arena *a, const Nodelink__V1__TaskResponse *m,
	struct msg *msg, struct err *err);

/* Parts of the above: what every start has, ... */
int convert_put_options(struct arena *a, const struct msg_start *start,
	Nodelink__V1__TaskRequest *req);
int convert_get_options(struct arena *a, const Nodelink__V1__TaskOptions *m,
	struct msg_start *out, struct err *err);
/* (*out stays NULL when there is none) */
int convert_put_limits(struct arena *a, const struct msg_limits *from,
	Nodelink__V1__Limits **out);
struct msg_limits convert_get_limits(const Nodelink__V1__Limits *m);

/* ... how a task ended, ... */
int convert_put_result(struct arena *a, const struct msg_result *from,
	Nodelink__V1__TaskResponse *resp);
int convert_get_result(struct arena *a, const Nodelink__V1__TaskResponse *resp,
	struct msg_result *out, struct err *err);

/* ... and what an executor is. */
int convert_put_inventory(struct arena *a, const struct msg_inventory *from,
	Nodelink__V1__Inventory *m);
int convert_get_inventory(struct arena *a, const Nodelink__V1__Inventory *m,
	struct msg_inventory *out, struct err *err);

#endif
