/* sse.ts - server-sent events, from bytes to events. Pure: no clock, no network.
 *
 * EventSource would do, but it cannot send a header: a bearer token would have
 * to stand in the URL, and so in logs. */

export interface SseEvent {
	/** The last `id:` that was seen, of this event or one before. */
	readonly id: string;
	readonly type: string;
	readonly data: string;
}

/** Characters of one event. The server's own limits are far below. */
export const EVENT_MAX = 16 * 1024 * 1024;

export class SseParser {
	readonly #decoder = new TextDecoder(); // also drops a byte order mark
	readonly #max: number;
	#line: string[] = []; // pieces of the line whose end has not come
	#afterCr = false; // a line feed that comes now belongs to the line before
	#data: string[] = [];
	#type = "";
	#id = "";
	#size = 0; // characters in #line and #data

	constructor(max = EVENT_MAX) {
		this.#max = max;
	}

	/** The events that are complete with these bytes, wherever they were cut. */
	push(bytes: Uint8Array): SseEvent[] {
		const events: SseEvent[] = [];
		const text = this.#decoder.decode(bytes, { stream: true });
		const end = /\r\n|\n|\r/g;
		let at = 0;

		if (this.#afterCr && text) {
			this.#afterCr = false;
			if (text.startsWith("\n"))
				at = end.lastIndex = 1;
		}
		for (let match; (match = end.exec(text)); at = end.lastIndex) {
			this.#add(text.slice(at, match.index));
			this.#endLine(events);
		}
		if (text.endsWith("\r"))
			this.#afterCr = true;
		this.#add(text.slice(at));
		return events;
	}

	#add(piece: string): void {
		if (!piece)
			return;
		this.#size += piece.length;
		if (this.#size > this.#max)
			throw new RangeError(`an event of more than ${this.#max} characters`);
		this.#line.push(piece);
	}

	#endLine(events: SseEvent[]): void {
		const line = this.#line.join("");
		this.#line = [];
		if (!line) {
			this.#endEvent(events);
			return;
		}
		const colon = line.indexOf(":");
		const name = colon < 0 ? line : line.slice(0, colon);
		const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
		if (name === "data") {
			this.#data.push(value);
			return;
		}
		this.#size -= line.length;
		if (name === "event")
			this.#type = value;
		else if (name === "id" && !value.includes("\0"))
			this.#id = value;
	}

	#endEvent(events: SseEvent[]): void {
		if (this.#data.length)
			events.push({
				id: this.#id,
				type: this.#type || "message",
				data: this.#data.join("\n"),
			});
		this.#data = [];
		this.#type = "";
		this.#size = 0;
	}
}
