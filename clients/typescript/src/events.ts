/* events.ts - what a TaskStream dispatches */
import type { TaskResponse } from "./types.js";
import { onAbort } from "./wait.js";

/** One response of the task. `data` and `lastEventId` are those of an
 * EventSource's event; `response` is `data` as an object. */
export class ResponseEvent extends Event {
	readonly data: string;
	readonly lastEventId: string;
	readonly response: TaskResponse;

	constructor(data: string, lastEventId: string) {
		super("response");
		this.data = data;
		this.lastEventId = lastEventId;
		this.response = JSON.parse(data) as TaskResponse;
	}
}

/** The connection was lost; the stream goes on by itself. */
export class ReconnectEvent extends Event {
	/** Why. */
	readonly error: unknown;
	/** How many tries have failed since something was heard. */
	readonly failures: number;
	/** Milliseconds until the next one. */
	readonly delay: number;

	constructor(error: unknown, failures: number, delay: number) {
		super("reconnect");
		this.error = error;
		this.failures = failures;
		this.delay = delay;
	}
}

/** The stream is over without the task's end. */
export class StreamErrorEvent extends Event {
	readonly error: unknown;

	constructor(error: unknown) {
		super("error");
		this.error = error;
	}
}

export interface TaskStreamEventMap {
	/** Connected, at first and again after each `reconnect`. */
	open: Event;
	response: ResponseEvent;
	reconnect: ReconnectEvent;
	error: StreamErrorEvent;
	/** Nothing more comes: after the final response, an error, or close(). */
	close: Event;
}

export type Listener = Parameters<EventTarget["addEventListener"]>[1];
export type ListenerOptions = Parameters<EventTarget["addEventListener"]>[2];

/** How many listeners there are of one type, which an EventTarget does not
 * tell. */
export class Listeners {
	readonly #all = new Set<{ listener: Listener; capture: boolean; once: boolean }>();

	get size(): number {
		return this.#all.size;
	}

	/** As addEventListener() does. */
	add(listener: Listener, options: ListenerOptions): void {
		const { capture = false, once = false, signal }: AddEventListenerOptions =
			typeof options === "boolean" ? { capture: options } : options ?? {};

		if (!listener || signal?.aborted || this.#find(listener, capture))
			return;
		const one = { listener, capture, once };
		this.#all.add(one);
		if (signal)
			onAbort(signal, () => void this.#all.delete(one));
	}

	drop(listener: Listener, options: ListenerOptions): void {
		const one = this.#find(listener,
			(typeof options === "boolean" ? options : options?.capture) ?? false);

		if (one)
			this.#all.delete(one);
	}

	/** An event was dispatched. */
	called(): void {
		for (const one of this.#all)
			if (one.once)
				this.#all.delete(one);
	}

	#find(listener: Listener, capture: boolean) {
		return [...this.#all].find((one) =>
			one.listener === listener && one.capture === capture);
	}
}
