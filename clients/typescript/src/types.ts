/* types.ts - what the server answers: nodelink-api(7)
 *
 * Names are those of the API. Times are RFC 3339 texts in UTC, durations are
 * seconds, null is what is not (yet) there. */

/** One of these words, or another that a newer server has. */
export type Open<T extends string> = T | (string & Record<never, never>);

export type TaskStatus =
	"pending" | "sent" | "in_progress" | "completed" | "failed" | "cancelled";

/** Why a task has failed. */
export type TaskFailure = Open<
	"exit" | "signal" | "oom" | "refused" | "spawn_error" | "agent_lost" |
	"executor_lost" | "host_rebooted" | "image_missing" | "unknown">;

export type CancelPhase =
	"requested" | "delivered" | "stopping" | "killing" | "unkillable" |
	"verified" | "too_late" | "undeliverable";

/** Why a task is cancelled; a site's own reasons are `x.<site>.<name>`. */
export type CancelName = Open<
	"user_request" | "superseded" | "bulk" |
	"timeout" | "start_timeout" | "idle_timeout" |
	"admin_request" | "agent_drain" | "maintenance" | "preempted" |
	"agent_stopping" | "agent_partition" | "host_shutdown" | "plugin_failed">;

export type WebhookEvent =
	"task.completed" | "task.failed" | "task.cancelled" | "task.cancel_requested";

export type SeccompProfile = "none" | "default";
export type CleanupWhen = "always" | "cancelled" | "failed";

/** The record of a task. */
export interface Task {
	task_id: string;
	agent_id: string;
	plugin: string;
	/** The client that created it. */
	owner: string | null;
	/** The last three of TaskStatus never change again. */
	status: TaskStatus;
	created_at: string;
	sent_at: string | null;
	started_at: string | null;
	finished_at: string | null;
	/** Of a shell task. */
	cmd?: string | null;
	/** What was asked of the plugin; secret fields read `***`. */
	params: Record<string, string | string[]>;
	/** Who runs it; in force once the task has started. */
	user: string | null;
	/** In force once the task has started. */
	limits: TaskLimits;
	/** In force once the task has started. */
	seccomp: SeccompProfile | null;
	stop: {
		signal: string;
		grace: number;
		pre_stop: { cmd: string; timeout: number | null } | null;
	};
	cleanup: Array<{ cmd: string; when: CleanupWhen; timeout: number | null }>;
	timeout: number;
	start_timeout: number;
	idle_timeout: number;
	output_limit: number;
	orphans: "kill" | "wait";
	strict_containment: boolean;
	labels: Record<string, string>;
	/** Of the leading process on the node. */
	pid: number | null;
	/** How the task is held together on the node. */
	containment: string | null;
	/** This or `signal`, when the process has ended. */
	exit_code: number | null;
	/** Such as `SIGTERM`. */
	signal: string | null;
	failure: TaskFailure | null;
	/** The node's setting that does not allow the task. */
	rule: string | null;
	/** More about a failure, for people. */
	message: string | null;
	cancel: Cancel | null;
	receipt: Receipt | null;
	hooks: HookRun[];
	output: OutputSummary;
	/** Who is told of it: of each URL where it leads, and the events. */
	webhooks: Array<{ url: string | null; events: WebhookEvent[] }>;
}

export interface TaskLimits {
	pids: number | null;
	memory: number | null;
	cpu: number | null;
	open_files: number | null;
	file_size: number | null;
}

/** How far a cancellation is. */
export interface Cancel {
	phase: CancelPhase;
	code: number;
	name: CancelName | null;
	reason: string | null;
	/** `client@address`, `nodelink-server` or `nodelink` (the agent). */
	actor: string | null;
	grace: number;
	/** How many asked for it. */
	requests: number;
	requested_at: string | null;
	delivered_at: string | null;
	stopping_at: string | null;
	killing_at: string | null;
	verified_at: string | null;
}

/** The node's evidence that nothing of a cancelled task is left. */
export interface Receipt {
	code: number;
	name: CancelName;
	reason: string | null;
	actor: string | null;
	requested_at: string | null;
	delivered_at: string | null;
	signalled_at: string | null;
	killed_at: string | null;
	verified_at: string | null;
	/** In the order in which they were sent. */
	signals: string[];
	/** Processes that needed SIGKILL. */
	killed: Array<{ pid: number; name: string }>;
	survivors: number;
	containment: string | null;
	hooks: HookRun[];
}

/** A hook that has run. */
export interface HookRun {
	kind: "pre_stop" | "defer" | "cleanup";
	/** Its beginning, when it is long. */
	cmd: string;
	exit_code: number | null;
	signal: string | null;
	/** Why it could not be run. */
	error: string | null;
	/** It was killed since its time was over. */
	timed_out: boolean;
	started_at: string | null;
	duration: number;
}

export interface OutputSummary {
	stdout_bytes: number;
	stderr_bytes: number;
	hook_bytes: number;
	/** Beyond `output_limit`. */
	dropped_bytes: number;
	/** The sums are null until the end. */
	stdout_sha256: string | null;
	stderr_sha256: string | null;
	hook_sha256: string | null;
}

export interface TaskPage {
	tasks: Task[];
	/** For the next page; null: this was the last. */
	next_cursor: string | null;
}

/** The answer to a cancel. */
export interface CancelResult {
	message: string;
	task_id: string;
	/** `cancelled`: nothing of the task is left, and that is verified. Else it
	 * was asked for, and will be. */
	status: TaskStatus;
	cancel: Cancel | null;
	receipt: Receipt | null;
}

/** The answer to a cancel of many tasks. */
export interface CancelManyResult {
	message: string;
	dry_run: boolean;
	/** How many were taken; at most 10000. */
	matched: number;
	/** How many more match: ask again for them. */
	left: number;
	/** How many are cancelled, and that is verified. */
	cancelled: number;
	/** How many ended by themselves meanwhile. */
	ended: number;
	/** How many had their node lost meanwhile. */
	undeliverable: number;
	/** How many are not verified yet. */
	unfinished: number;
	tasks: Array<{
		task_id: string;
		agent_id: string;
		status: TaskStatus;
		phase: CancelPhase | null;
	}>;
}

/** A piece of output. Bytes that are not UTF-8 are U+FFFD here; the exact ones
 * are those of getOutput(), or with `encoding: "base64"` their base64. */
export interface OutputPiece {
	stdout: string;
	stderr: string;
	/** 0 but for the final response: there 128 and the signal's number after a
	 * signal, -1 when the task never ran. */
	exitCode: number;
}

interface ResponseHead {
	agentId: string;
	taskId: string;
	/** When the server has taken it from the node (RFC 3339); null or missing
	 * where it did not note it. */
	time?: string | null;
	/** Output of a shell task. */
	shellExecute?: OutputPiece;
	/** Output of a docker task. */
	dockerOperation?: OutputPiece;
	/** Output of a task of any other plugin. */
	pluginTask?: OutputPiece;
}

/** What a task does: its output, and each step of a cancellation. */
export interface ProgressResponse extends ResponseHead {
	status: "IN_PROGRESS";
	isFinal: false;
	cancelled: false;
	/** What a hook has printed. */
	hook?: { output: string };
	taskCancel?: { message: string };
}

/** The last response of a task. */
export interface FinalResponse extends ResponseHead {
	/** After a cancellation `cancelled` is true, and this COMPLETED. */
	status: "COMPLETED" | "FAILURE";
	isFinal: true;
	cancelled: boolean;
	hook?: undefined;
	taskCancel?: undefined;
	receipt: Receipt | null;
	task: Task;
}

export type TaskResponse = ProgressResponse | FinalResponse;

/** The piece of output in a response, of whatever plugin. */
export function outputOf(response: TaskResponse): OutputPiece | undefined {
	return response.shellExecute ?? response.dockerOperation ?? response.pluginTask;
}

export interface Agent {
	agent_id: string;
	connected: boolean;
	version: string | null;
	hostname: string | null;
	peer: string | null;
	connected_at: string | null;
	/** Of the last certificate that it has come with or enrolled for. */
	certificate_expires_at: string | null;
	seen_at: string | null;
	/** How many are unfinished. */
	tasks: number;
	/** It has a task that is `unkillable`. */
	degraded: boolean;
	draining: {
		since: string;
		until: string | null;
		actor: string;
		reason: string | null;
	} | null;
	plugins: Plugin[];
}

export interface Plugin {
	name: string;
	version: string | null;
	summary: string | null;
	up: boolean;
	/** It takes no new tasks, and waits for those that it has. */
	draining: boolean;
	/** Why, for people. */
	draining_reason: string | null;
	/** How its tasks are held. */
	containment: string | null;
	/** No process can leave that. */
	complete: boolean;
	/** The filter of system calls that its tasks have. */
	seccomp: "none" | "default" | "required" | null;
	/** Each limit that can be enforced, and what does it. */
	limits: Record<string, Open<"cgroup2" | "cgroup1" | "rlimit">>;
	params: PluginParam[];
}

export interface PluginParam {
	name: string;
	type: string;
	required: boolean;
	list: boolean;
	secret: boolean;
	default: string | null;
	help: string | null;
}

export type Role = "viewer" | "operator" | "admin";

/** What is known of a token, without its text. */
export interface Token {
	id: string;
	client: string;
	role: Role;
	labels: Record<string, string>;
	created_at: string;
	expires_at: string | null;
	used_at: string | null;
}

export interface NewToken extends Token {
	/** The only copy of its text. */
	token: string;
}

/** A message that was not delivered yet, or will not be. */
export interface Webhook {
	webhook_id: string;
	task_id: string;
	type: WebhookEvent;
	/** Where it leads; the rest may be a secret. */
	url: string | null;
	/** It is for the endpoint of the settings, not of the task. */
	global: boolean;
	state: "waiting" | "dead";
	tries: number;
	/** Of the last try. */
	error: string | null;
	created_at: string;
	next_at: string | null;
	died_at: string | null;
}

export interface WebhookPage {
	/** Of the server's settings; `gone`: it wants no more. */
	endpoint: { url: string | null; events: WebhookEvent[]; gone: boolean } | null;
	/** Tasks may name receivers. */
	per_task: boolean;
	sending: number;
	waiting: number;
	dead: number;
	webhooks: Webhook[];
	/** For the next page; null: this was the last. */
	next_cursor: string | null;
}

/** What a receiver of webhooks is sent. */
export interface WebhookMessage {
	type: WebhookEvent;
	timestamp: string;
	/** As they were at the event. */
	data: Pick<Task, "task_id" | "agent_id" | "plugin" | "owner" | "status" | "labels" |
		"created_at" | "started_at" | "finished_at" | "exit_code" | "signal" |
		"failure" | "message"> & {
		cancel: Pick<Cancel, "phase" | "code" | "name" | "reason" | "actor" |
			"requested_at" | "verified_at"> | null;
	};
}

export interface Health {
	status: string;
	version: string;
	uptime: number;
	agents: number;
	agents_connected: number;
	tasks_live: number;
	tasks_stored: number;
}
