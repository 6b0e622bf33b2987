/* test-state.c - every pair of state and event, written down once more
 *
 * The expected tables are the contract as text; the code's own tables are
 * compared with them cell by cell. '.' is an illegal move. */
#include "task/state.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/unit.h"

/* columns: SEND START REFUSE SUCCEED FAIL NEVER_STARTED STOPPED
 * cells: p s i C F X = pending sent in_progress completed failed cancelled */
static const char *const task_cells[] = {
	[TASK_PENDING] = "s.F..X.",
	[TASK_SENT] = "siF.FX.",
	[TASK_IN_PROGRESS] = "...CF.X",
	[TASK_COMPLETED] = ".......",
	[TASK_FAILED] = ".......",
	[TASK_CANCELLED] = ".......",
};
static const char task_letters[] = "psiCFX";

/* columns: REQUEST DELIVER STOP KILL STUCK VERIFY MISS LOSE
 * cells: n r d s k u V T L */
static const char *const cancel_cells[] = {
	[CANCEL_NONE] = "r.sk.V..",
	[CANCEL_REQUESTED] = ".dsk.VTL",
	[CANCEL_DELIVERED] = "..sk.VTL",
	[CANCEL_STOPPING] = "...k.VTL",
	[CANCEL_KILLING] = "....uVTL",
	[CANCEL_UNKILLABLE] = ".....VTL",
	[CANCEL_VERIFIED] = "........",
	[CANCEL_TOO_LATE] = "........",
	[CANCEL_UNDELIVERABLE] = "........",
};
static const char cancel_letters[] = "nrdskuVTL";

TEST(moves_a_task_only_as_the_table_says)
{
	for (int s = TASK_PENDING; s <= TASK_CANCELLED; s++)
		for (int e = TASK_EV_SEND; e <= TASK_EV_STOPPED; e++) {
			enum task_status status = (enum task_status)s;
			char want = task_cells[s][e];
			int r = task_move(&status, (enum task_event)e);

			ck_assert_int_eq(
				r, want == '.' ? STATE_ILLEGAL : STATE_OK);
			ck_assert_int_eq(task_letters[status],
				want == '.' ? task_letters[s] : want);
		}
}
END

TEST(moves_a_cancel_only_as_the_table_says)
{
	for (int s = CANCEL_NONE; s <= CANCEL_UNDELIVERABLE; s++)
		for (int e = CANCEL_EV_REQUEST; e <= CANCEL_EV_LOSE; e++) {
			enum cancel_phase phase = (enum cancel_phase)s;
			char want = cancel_cells[s][e];
			int r = cancel_move(&phase, (enum cancel_event)e);

			ck_assert_int_eq(
				r, want == '.' ? STATE_ILLEGAL : STATE_OK);
			ck_assert_int_eq(cancel_letters[phase],
				want == '.' ? cancel_letters[s] : want);
		}
}
END

TEST(never_leaves_a_final_state)
{
	ck_assert(!task_is_final(TASK_IN_PROGRESS));
	ck_assert(task_is_final(TASK_COMPLETED));
	ck_assert(task_is_final(TASK_FAILED));
	ck_assert(task_is_final(TASK_CANCELLED));
	ck_assert(!cancel_is_final(CANCEL_UNKILLABLE));
	ck_assert(cancel_is_final(CANCEL_VERIFIED));
	ck_assert(cancel_is_final(CANCEL_TOO_LATE));
	ck_assert(cancel_is_final(CANCEL_UNDELIVERABLE));
}
END

TEST(has_the_public_names)
{
	static const char *const names[] = { "pending", "sent", "in_progress",
		"completed", "failed", "cancelled" };
	enum task_status status;

	for (int s = TASK_PENDING; s <= TASK_CANCELLED; s++) {
		ck_assert_str_eq(
			task_status_name((enum task_status)s), names[s]);
		ck_assert_int_eq(task_status_parse(names[s], &status), 0);
		ck_assert_int_eq((int)status, s);
	}
	ck_assert_int_eq(task_status_parse("canceled", &status), -EINVAL);
	ck_assert_str_eq(cancel_phase_name(CANCEL_TOO_LATE), "too_late");
}
END

	UNIT_MAIN("state", moves_a_task_only_as_the_table_says,
		moves_a_cancel_only_as_the_table_says,
		never_leaves_a_final_state, has_the_public_names)
