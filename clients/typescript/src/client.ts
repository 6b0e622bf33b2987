/* client.ts - the routes of the API as methods: nodelink-api(7) */
import { NodelinkError } from "./errors.js";
import { Http, type ClientOptions } from "./http.js";
import type {
	CallOptions, CancelManyOptions, CancelOptions, CreateOptions, DockerFields,
	DrainOptions, ListOptions, OutputOptions, ShellFields, TaskRequest, TokenRequest,
	WebhookOptions,
} from "./requests.js";
import { TaskStream, type StreamOptions } from "./stream.js";
import { Ties, isOver } from "./ties.js";
import type {
	Agent, CancelManyResult, CancelResult, Health, NewToken, Task, TaskPage, Token,
	WebhookPage,
} from "./types.js";
import { RECONNECT_FOR_MS, unlessAborted } from "./wait.js";

export type ShellOptions = Omit<ShellFields, "timeout"> & CreateOptions;
export type DockerOptions = DockerFields & CreateOptions;

/** A task that was created, and what it does. */
export interface Execution {
	taskId: string;
	/** Its record as it was created. */
	task: Task;
	/** Not connected before it is used. */
	stream: TaskStream;
}

/** A client of one server. All methods that return a promise reject with
 * NodelinkError when the server refuses or cannot be reached, and with the
 * signal's reason when they were aborted. */
export class TaskClient {
	readonly #http: Http;
	readonly #ties: Ties;
	readonly #reconnectFor: number;

	constructor(options: ClientOptions = {}) {
		this.#http = new Http(options);
		this.#reconnectFor = options.reconnectFor ?? RECONNECT_FOR_MS;
		this.#ties = new Ties(
			(taskId, reason, signal) => this.#cancel(taskId,
				{ reason, wait: 0, signal }, this.#reconnectFor),
			options.onCancelFailed);
	}

	/** The server, without a slash at the end. */
	get baseUrl(): string {
		return this.#http.baseUrl;
	}

	// ------------------------------------------------------------- creating

	/** Creates a task of any plugin. When this resolves the server has stored
	 * it; it goes to its agent as soon as that is connected.
	 *
	 * `signal` is the task's: aborted while the task is being created, the
	 * promise rejects at once and the task is cancelled if it was created all
	 * the same; aborted later, the task is cancelled. While the server is away
	 * that is tried for `reconnectFor`; in vain, `onCancelFailed` is called. It
	 * is so until this client has seen the task's end: by its stream,
	 * waitTask(), getTask() or cancelTask(). */
	async createTask<P extends string>(plugin: P, request: TaskRequest<P>,
		options: CreateOptions = {}): Promise<Task> {
		const { signal, idempotencyKey = newKey() } = options;
		let lost = false; // a try of which nobody knows whether it made the task

		signal?.throwIfAborted();
		const made = this.#http.json<Task>("POST", `/tasks/${encodeURIComponent(plugin)}`, {
			body: request,
			headers: { "Idempotency-Key": idempotencyKey },
			repeatable: true,
			onLost: () => { lost = true; },
		});
		if (signal) // not given up with it: only the answer says what to cancel
			made.then((task) => this.#ties.tie(task.task_id, signal), (error: unknown) => {
				if (lost && signal.aborted)
					this.#ties.lost(error);
			});
		return unlessAborted(made, signal);
	}

	/** Runs a command line. timeout: seconds, 0 for ever, default 300. */
	createShellTask(agent: string, cmd: string, timeout?: number,
		options: ShellOptions = {}): Promise<Task> {
		const { signal, idempotencyKey, ...fields } = options;

		return this.createTask("shell", { ...fields, agent_id: agent, cmd, timeout },
			{ signal, idempotencyKey });
	}

	/** Runs a container; cmd is a list of words, and by default the image's. */
	createDockerTask(agent: string, image: string, cmd?: readonly string[],
		options: DockerOptions = {}): Promise<Task> {
		const { signal, idempotencyKey, ...fields } = options;
		const command = cmd ?? fields.cmd;

		return this.createTask("docker",
			{ ...fields, agent_id: agent, image, ...(command && { cmd: command }) },
			{ signal, idempotencyKey });
	}

	/** As createTask(), with the task's stream. After an abort the stream goes
	 * on to the final response, which says that the task is cancelled; it fails
	 * when the task could not be cancelled. */
	async execute<P extends string>(plugin: P, request: TaskRequest<P>,
		options: CreateOptions = {}): Promise<Execution> {
		return this.#executing(await this.createTask(plugin, request, options));
	}

	/** As createShellTask(), with the task's stream: see execute(). */
	async executeShell(agent: string, cmd: string, timeout?: number,
		options: ShellOptions = {}): Promise<Execution> {
		return this.#executing(await this.createShellTask(agent, cmd, timeout, options));
	}

	/** As createDockerTask(), with the task's stream: see execute(). */
	async executeDocker(agent: string, image: string, cmd?: readonly string[],
		options: DockerOptions = {}): Promise<Execution> {
		return this.#executing(await this.createDockerTask(agent, image, cmd, options));
	}

	#executing(task: Task): Execution {
		const taskId = task.task_id;

		return {
			taskId,
			task,
			stream: this.streamTask(taskId, { signal: this.#ties.failed(taskId) }),
		};
	}

	// -------------------------------------------------------------- looking

	/** What a task does, from its beginning, live until its end. */
	streamTask(taskId: string, options: StreamOptions = {}): TaskStream {
		const { encoding, output } = options;

		return new TaskStream(taskId, {
			connect: (lastEventId, signal) => this.#http.once("GET", "/stream", {
				query: { ref: taskId, encoding, output },
				headers: {
					Accept: "text/event-stream",
					...(lastEventId && { "Last-Event-ID": lastEventId }),
				},
				signal,
			}, async (response) => response),
			ended: () => this.#ties.untie(taskId),
		}, { ...options, reconnectFor: options.reconnectFor ?? this.#reconnectFor });
	}

	/** The record of a task once it has ended. */
	async waitTask(taskId: string,
		options: Pick<StreamOptions, "signal" | "reconnectFor"> = {}): Promise<Task> {
		return (await this.streamTask(taskId, { ...options, output: false }).final()).task;
	}

	/** The record of a task. */
	async getTask(taskId: string, options: CallOptions = {}): Promise<Task> {
		const task = await this.#http.json<Task>("GET", taskPath(taskId), options);

		if (isFinal(task))
			this.#ties.untie(taskId);
		return task;
	}

	/** All records that match, newest first; pages are fetched as the loop
	 * goes on. */
	async *listTasks(options: ListOptions = {}): AsyncGenerator<Task, void, undefined> {
		let cursor: string | null | undefined;

		do {
			const page: TaskPage = await this.listTasksPage({ ...options, cursor });
			yield* page.tasks;
			cursor = page.next_cursor;
		} while (cursor);
	}

	/** One page of them. cursor: `next_cursor` of the page before. */
	listTasksPage(options: ListOptions & { cursor?: string | null | undefined } = {}): Promise<TaskPage> {
		const { signal, cursor, ...filter } = options;

		return this.#http.json("GET", "/tasks",
			{ query: { ...filter, cursor: cursor ?? undefined }, signal });
	}

	/** The exact bytes that a task has printed by now. */
	getOutput(taskId: string, options: OutputOptions = {}): Promise<Uint8Array> {
		const { signal, range, ...query } = options;

		return this.#http.call("GET", `${taskPath(taskId)}/output`, {
			query,
			headers: range === undefined ? {} : { Range: `bytes=${range}` },
			signal,
		}, async (response) => new Uint8Array(await response.arrayBuffer()));
	}

	/** The exact bytes from the beginning, live until the task's end. A lost
	 * connection is an error of the stream that this resolves to. */
	async followOutput(taskId: string,
		options: Omit<OutputOptions, "range"> = {}): Promise<ReadableStream<Uint8Array>> {
		const { signal, ...query } = options;
		const body = await this.#http.call("GET", `${taskPath(taskId)}/output`,
			{ query: { ...query, follow: 1 }, signal }, async (response) => response.body);

		return body ?? new Blob([]).stream();
	}

	// ----------------------------------------------------------- cancelling

	/** Cancels a task and waits until nothing of it is left: `status` is
	 * `cancelled` then. Where that took longer than `wait`, or the agent is
	 * away, `status` is another and the cancel goes on. Rejects when the task
	 * had ended by itself (`already_final`, `too_late`). */
	cancelTask(taskId: string, options: CancelOptions = {}): Promise<CancelResult> {
		return this.#cancel(taskId, options);
	}

	async #cancel(taskId: string, options: CancelOptions,
		patience?: number): Promise<CancelResult> {
		const { signal, ...query } = options;

		try {
			const result = await this.#http.json<CancelResult>("DELETE", taskPath(taskId),
				{ query: { ...query }, signal, repeatable: true, patience });
			if (result.status === "cancelled")
				this.#ties.untie(taskId);
			return result;
		} catch (error) {
			if (isOver(error))
				this.#ties.untie(taskId);
			if (error instanceof NodelinkError && error.repeated &&
				error.body?.["status"] === "cancelled")
				return lostAnswer(error.body);
			throw error;
		}
	}

	/** Cancels all unfinished tasks that match; `label` or `agent_id` is
	 * required. It is not repeated when the answer is lost. */
	cancelTasks(options: CancelManyOptions): Promise<CancelManyResult> {
		const { signal, ...query } = options;

		return this.#http.json("DELETE", "/tasks", { query: { ...query }, signal });
	}

	// --------------------------------------------------------------- agents

	async listAgents(options: CallOptions = {}): Promise<Agent[]> {
		return (await this.#http.json<{ agents: Agent[] }>("GET", "/agents", options)).agents;
	}

	getAgent(agent: string, options: CallOptions = {}): Promise<Agent> {
		return this.#http.json("GET", agentPath(agent), options);
	}

	/** Gives the agent no more tasks; those that it has may take `timeout`. */
	drainAgent(agent: string, options: DrainOptions = {}): Promise<Agent> {
		const { signal, ...body } = options;

		return this.#http.json("POST", `${agentPath(agent)}/drain`,
			{ body, signal, repeatable: true });
	}

	/** Takes that back. */
	undrainAgent(agent: string, options: CallOptions = {}): Promise<Agent> {
		return this.#http.json("DELETE", `${agentPath(agent)}/drain`,
			{ signal: options.signal, repeatable: true });
	}

	// --------------------------------------- tokens, session, webhooks, server

	async listTokens(options: CallOptions = {}): Promise<Token[]> {
		return (await this.#http.json<{ tokens: Token[] }>("GET", "/tokens", options)).tokens;
	}

	/** `token` of the answer is the only copy of its text. */
	createToken(request: TokenRequest, options: CallOptions = {}): Promise<NewToken> {
		return this.#http.json("POST", "/tokens", { body: request, signal: options.signal });
	}

	async revokeToken(id: string, options: CallOptions = {}): Promise<void> {
		await this.#http.json("DELETE", `/tokens/${encodeURIComponent(id)}`,
			{ signal: options.signal });
	}

	/** In a browser: sets a cookie that is good for reading, which links and
	 * images need. This client itself does not: it sends its token. */
	createSession(options: CallOptions = {}): Promise<Token> {
		return this.#http.json("POST", "/session", { signal: options.signal });
	}

	/** Ends the session of the cookie. */
	async endSession(options: CallOptions = {}): Promise<void> {
		await this.#http.json("DELETE", "/session", { signal: options.signal });
	}

	/** What could not be told yet (`waiting`), or will not be (`dead`). */
	listWebhooks(options: WebhookOptions = {}): Promise<WebhookPage> {
		const { signal, ...query } = options;

		return this.#http.json("GET", "/webhooks", { query, signal });
	}

	/** Sends it again now, also when it was dead. */
	async retryWebhook(id: string, options: CallOptions = {}): Promise<void> {
		await this.#http.json("POST", `/webhooks/${encodeURIComponent(id)}/retry`,
			{ signal: options.signal, repeatable: true });
	}

	health(options: CallOptions = {}): Promise<Health> {
		return this.#http.json("GET", "/healthz", options);
	}
}

function taskPath(taskId: string): string {
	return `/tasks/${encodeURIComponent(taskId)}`;
}

function agentPath(agent: string): string {
	return `/agents/${encodeURIComponent(agent)}`;
}

function isFinal(task: Task): boolean {
	return task.finished_at !== null;
}

/** What the answer that was lost has said; the refusal of the repetition has
 * the same members. */
function lostAnswer(body: NonNullable<NodelinkError["body"]>): CancelResult {
	const { task_id, status, cancel, receipt } = body as unknown as CancelResult;

	return { message: "task cancelled", task_id, status, cancel, receipt };
}

/** Unique, not secret. */
function newKey(): string {
	const crypto: { randomUUID?: () => string } | undefined = globalThis.crypto;

	if (crypto?.randomUUID) // not in Node 18, nor in a page without https
		return crypto.randomUUID();
	const word = () => Math.random().toString(36).slice(2).padEnd(11, "0");
	return `${Date.now().toString(36)}-${word()}${word()}`;
}
