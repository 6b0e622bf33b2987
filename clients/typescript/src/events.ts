/* events.ts - what a TaskStream dispatches */
import type { TaskResponse } from "./types.js";

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
