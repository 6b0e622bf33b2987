/* errors.ts - what can go wrong, as one type */
import type { Open } from "./types.js";

/** Stable words; `unreachable` and `closed` are the client's own. */
export type ErrorCode = Open<
	"unreachable" | "closed" |
	"bad_request" | "bad_query" | "bad_cursor" | "bad_event_id" | "bad_range" |
	"bad_idempotency_key" | "not_json" | "not_utf8" | "body_too_large" | "task_too_large" |
	"no_token" | "bad_token" | "token_expired" | "token_revoked" | "no_session" |
	"forbidden" | "not_owner" | "outside_labels" | "foreign_origin" | "foreign_host" |
	"anonymous" |
	"no_such_task" | "no_such_agent" | "no_such_plugin" | "no_such_token" |
	"no_such_webhook" | "no_webhooks" | "no_such_path" | "wrong_method" | "gone" |
	"already_final" | "too_late" | "undeliverable" |
	"idempotency_key_in_use" | "idempotency_key_reused" |
	"too_many_tasks" | "too_many_tokens" | "too_many_logins" | "too_many_calls" |
	"too_many_requests" |
	"stopping" | "store_full" | "store_failing" | "auth_failing" | "audit_failing" |
	"internal" | "no_memory">;

/** What the server says when it refuses: nodelink-api(7), DIAGNOSTICS. */
export interface ErrorBody {
	/** A sentence. */
	readonly error: string;
	/** A stable word. */
	readonly code: ErrorCode;
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
	/** `unreachable` when there was no answer; empty when the answer is not
	 * nodelink's own. */
	readonly code: ErrorCode;
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
		code?: ErrorCode;
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
