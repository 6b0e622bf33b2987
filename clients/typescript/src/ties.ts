/* ties.ts - tasks that end with an AbortSignal */
import { NodelinkError } from "./errors.js";
import { onAbort } from "./wait.js";

const REASON_MAX = 1024; // bytes, the server's limit

export type OnCancelFailed = (error: unknown, taskId: string | undefined) => void;

interface Tie {
	undo: () => void;
	/** Aborted with the error when the task could not be cancelled. */
	failed: AbortController;
	/** Aborted when the task has ended: nothing is left to cancel. */
	over: AbortController;
}

export class Ties {
	readonly #cancel: (taskId: string, reason: string, over: AbortSignal) => Promise<unknown>;
	readonly #onFailed: OnCancelFailed;
	readonly #all = new Map<string, Tie>();

	/** cancel() tries for as long as there is hope. */
	constructor(
		cancel: (taskId: string, reason: string, over: AbortSignal) => Promise<unknown>,
		onFailed: OnCancelFailed = warn) {
		this.#cancel = cancel;
		this.#onFailed = onFailed;
	}

	/** From now on the signal cancels the task; at once, if it was aborted. */
	tie(taskId: string, signal: AbortSignal): void {
		const tie: Tie = {
			undo: () => {},
			failed: new AbortController(),
			over: new AbortController(),
		};

		this.#all.set(taskId, tie);
		tie.undo = onAbort(signal, () => void this.#aborted(taskId, tie, signal.reason));
	}

	/** The task has ended: nothing is left to cancel. */
	untie(taskId: string): void {
		const tie = this.#all.get(taskId);

		this.#all.delete(taskId);
		tie?.undo();
		tie?.over.abort();
	}

	/** Aborted with the error when the task could not be cancelled. */
	failed(taskId: string): AbortSignal | undefined {
		return this.#all.get(taskId)?.failed.signal;
	}

	/** A task whose signal was aborted was made, or was not: nobody can say. */
	lost(error: unknown): void {
		this.#onFailed(error, undefined);
	}

	async #aborted(taskId: string, tie: Tie, reason: unknown): Promise<void> {
		try {
			await this.#cancel(taskId, reasonText(reason), tie.over.signal);
		} catch (error) {
			if (isOver(error) || tie.over.signal.aborted)
				return;
			tie.failed.abort(error);
			this.#onFailed(error, taskId);
		} finally {
			if (this.#all.get(taskId) === tie)
				this.#all.delete(taskId);
		}
	}
}

/** Nobody else would hear of it. */
function warn(error: unknown, taskId: string | undefined): void {
	console.warn(`nodelink: ${taskId === undefined
		? "a task may have been created though its signal was aborted, and then runs"
		: `task ${taskId} was aborted and could not be cancelled`}:`, error);
}

/** There is nothing to cancel any more. */
export function isOver(error: unknown): boolean {
	return error instanceof NodelinkError &&
		(error.code === "already_final" || error.code === "too_late" ||
			error.code === "gone");
}

function reasonText(reason: unknown): string {
	const text = reason instanceof Error ? reason.message : String(reason);
	const bytes = new Uint8Array(REASON_MAX);
	const { written } = new TextEncoder().encodeInto(text, bytes);

	return new TextDecoder().decode(bytes.subarray(0, written)); // whole characters
}
