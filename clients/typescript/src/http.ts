/* http.ts - requests to the server: where it is, who asks, and trying again
 *
 * A request is tried again only where that cannot do a thing twice: reading,
 * cancelling, and creating with an Idempotency-Key. */
import { NodelinkError, refusal, unreachable } from "./errors.js";
import { backoff, inTime, onAbort, pause } from "./wait.js";

export interface ClientOptions {
	/** The server, such as `https://nodelink.example:8080`. Default: the
	 * environment's `NODELINK_SERVER`; in a browser the page's own server;
	 * else `http://127.0.0.1:8080`. */
	baseUrl?: string | URL | undefined;
	/** Bearer token. A function is asked before each request, so that a token
	 * can be replaced while the client is in use. */
	token?: string | (() => string | Promise<string>) | undefined;
	/** How often a request that was lost is sent again, where that is safe.
	 * Default 4; 0: never. */
	retries?: number | undefined;
	/** Milliseconds for which streams try to connect again, and cancels that an
	 * AbortSignal asks for are sent again, before they fail. Default: five
	 * minutes; Infinity: for ever. */
	reconnectFor?: number | undefined;
	/** Instead of the global one, for proxies and tests. */
	fetch?: typeof globalThis.fetch | undefined;
	/** A task could not be cancelled after its AbortSignal was aborted. With
	 * a stream of that task the stream fails with the same error. Without
	 * taskId: it was aborted while it was being created, and no answer says
	 * whether it was. Default: a warning on the console. */
	onCancelFailed?: ((error: unknown, taskId: string | undefined) => void) | undefined;
}

export type Query = Record<string, string | number | boolean | readonly string[] | undefined>;

export interface Call {
	query?: Query;
	body?: unknown;
	headers?: Record<string, string>;
	signal?: AbortSignal | undefined;
	/** Sending it twice does no more than sending it once. */
	repeatable?: boolean;
	/** Milliseconds for which it is tried, instead of `retries` times. */
	patience?: number | undefined;
	/** A try may have had its effect, and nothing was heard of that. */
	onLost?: () => void;
}

const DEFAULT = "http://127.0.0.1:8080";

/** The server when nobody says where it is. */
function defaultBase(): string {
	const here = globalThis as {
		process?: { env?: Record<string, string | undefined> };
		location?: { origin?: string };
	};
	const said = here.process?.env?.["NODELINK_SERVER"];
	const origin = here.location?.origin;

	return said || (origin?.startsWith("http") ? origin : DEFAULT);
}

/** Without a slash at its end. */
export function parseBase(base: string | URL = defaultBase()): string {
	let url: URL | undefined;
	try {
		url = new URL(base);
	} catch {
		// said below
	}
	if (!url || !/^https?:$/.test(url.protocol))
		throw new TypeError(`nodelink: '${base}' is no http or https URL of a server`);
	if (url.username || url.search || url.hash)
		throw new TypeError("nodelink: the server's URL may have no user, query or fragment");
	return url.href.replace(/\/+$/, "");
}

function withQuery(path: string, query: Query | undefined): string {
	const words = new URLSearchParams();

	for (const [name, value] of Object.entries(query ?? {}))
		for (const one of Array.isArray(value) ? value : [value])
			if (one !== undefined)
				words.append(name, String(one));
	const text = words.toString();
	return text ? `${path}?${text}` : path;
}

/** The server may do it the next time, and has not done it this time, or may
 * well do it twice. */
function mayRepeat(error: NodelinkError, repeatable: boolean): boolean {
	switch (error.status) {
	case 429:
		return error.code !== "too_many_tasks";
	case 0:
	case 502:
	case 503:
	case 504:
		return repeatable;
	case 409:
		return error.code === "idempotency_key_in_use" && error.repeated;
	default:
		return false;
	}
}

export class Http {
	readonly baseUrl: string;
	readonly #token: ClientOptions["token"];
	readonly #fetch: typeof globalThis.fetch;
	readonly #retries: number;

	constructor(options: ClientOptions) {
		this.baseUrl = parseBase(options.baseUrl);
		this.#token = options.token;
		// Browsers want it called as window's own.
		this.#fetch = options.fetch ?? ((...args) => globalThis.fetch(...args));
		this.#retries = options.retries ?? 4;
	}

	/** What read() makes of the answer. Rejects with NodelinkError, with the
	 * signal's reason, or with what the token's function has thrown. */
	async call<T>(method: string, path: string, call: Call,
		read: (response: Response) => Promise<T>): Promise<T> {
		const { repeatable = method === "GET", patience, signal } = call;
		const began = performance.now();
		let repeated = false;

		for (let tries = 0; ; tries++) {
			try {
				return patience === undefined
					? await this.once(method, path, call, read, repeated)
					: await this.#onceInTime(method, path, call, read, repeated);
			} catch (error) {
				if (!(error instanceof NodelinkError))
					throw error;
				if (error.status === 0 || error.status >= 500)
					call.onLost?.();
				const delay = backoff(tries, error.retryAfter);
				if (!mayRepeat(error, repeatable) || (patience === undefined
					? tries >= this.#retries
					: performance.now() - began + delay > patience))
					throw error;
				repeated ||= error.status !== 429;
				await pause(delay, signal);
			}
		}
	}

	json<T>(method: string, path: string, call: Call = {}): Promise<T> {
		return this.call(method, path, call, (response) => response.json());
	}

	/** A connection on which nothing is heard may not take all the patience. */
	async #onceInTime<T>(method: string, path: string, call: Call,
		read: (response: Response) => Promise<T>, repeated: boolean): Promise<T> {
		const cut = new AbortController();
		const undo = call.signal &&
			onAbort(call.signal, () => cut.abort(call.signal?.reason));

		try {
			return await inTime(
				this.once(method, path, { ...call, signal: cut.signal }, read, repeated), cut);
		} finally {
			undo?.();
		}
	}

	/** As call(), without trying again. */
	async once<T>(method: string, path: string, call: Call,
		read: (response: Response) => Promise<T>, repeated = false): Promise<T> {
		const url = this.baseUrl + withQuery(path, call.query);
		const headers: Record<string, string> = { ...call.headers };
		const token = typeof this.#token === "function" ? await this.#token() : this.#token;

		if (token)
			headers["Authorization"] = `Bearer ${token}`;
		if (call.body !== undefined)
			headers["Content-Type"] = "application/json";
		try {
			const response = await this.#fetch(url, {
				method,
				headers,
				body: call.body === undefined ? null : JSON.stringify(call.body),
				signal: call.signal ?? null,
				cache: "no-store",
				redirect: "error", // it would lose the method, or show the token
			});
			if (!response.ok)
				throw await refusal(response, repeated);
			return await read(response);
		} catch (error) {
			call.signal?.throwIfAborted();
			throw error instanceof NodelinkError
				? error : unreachable(`${method} ${url}`, error);
		}
	}
}
