/* fuzz-batch.c - several messages in one, taken apart and put together */
#include <errno.h>

#include "base/limits.h"
#include "tests/fuzz/fuzz.h"
#include "wire/batch.h"
#include "wire/msg.h"

static void
together(const uint8_t *data, size_t len)
{
	struct input in = { data, len };
	struct batch batch = { 0 };
	const uint8_t *item;
	size_t n = 0, item_len;

	while (in.len) {
		struct input piece = input_piece(&in, input_byte(&in));

		if (batch_add(&batch, piece.data, piece.len) != BATCH_OK)
			break;
	}
	if (batch.items > 1 && batch_get(&batch, &item, &item_len)) {
		struct batch_walk walk = { item, item_len, false };

		while (batch_next(&walk, &item, &item_len) > 0)
			n++;
		MUST(n == batch.items);
	}
	batch_done(&batch);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct batch_walk walk = { data, len, false };
	const uint8_t *item;
	size_t item_len;
	int r;

	while ((r = batch_next(&walk, &item, &item_len)) > 0) {
		struct msg_box *box = NULL;
		struct err err;

		MUST(item >= data && item + item_len <= data + len);
		if (msg_unpack(MSG_TO_SERVER, item, item_len, &box, &err) == 0)
			msg_free(box);
	}
	MUST(r == 0 || r == -EBADMSG);
	together(data, len);
	return 0;
}
