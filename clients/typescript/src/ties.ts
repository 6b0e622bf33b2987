/* ties.ts - tasks that end with an AbortSignal */
import { NodelinkError } from "./errors.js";
import { onAbort } from "./wait.js";

const REASON_MAX = 1024; // bytes, the server's limit

interface Tie {
	undo: () => void;
	failed: AbortController;
}

export class Ties {
	readonly #cancel: (taskId: string, reason: string) => Promise<unknown>;
	readonly #onFailed: ((error: unknown, taskId: string) => void) | undefined;
	readonly #all = new Map<string, Tie>();

	constructor(cancel: (taskId: string, reason: string) => Promise<unknown>,
		onFailed: ((error: unknown, taskId: string) => void) | undefined) {
		this.#cancel = cancel;
		this.#onFailed = onFailed;
	}

	/** From now on the signal cancels the task; at once, if it was aborted. */
	tie(taskId: string, signal: AbortSignal): void {
		const tie: Tie = { undo: () => {}, failed: new AbortController() };

		this.#all.set(taskId, tie);
		tie.undo = onAbort(signal, () => void this.#aborted(taskId, tie, signal.reason));
	}

	/** The task has ended: nothing is left to cancel. */
	untie(taskId: string): void {
		this.#all.get(taskId)?.undo();
		this.#all.delete(taskId);
	}

	/** Aborted with the error when the task could not be cancelled. */
	failed(taskId: string): AbortSignal | undefined {
		return this.#all.get(taskId)?.failed.signal;
	}

	async #aborted(taskId: string, tie: Tie, reason: unknown): Promise<void> {
		try {
			await this.#cancel(taskId, reasonText(reason));
		} catch (error) {
			if (isOver(error))
				return;
			tie.failed.abort(error);
			this.#onFailed?.(error, taskId);
		} finally {
			this.#all.delete(taskId);
		}
	}
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
