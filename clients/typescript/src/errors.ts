/* errors.ts - what can go wrong, as one type */

/** What the server says when it refuses: nodelink-api(7), DIAGNOSTICS. */
export interface ErrorBody {
	/** A sentence. */
	readonly error: string;
	/** A stable word. */
	readonly code: string;
	/** More about it, or what to do. */
	readonly details: string | null;
	/** A refused cancel also has `task_id`, `status`, `cancel`, `receipt`. */
	readonly [more: string]: unknown;
}

/** The server refused, or could not be reached. */
export class NodelinkError extends Error {
	override readonly name = "NodelinkError";
	/** Status of the HTTP answer; 0: there was none. */
	readonly status: number;
	/** A stable word such as `no_such_task` or `already_final`;
	 * `unreachable` when there was no answer. */
	readonly code: string;
	/** More about it, or what to do. */
	readonly details: string | null;
	/** All that the server said. */
	readonly body: ErrorBody | undefined;
	/** Seconds after which the server wants to be asked again. */
	readonly retryAfter: number | undefined;
	/** An earlier try of this request was lost: it may have had its effect. */
	readonly repeated: boolean;

	constructor(message: string, more: {
		status?: number;
		code?: string;
		body?: ErrorBody | undefined;
		retryAfter?: number | undefined;
		repeated?: boolean;
		cause?: unknown;
	} = {}) {
		super(message, "cause" in more ? { cause: more.cause } : undefined);
		this.status = more.status ?? 0;
		this.code = more.code ?? "unreachable";
		this.body = more.body;
		this.details = more.body?.details ?? null;
		this.retryAfter = more.retryAfter;
		this.repeated = more.repeated ?? false;
	}
}

function errorBody(text: string): ErrorBody | undefined {
	try {
		const body = JSON.parse(text);
		return typeof body?.error === "string" && typeof body.code === "string"
			? body : undefined;
	} catch {
		return undefined; // a proxy's page
	}
}

/** The error that a refusal is. */
export async function refusal(response: Response, repeated: boolean): Promise<NodelinkError> {
	const body = errorBody(await response.text());
	const seconds = Number(response.headers.get("Retry-After") ?? NaN);

	return new NodelinkError(
		body?.error ?? `HTTP ${response.status} ${response.statusText}`.trim(), {
			status: response.status,
			code: body?.code ?? "",
			body,
			retryAfter: seconds >= 0 ? seconds : undefined,
			repeated,
		});
}

/** There was no answer, or it broke off. */
export function unreachable(what: string, cause: unknown): NodelinkError {
	const inner = cause instanceof Error && cause.cause instanceof Error
		? cause.cause : cause; // fetch says no more than "fetch failed"
	const why = inner instanceof Error ? inner.message : String(inner);

	return new NodelinkError(`${what}: ${why}`, { cause });
}
