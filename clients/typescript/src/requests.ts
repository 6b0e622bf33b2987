/* requests.ts - what the server is asked for: nodelink-api(7)
 *
 * Names are those of the API; what the client itself needs (`signal`,
 * `idempotencyKey`) stands beside them. */
import type {
	CancelName, CleanupWhen, Open, Role, SeccompProfile, TaskStatus, WebhookEvent,
} from "./types.js";

/** Seconds, or a text with a unit: `"500ms"`, `"10s"`, `"2m"`, `"1h"`. */
export type Duration = number | string;

/** Bytes, or a text with a unit: `"64k"`, `"512M"`. */
export type Size = number | string;

/** What tasks of every plugin may have. */
export interface TaskFields {
	/** Seconds it may run; 0: for ever. Default 300. */
	timeout?: number | undefined;
	/** Added to the clean environment that tasks get. */
	env?: Record<string, string>;
	/** How it is ended. */
	stop?: {
		/** `"TERM"` or a number. */
		signal?: string | number;
		/** After which SIGKILL follows. */
		grace?: Duration;
		/** Runs before the signal. */
		pre_stop?: string | { cmd: string; timeout?: Duration };
	};
	/** Commands that run after the end, whatever ended it. */
	cleanup?: ReadonlyArray<{ cmd: string; when?: CleanupWhen; timeout?: Duration }>;
	/** How long it may wait for its agent. */
	start_timeout?: Duration;
	/** How long it may be silent; 0: for ever. */
	idle_timeout?: Duration;
	/** How much of its output is kept. */
	output_limit?: Size;
	/** To find tasks by. */
	labels?: Record<string, string>;
	/** What happens to processes that it leaves behind. Default `"kill"`. */
	orphans?: "kill" | "wait";
	/** `"strict"`: not where a process could leave the containment. */
	containment?: "strict" | "any";
	/** The filter of system calls. */
	seccomp?: SeccompProfile;
	/** Who is told of it, where the server allows that. Default: all events. */
	webhooks?: ReadonlyArray<{ url: string; events?: readonly WebhookEvent[] }>;
}

/** What tasks of every plugin but docker may have. */
export interface ProcessFields extends TaskFields {
	/** Who runs it, by name. */
	user?: string;
	limits?: {
		pids?: number;
		memory?: Size;
		/** Processors, such as 0.5. */
		cpu?: number;
		open_files?: number;
		file_size?: Size;
	};
}

export interface ShellFields extends ProcessFields {
	cwd?: string;
	shell?: Open<"bash" | "sh">;
}

/** nodelink-plugin-docker(7), PARAMETERS. */
export interface DockerFields extends TaskFields {
	operation?: "run" | "start" | "stop" | "logs";
	/** Program and arguments. Default: the image's. */
	cmd?: readonly string[];
	entrypoint?: readonly string[];
	workdir?: string;
	/** User in the container. */
	user?: string;
	network?: string;
	memory?: Size;
	cpus?: number | string;
	pids?: number;
	/** `source:target`, with `:ro` for reading only. */
	mounts?: readonly string[];
	/** `name=value`. */
	container_labels?: readonly string[];
	tty?: boolean;
	pull?: "never" | "missing" | "always";
	/** Of `start`, `stop` and `logs`. */
	container_id?: string;
}

export interface ShellRequest extends ShellFields {
	agent_id: string;
	cmd: string;
}

export interface DockerRequest extends DockerFields {
	agent_id: string;
	/** Required for `run`. */
	image?: string;
}

export interface PluginRequest extends ProcessFields {
	agent_id: string;
	/** Its own fields, which getAgent() lists. */
	params?: Record<string, ParamValue>;
}

type Scalar = string | number | boolean;
export type ParamValue = Scalar | readonly Scalar[];

/** What is asked of a plugin. */
export type TaskRequest<P extends string> =
	P extends "shell" ? ShellRequest :
	P extends "docker" ? DockerRequest : PluginRequest;

export interface CreateOptions {
	/** Cancels the task, while it is being created and at any time later. */
	signal?: AbortSignal | undefined;
	/** For 24 hours the same key and request are the same task. Default: a new
	 * one for each call, which makes repeating a lost request safe. */
	idempotencyKey?: string | undefined;
}

export interface CallOptions {
	/** Gives the request up, and nothing else. */
	signal?: AbortSignal | undefined;
}

export interface CancelOptions extends CallOptions {
	/** For people. */
	reason?: string;
	/** Number or name; default 100, `user_request`. */
	code?: number | CancelName;
	/** Instead of the task's own; may only shorten it once it runs. */
	grace?: Duration;
	/** SIGKILL at once. */
	force?: boolean;
	/** How long to wait for the evidence. Default: the grace and five seconds;
	 * 0: not at all. */
	wait?: Duration;
}

export interface TaskFilter {
	agent_id?: string;
	owner?: string;
	plugin?: string;
	/** `unfinished`: pending, sent or in_progress. */
	status?: TaskStatus | "unfinished";
	/** `name` or `name=value`; a task must have all of them. */
	label?: string | readonly string[];
}

export interface ListOptions extends TaskFilter, CallOptions {
	/** Tasks of a page, 1 to 1000. Default 100. */
	limit?: number;
}

export interface CancelManyOptions extends TaskFilter, CancelOptions {
	status?: "pending" | "sent" | "in_progress" | "unfinished";
	/** Only tell which they are. */
	dry_run?: boolean;
}

export interface OutputOptions extends CallOptions {
	/** Default `"stdout"`. */
	stream?: "stdout" | "stderr" | "hook";
	/** Of a task that has ended, as in the header Range: `"0-99"`, `"100-"`,
	 * `"-1000"` for the last ones. */
	range?: string;
}

export interface DrainOptions extends CallOptions {
	/** After which its tasks are cancelled; 0: at once. Default: never. */
	timeout?: Duration;
	/** Instead of each task's own. */
	grace?: Duration;
	reason?: string;
}

export interface WebhookOptions extends CallOptions {
	/** Default `"dead"`. */
	state?: "dead" | "waiting";
	/** Of a page, 1 to 1000. Default 100. */
	limit?: number;
	/** `next_cursor` of the page before. */
	cursor?: string;
}

export interface TokenRequest {
	client: string;
	role: Role;
	/** It sees and makes only tasks with these. */
	labels?: Record<string, string>;
	/** 0: for ever. */
	expires?: Duration;
}
