/* wait.ts - pauses, back-off, and promises that a signal or silence can cut */
import { NodelinkError } from "./errors.js";

/** How long what must not be lost is tried in vain. */
export const RECONNECT_FOR_MS = 300_000;

const FIRST_MS = 250, MOST_MS = 15_000;
const SILENCE_MS = 60_000; // a stream says something every 15 s

/** Milliseconds before the next try: doubled after each failure, half of it by
 * chance, so that many clients do not come back at one moment; not before the
 * server wants it. */
export function backoff(failures: number, retryAfter = 0): number {
	const full = Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(failures, 30));

	return Math.min(60, retryAfter) * 1000 + full / 2 + Math.random() * full / 2;
}

/** Rejects with the signal's reason when that comes first; what the promise
 * does afterwards is nobody's concern. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
	if (!signal)
		return promise;
	return new Promise((resolve, reject) => {
		const undo = onAbort(signal, () => reject(signal.reason));

		promise.then(resolve, reject).finally(undo);
	});
}

export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
	let timer: ReturnType<typeof setTimeout>;
	const over = new Promise<void>((resolve) => {
		timer = setTimeout(resolve, ms);
	});

	return unlessAborted(over, signal).finally(() => clearTimeout(timer));
}

/** Also when fetch does not heed the signal, as Node's does not where all has
 * come already. A connection that says nothing for too long is dead, whatever
 * TCP thinks. */
export async function inTime<T>(promise: Promise<T>, cut: AbortController): Promise<T> {
	const timer = setTimeout(() => {
		cut.abort(new NodelinkError(`nothing heard for ${SILENCE_MS / 1000} s`));
	}, SILENCE_MS);

	try {
		return await unlessAborted(promise, cut.signal);
	} finally {
		clearTimeout(timer);
	}
}

const waiting = new WeakMap<AbortSignal, Set<() => void>>();

/** Calls fn when the signal is, or was, aborted; the answer undoes that. One
 * listener for each signal however many wait for it: Node warns of the 11th. */
export function onAbort(signal: AbortSignal, fn: () => void): () => void {
	if (signal.aborted) {
		fn();
		return () => {};
	}
	let all = waiting.get(signal);
	if (!all) {
		const made = all = new Set();
		waiting.set(signal, made);
		signal.addEventListener("abort", () => {
			for (const one of [...made])
				one();
			made.clear();
		}, { once: true });
	}
	const mine = () => fn(); // fn may be there already
	const set = all.add(mine);
	return () => void set.delete(mine);
}
