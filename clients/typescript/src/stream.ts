/* stream.ts - a task live: responses in order, each once, to the final one
 *
 * One loop connects, reads, hands over, and connects again after the last event
 * that it has seen. It reads on only when every iterator has taken what there
 * is, so a slow one slows the server, and nothing gathers here. */
import { NodelinkError, unreachable } from "./errors.js";
import {
	Listeners, ReconnectEvent, ResponseEvent, StreamErrorEvent,
	type Listener, type ListenerOptions, type TaskStreamEventMap,
} from "./events.js";
import { Slot } from "./slot.js";
import { SseParser } from "./sse.js";
import type { FinalResponse, TaskResponse } from "./types.js";
import { RECONNECT_FOR_MS, backoff, inTime, onAbort, pause } from "./wait.js";

export interface StreamOptions {
	/** Ends the stream, and not the task. Iterators then throw its reason. */
	signal?: AbortSignal | undefined;
	/** Go on after this event of the task, as ResponseEvent names it. */
	lastEventId?: string | undefined;
	/** Milliseconds that may pass in vain tries to connect before the stream
	 * fails. Default: the client's, five minutes; Infinity: for ever. */
	reconnectFor?: number | undefined;
	/** `"base64"`: output is the base64 of the exact bytes. Default `"text"`. */
	encoding?: "text" | "base64" | undefined;
	/** false: without output, only what is done to the task, and its end. */
	output?: boolean | undefined;
}

/** Where a stream comes from. */
export interface StreamSource {
	/** Makes one connection; the answer is text/event-stream. */
	connect(lastEventId: string, signal: AbortSignal): Promise<Response>;
	/** The final response has come. */
	ended(): void;
}

/** What a task does, from its beginning and live until its end: an EventTarget
 * for `response` events like an EventSource, and an async iterable of responses.
 * The first listener, iterator or final() connects it; who comes after that gets
 * what comes after that, and iterators the final response. Lost connections are
 * made again and lose nothing; an event is never seen twice; exactly one response
 * has `isFinal`, the last. */
export class TaskStream extends EventTarget implements AsyncIterable<TaskResponse> {
	static readonly CONNECTING = 0;
	static readonly OPEN = 1;
	static readonly CLOSED = 2;

	readonly taskId: string;
	readonly #source: StreamSource;
	readonly #reconnectFor: number;
	readonly #closed = new AbortController();
	readonly #slots = new Set<Slot<TaskResponse>>();
	readonly #listeners = new Listeners(); // to responses
	readonly #forget: () => void; // the signal
	#started = false;
	#open = false;
	#lastEventId: string;
	#heard = false; // something, on this connection
	#final: FinalResponse | undefined;
	#end: { error?: unknown } | undefined;
	#waiters: Array<() => void> = []; // for #end

	/** Made by TaskClient. */
	constructor(taskId: string, source: StreamSource, options: StreamOptions = {}) {
		super();
		this.taskId = taskId;
		this.#source = source;
		this.#reconnectFor = options.reconnectFor ?? RECONNECT_FOR_MS;
		this.#lastEventId = options.lastEventId ?? "";
		this.#forget = () => {};
		const signal = options.signal;
		if (signal)
			this.#forget = onAbort(signal, () => this.#finish({ error: signal.reason }));
	}

	/** CONNECTING (also before it is used), OPEN or CLOSED. */
	get readyState(): 0 | 1 | 2 {
		return this.#end ? 2 : this.#open ? 1 : 0;
	}

	/** Of the newest response: where another stream could go on. */
	get lastEventId(): string {
		return this.#lastEventId;
	}

	/** Nothing more comes from here: iterators and final() throw `closed`. The
	 * task goes on: see cancelTask(). */
	close(): void {
		this.#finish({});
	}

	/** The final response. Rejects when the stream ends without it. */
	async final(): Promise<FinalResponse> {
		this.#start();
		if (!this.#end)
			await new Promise<void>((resolve) => this.#waiters.push(resolve));
		return this.#outcome();
	}

	/** Responses to the final one; throws when the stream ends without it.
	 * Leaving the loop early closes the stream, unless it has another iterator,
	 * a listener to `response`, or somebody who waits for final(). */
	async *[Symbol.asyncIterator](): AsyncGenerator<TaskResponse, void, undefined> {
		const slot = new Slot<TaskResponse>();

		this.#slots.add(slot);
		this.#start();
		if (this.#end)
			slot.end();
		try {
			for (let next; (next = await slot.take()); ) {
				yield next;
				if (next.isFinal)
					return;
			}
			yield this.#outcome();
		} finally {
			this.#slots.delete(slot);
			slot.end(); // nobody takes what it has
			if (!this.#slots.size && !this.#listeners.size && !this.#waiters.length)
				this.close();
		}
	}

	/** After the end. */
	#outcome(): FinalResponse {
		if (this.#final)
			return this.#final;
		throw this.#end?.error ?? new NodelinkError(
			"the stream was closed before the task's end", { code: "closed" });
	}

	override addEventListener<K extends keyof TaskStreamEventMap>(type: K,
		listener: (event: TaskStreamEventMap[K]) => void, options?: ListenerOptions): void;
	override addEventListener(type: string, listener: Listener, options?: ListenerOptions): void;
	override addEventListener(type: string, listener: unknown, options?: ListenerOptions): void {
		super.addEventListener(type, listener as Listener, options);
		if (type === "response")
			this.#listeners.add(listener as Listener, options);
		this.#start();
	}

	override removeEventListener<K extends keyof TaskStreamEventMap>(type: K,
		listener: (event: TaskStreamEventMap[K]) => void, options?: ListenerOptions): void;
	override removeEventListener(type: string, listener: Listener, options?: ListenerOptions): void;
	override removeEventListener(type: string, listener: unknown, options?: ListenerOptions): void {
		super.removeEventListener(type, listener as Listener, options);
		if (type === "response")
			this.#listeners.drop(listener as Listener, options);
	}

	#start(): void {
		if (this.#started || this.#end)
			return;
		this.#started = true;
		void this.#run();
	}

	/** Only the first time. */
	#finish(end: { error?: unknown }): void {
		if (this.#end)
			return;
		this.#end = end;
		this.#forget();
		this.#closed.abort();
		for (const slot of this.#slots)
			slot.end();
		for (const wake of this.#waiters)
			wake();
		if (end.error !== undefined)
			this.dispatchEvent(new StreamErrorEvent(end.error));
		this.dispatchEvent(new Event("close"));
	}

	/** Never rejects. */
	async #run(): Promise<void> {
		let failures = 0, waited = 0;

		while (!this.#end) {
			const error = await this.#session().then(() => undefined, (e: unknown) => e);
			if (this.#end)
				return;
			this.#open = false;
			if (!isPassing(error)) {
				this.#finish({ error });
				return;
			}
			if (this.#heard)
				failures = waited = 0;
			const delay = backoff(failures++, error.retryAfter);
			waited += delay;
			if (waited > this.#reconnectFor) {
				this.#finish({ error });
				return;
			}
			this.dispatchEvent(new ReconnectEvent(error, failures, delay));
			await pause(delay, this.#closed.signal).catch(() => {}); // closed
		}
	}

	/** One connection, to its end; rejects with what ended it. */
	async #session(): Promise<void> {
		const parser = new SseParser();
		const cut = new AbortController();
		const undo = onAbort(this.#closed.signal, () => cut.abort());

		this.#heard = false;
		try {
			const response = await inTime(
				this.#source.connect(this.#lastEventId, cut.signal), cut);
			const body = (response.body ?? new Blob([]).stream()).getReader();
			this.#open = true;
			this.dispatchEvent(new Event("open"));
			while (!this.#end) {
				const piece = await this.#read(body, cut);
				this.#heard = true;
				for (const { id, type, data } of parser.push(piece))
					if (type === "response" && this.#isNew(id))
						await this.#hand(new ResponseEvent(data, id));
			}
		} finally {
			undo();
			cut.abort(); // else the connection stays
		}
	}

	/** The next bytes. */
	async #read(body: ReadableStreamDefaultReader<Uint8Array>,
		cut: AbortController): Promise<Uint8Array> {
		const what = `stream of task ${this.taskId}`;
		let piece;

		try {
			piece = await inTime(body.read(), cut);
		} catch (error) {
			throw error instanceof NodelinkError ? error : unreachable(what, error);
		}
		if (piece.done)
			throw new NodelinkError(`${what}: it ended before the task`);
		return piece.value;
	}

	/** Events are numbered; one that was seen comes again from a proxy only. */
	#isNew(id: string): boolean {
		return !this.#end && !(Number(id) <= Number(this.#lastEventId || 0));
	}

	async #hand(event: ResponseEvent): Promise<void> {
		const response = event.response;

		this.#lastEventId = event.lastEventId;
		if (response.isFinal) {
			this.#final = response; // whoever sees it may close the stream
			this.#source.ended();
		}
		this.dispatchEvent(event);
		this.#listeners.called();
		const taken = Promise.all([...this.#slots].map((slot) => slot.put(response)));
		if (response.isFinal)
			this.#finish({});
		await taken;
	}
}

/** Another try may have more success. */
function isPassing(error: unknown): error is NodelinkError {
	return error instanceof NodelinkError &&
		(error.status === 0 || error.status === 429 || error.status >= 500);
}
