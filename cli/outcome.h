/* outcome.h - how a task ended: as an exit status, and in a sentence
 *
 * Pure, over a record of nodelink-api(7) whose status is final. */
#ifndef NODELINK_CLI_OUTCOME_H
#define NODELINK_CLI_OUTCOME_H

#include "base/buf.h"
#include "json/json.h"

/* The task's own status; 128 and the signal's number; STATUS_TIMEOUT when a
 * time of it was over; STATUS_OURS when it is not known how it ended or it
 * never ran; 143 when it was cancelled and has no failure of its own to show:
 * what was cancelled is not done. */
int outcome_status(const json_t *record);

/* "cancelled by me@10.0.0.1: enough; SIGTERM, then killed 2 processes". Text of
 * strangers is made safe. An exit with a status needs no words: "". As
 * buf_add(). */
int outcome_text(const json_t *record, struct buf *out);

#endif
