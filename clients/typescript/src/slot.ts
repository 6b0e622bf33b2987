/* slot.ts - hands values from one to another, one at a time */

/** put() waits until take() has got the value: room for one and no more. */
export class Slot<T> {
	#value: T | undefined;
	#ended = false;
	#taker: (() => void) | undefined; // waits for a value or the end
	#putter: (() => void) | undefined; // waits until its value was taken

	/** Resolves when the value was taken, or never will be. */
	async put(value: T): Promise<void> {
		if (this.#ended)
			return;
		this.#value = value;
		this.#taker?.();
		await new Promise<void>((resolve) => { this.#putter = resolve; });
	}

	/** The next value; undefined at the end. */
	async take(): Promise<T | undefined> {
		if (this.#value === undefined && !this.#ended)
			await new Promise<void>((resolve) => { this.#taker = resolve; });
		const value = this.#value;
		this.#value = undefined;
		this.#putter?.();
		return value;
	}

	/** No more values. One that was not taken yet still can be. */
	end(): void {
		this.#ended = true;
		this.#taker?.();
		this.#putter?.();
	}
}
