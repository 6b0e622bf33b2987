/* count_table.c - the metrics of agents and their tasks */
#include "hub/count.h"

#include "base/auto.h"

static const double run_bounds[] = { 0.01, 0.1, 1, 5, 10, 30, 60, 300, 600,
	1800, 3600, 7200, 21600, 86400 };

#define ROW(member) .at = offsetof(struct hub_counts, member)

static const struct metric_row rows[] = {
	{ ROW(tasks),
		.def = { .type = METRIC_GAUGE,
			.name = "nodelink_tasks",
			.help = "Unfinished tasks; 'ending': the end is known "
				"and not stored yet.",
			.labels = { "state" },
			.max = TASK_COMPLETED + 1 } },
	{ ROW(unkillable_tasks),
		.def = { .type = METRIC_GAUGE,
			.name = "nodelink_tasks_unkillable",
			.help = "Unfinished tasks with a process that has "
				"outlived SIGKILL." } },
	{ ROW(created), .def = { .type = METRIC_COUNTER,
				.name = "nodelink_tasks_created",
				.help = "Tasks created.",
				.labels = { "plugin" },
				.max = COUNT_PLUGINS + 1 /* and other */ } },
	{ ROW(ended), .def = { .type = METRIC_COUNTER,
			      .name = "nodelink_tasks_ended",
			      .help = "Tasks whose end is stored; cause: the "
				      "failure, or the code of the cancel.",
			      .labels = { "plugin", "status", "cause" },
			      .max = 256 } },
	{ ROW(start_seconds),
		.def = { .type = METRIC_HISTOGRAM,
			.name = "nodelink_task_start_seconds",
			.unit = "seconds",
			.help = "From the creation of a task until its node "
				"said that it has started (the server's "
				"wall clock).",
			.labels = { "plugin" },
			.max = COUNT_PLUGINS + 1 /* and other */,
			.bounds = metric_seconds,
			.n_bounds = METRIC_SECONDS } },
	{ ROW(run_seconds),
		.def = { .type = METRIC_HISTOGRAM,
			.name = "nodelink_task_run_seconds",
			.unit = "seconds",
			.help = "From the start of a task to its end (its "
				"node's wall clock).",
			.labels = { "plugin" },
			.max = COUNT_PLUGINS + 1 /* and other */,
			.bounds = run_bounds,
			.n_bounds = ARRAY_SIZE(run_bounds) } },
	{ ROW(asked),
		.def = { .type = METRIC_COUNTER,
			.name = "nodelink_cancel_requests",
			.help = "Cancels of unfinished tasks that clients and "
				"the server have asked for.",
			.labels = { "code" },
			.max = 24 } },
	{ ROW(cancels), .def = { .type = METRIC_COUNTER,
				.name = "nodelink_cancels_ended",
				.help = "Cancels that have ended, and how.",
				.labels = { "end" },
				.max = 3 } },
	{ ROW(killed),
		.def = { .type = METRIC_COUNTER,
			.name = "nodelink_cancels_killed",
			.help = "Cancelled tasks that needed SIGKILL." } },
	{ ROW(delivered_seconds),
		.def = { .type = METRIC_HISTOGRAM,
			.name = "nodelink_cancel_delivered_seconds",
			.unit = "seconds",
			.help = "From the request until the node's first word "
				"about it (the server's monotonic "
				"clock).",
			.bounds = metric_seconds,
			.n_bounds = METRIC_SECONDS } },
	{ ROW(signalled_seconds),
		.def = { .type = METRIC_HISTOGRAM,
			.name = "nodelink_cancel_signalled_seconds",
			.unit = "seconds",
			.help = "From when the node had it to the first "
				"signal, with the pre_stop hook (the "
				"node's wall clock).",
			.bounds = metric_seconds,
			.n_bounds = METRIC_SECONDS } },
	{ ROW(verified_seconds),
		.def = { .type = METRIC_HISTOGRAM,
			.name = "nodelink_cancel_verified_seconds",
			.unit = "seconds",
			.help = "From the first signal until nothing was "
				"left, with the grace (the node's wall "
				"clock).",
			.bounds = metric_seconds,
			.n_bounds = METRIC_SECONDS } },
	{ ROW(cancel_seconds),
		.def = { .type = METRIC_HISTOGRAM,
			.name = "nodelink_cancel_seconds",
			.unit = "seconds",
			.help = "From the request until the task was stored "
				"as cancelled (the server's monotonic "
				"clock); not of tasks that no node had.",
			.bounds = metric_seconds,
			.n_bounds = METRIC_SECONDS } },
	{ ROW(received), .def = { .type = METRIC_COUNTER,
				 .name = "nodelink_output_received_bytes",
				 .unit = "bytes",
				 .help = "Output taken from nodes.",
				 .labels = { "stream" },
				 .max = 3 } },
	{ ROW(stored), .def = { .type = METRIC_COUNTER,
			       .name = "nodelink_output_stored_bytes",
			       .unit = "bytes",
			       .help = "Output that is stored and shown." } },
	{ ROW(cut),
		.def = { .type = METRIC_COUNTER,
			.name = "nodelink_output_cut_bytes",
			.unit = "bytes",
			.help = "Output beyond output_limit, which nodes have "
				"cut." } },
	{ ROW(lost),
		.def = { .type = METRIC_COUNTER,
			.name = "nodelink_events_lost",
			.help = "Events of a task's stream that could not be "
				"kept; its record says the same.",
			.labels = { "what" },
			.max = 2 } },
	{ ROW(agents), .def = { .type = METRIC_GAUGE,
			       .name = "nodelink_agents",
			       .help = "Agents that are known." } },
	{ ROW(connected), .def = { .type = METRIC_GAUGE,
				  .name = "nodelink_agents_connected",
				  .help = "Agents that are connected." } },
	{ ROW(draining), .def = { .type = METRIC_GAUGE,
				 .name = "nodelink_agents_draining",
				 .help = "Agents that are being drained." } },
	{ ROW(degraded),
		.def = { .type = METRIC_GAUGE,
			.name = "nodelink_agents_degraded",
			.help = "Agents with a task that is unkillable." } },
	{ ROW(paused),
		.def = { .type = METRIC_GAUGE,
			.name = "nodelink_agents_paused",
			.help = "Agents whose stream is not read since too "
				"much waits to be stored." } },
	{ ROW(certificate),
		.def = { .type = METRIC_GAUGE,
			.name = "nodelink_agent_certificate_expiry_timestamp_"
				"seconds",
			.unit = "seconds",
			.help = "When the first certificate of an agent ends, "
				"or has ended (Unix time); 0: none has one." } },
	{ ROW(queued),
		.def = { .type = METRIC_GAUGE,
			.name = "nodelink_agent_queue_bytes",
			.unit = "bytes",
			.help = "Messages that wait to be sent to agents." } },
	{ ROW(longest),
		.def = { .type = METRIC_GAUGE,
			.name = "nodelink_agent_queue_longest_bytes",
			.unit = "bytes",
			.help = "The same, of the agent with the most." } },
	{ ROW(streams), .def = { .type = METRIC_COUNTER,
				.name = "nodelink_agent_streams",
				.help = "Streams that agents have opened.",
				.labels = { "decision" },
				.max = 2 } },
	{ ROW(crowd),
		.def = { .type = METRIC_COUNTER,
			.name = "nodelink_agent_connections_cut",
			.help = "Connections to the agents' port that were "
				"cut, since there were too many." } },
	{ ROW(complaints),
		.def = { .type = METRIC_COUNTER,
			.name = "nodelink_agent_complaints",
			.help = "What agents have said that does not fit: it "
				"was dropped, or their stream was "
				"closed.",
			.labels = { "consequence" },
			.max = 2 } },
};

void
count_make(struct hub_counts *c, struct metrics *m)
{
	metrics_make(m, rows, ARRAY_SIZE(rows), c);
}
