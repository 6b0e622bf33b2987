/* Requests, what is repeated and what is not, errors, and abort signals. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { NodelinkError, TaskClient, outputOf } from "../dist/index.js";
import { event, events, fakeServer, hangUp, json, refuse, test } from "./fake-server.js";

const TASK = { task_id: "t", status: "pending", finished_at: null };
const CANCELLED = { message: "task cancelled", task_id: "t", status: "cancelled",
	cancel: { phase: "verified" }, receipt: { survivors: 0 } };

async function start(t, options, ...handlers) {
	const server = await fakeServer(t, ...handlers);

	return { server, client: new TaskClient({ baseUrl: server.url, ...options }) };
}

/** The nth request, once it is there. */
async function asked(server, n) {
	while (server.requests.length < n)
		await new Promise((resolve) => setTimeout(resolve, 5));
	return server.requests[n - 1];
}

test("the server is the option's, the environment's, the page's, or the default", (t) => {
	const before = process.env.NODELINK_SERVER;
	t.after(() => {
		delete globalThis.location;
		if (before !== undefined)
			process.env.NODELINK_SERVER = before;
	});

	delete process.env.NODELINK_SERVER;
	assert.equal(new TaskClient().baseUrl, "http://127.0.0.1:8080");
	globalThis.location = { origin: "null" };
	assert.equal(new TaskClient().baseUrl, "http://127.0.0.1:8080");
	globalThis.location = { origin: "https://page.example" };
	assert.equal(new TaskClient().baseUrl, "https://page.example");
	process.env.NODELINK_SERVER = "https://env.example:1/below/";
	assert.equal(new TaskClient().baseUrl, "https://env.example:1/below");
	delete process.env.NODELINK_SERVER;
	assert.equal(new TaskClient({ baseUrl: new URL("http://x/") }).baseUrl, "http://x");
	for (const baseUrl of ["localhost:8080", "ftp://x", "x", "http://u:p@x", "http://x/?y"])
		assert.throws(() => new TaskClient({ baseUrl }), TypeError, baseUrl);
});

test("creates as the API wants it, with a token in the header and a key", async (t) => {
	const tokens = ["first", "second"];
	const { server, client } = await start(t, { token: async () => tokens.shift() },
		json(TASK));

	assert.equal((await client.createShellTask("a", "true", 5,
		{ env: { X: "y" }, idempotencyKey: "mine" })).task_id, "t");
	await client.createDockerTask("a", "image", ["sh", "-c", "id"], { timeout: 7 });
	const [shell, docker] = server.requests;
	assert.equal(shell.method + shell.url, "POST/tasks/shell");
	assert.deepEqual(JSON.parse(shell.body), { agent_id: "a", cmd: "true", timeout: 5, env: { X: "y" } });
	assert.equal(shell.headers.authorization, "Bearer first");
	assert.equal(shell.headers["content-type"], "application/json");
	assert.equal(shell.headers["idempotency-key"], "mine");
	assert.deepEqual(JSON.parse(docker.body),
		{ agent_id: "a", image: "image", cmd: ["sh", "-c", "id"], timeout: 7 });
	assert.equal(docker.headers.authorization, "Bearer second");
	assert.match(docker.headers["idempotency-key"], /^[-0-9a-z]{20,255}$/);
});

test("repeats a create that was lost, with the same key", async (t) => {
	const { server, client } = await start(t, {}, hangUp,
		refuse(409, "idempotency_key_in_use", {}, { "Retry-After": "0" }),
		refuse(503, "store_failing"), json(TASK));

	assert.equal((await client.createShellTask("a", "true")).task_id, "t");
	const keys = new Set(server.requests.map((r) => r.headers["idempotency-key"]));
	assert.equal(server.requests.length, 4);
	assert.equal(keys.size, 1);
});

test("repeats an answer that breaks off", async (t) => {
	const { server, client } = await start(t, {}, (request, response) => {
		response.writeHead(200, { "Content-Length": "100" });
		response.write("{", () => request.socket.destroy());
	}, json(TASK));

	assert.equal((await client.getTask("t")).task_id, "t");
	assert.equal(server.requests.length, 2);
});

test("repeats nothing that could be done twice, and no refusal", async (t) => {
	const { server, client } = await start(t, {}, hangUp);

	await assert.rejects(client.cancelTasks({ label: "x" }), { status: 0, code: "unreachable" });
	await assert.rejects(client.createToken({ client: "x", role: "viewer" }), { status: 0 });
	assert.equal(server.requests.length, 2);
	const other = await start(t, {}, refuse(429, "too_many_tasks"));
	await assert.rejects(other.client.createShellTask("a", "true"), { status: 429 });
	assert.equal(other.server.requests.length, 1);
});

test("waits when it is told that it asks too often", async (t) => {
	const { client } = await start(t, {},
		refuse(429, "too_many_calls", {}, { "Retry-After": "0" }), json({ agents: [] }));

	assert.deepEqual(await client.listAgents(), []);
});

test("errors say what the server said", async (t) => {
	const { client } = await start(t, { retries: 0 },
		json({ error: "task is already completed", code: "already_final",
			details: "why", task_id: "t", status: "completed" }, 400),
		(_, response) => response.writeHead(502).end("<html>"));

	await assert.rejects(client.cancelTask("t"), (error) => {
		assert.ok(error instanceof NodelinkError && error instanceof Error);
		assert.equal(error.message, "task is already completed");
		assert.equal(error.status, 400);
		assert.equal(error.code, "already_final");
		assert.equal(error.details, "why");
		assert.equal(error.body.status, "completed");
		return true;
	});
	await assert.rejects(client.getTask("t"), { status: 502, message: "HTTP 502 Bad Gateway" });
	const nobody = new TaskClient({ baseUrl: "http://127.0.0.1:1", retries: 0 });
	await assert.rejects(nobody.getTask("t"), { status: 0, message: /GET http.*127\.0\.0\.1:1/ });
});

test("what the token's function throws is not dressed up", async (t) => {
	const { client } = await start(t, { token: () => { throw new Error("no token"); } }, hangUp);

	await assert.rejects(client.getTask("t"), { name: "Error", message: "no token" });
	await assert.rejects(client.streamTask("t").final(), { message: "no token" });
});

test("cancels with all options in the query", async (t) => {
	const { server, client } = await start(t, {}, json(CANCELLED));
	const result = await client.cancelTask("a/b", { reason: "ä & b", code: "superseded",
		grace: "2s", force: true, wait: 0 });

	assert.deepEqual(result, CANCELLED);
	const url = new URL(server.requests[0].url, "http://x");
	assert.equal(url.pathname, "/tasks/a%2Fb");
	assert.deepEqual(Object.fromEntries(url.searchParams), { reason: "ä & b",
		code: "superseded", grace: "2s", force: "true", wait: "0" });
});

test("a cancel whose answer was lost is a success all the same", async (t) => {
	const { client } = await start(t, {}, hangUp, refuse(400, "already_final", CANCELLED));

	assert.deepEqual(await client.cancelTask("t"), CANCELLED);
	const other = await start(t, {}, refuse(400, "already_final", CANCELLED));
	await assert.rejects(other.client.cancelTask("t"), { code: "already_final" });
});

test("lists all pages, one after the other", async (t) => {
	const { server, client } = await start(t, {},
		json({ tasks: [{ task_id: "3" }, { task_id: "2" }], next_cursor: "c" }),
		json({ tasks: [], next_cursor: "d" }),
		json({ tasks: [{ task_id: "1" }], next_cursor: null }));
	const ids = [];

	for await (const task of client.listTasks({ label: ["a=1", "b"], status: "sent", limit: 2 }))
		ids.push(task.task_id);
	assert.deepEqual(ids, ["3", "2", "1"]);
	assert.deepEqual(server.requests.map((r) => r.url), ["", "&cursor=c", "&cursor=d"].map(
		(cursor) => `/tasks?label=a%3D1&label=b&status=sent&limit=2${cursor}`));
});

test("waits for a task by its stream, without its output", async (t) => {
	const { server, client } = await start(t, {}, events([event(1), event(2, "", true)]));

	assert.equal((await client.waitTask("t")).finished_at, "now");
	assert.deepEqual(server.requests.map((r) => r.url), ["/stream?ref=t&output=false"]);
});

test("output is in one place, whatever the plugin", () => {
	for (const key of ["shellExecute", "dockerOperation", "pluginTask"])
		assert.equal(outputOf({ [key]: { stdout: "x" } }).stdout, "x");
	assert.equal(outputOf({ hook: { output: "x" } }), undefined);
});

// ------------------------------------------------------------------- aborting

test("aborted before: nothing is asked for", async (t) => {
	const { server, client } = await start(t, {}, json(TASK));
	const signal = AbortSignal.abort(new Error("no"));

	await assert.rejects(client.createShellTask("a", "true", 1, { signal }), { message: "no" });
	await assert.rejects(client.getTask("t", { signal }), { message: "no" });
	assert.equal(server.requests.length, 0);
});

test("aborted while it is being created: rejects at once, and cancels what was made", async (t) => {
	let answer;
	const { server, client } = await start(t, {},
		(request, response) => { answer = () => json(TASK)(request, response); },
		json(CANCELLED));
	const control = new AbortController();
	const made = client.createShellTask("a", "true", 1, { signal: control.signal });

	await asked(server, 1);
	control.abort(new Error("changed my mind"));
	await assert.rejects(made, { message: "changed my mind" });
	answer();
	const cancel = await asked(server, 2);
	assert.equal(cancel.method + cancel.url, "DELETE/tasks/t?reason=changed+my+mind&wait=0");
});

test("aborted later: the task is cancelled, and its stream tells the end", async (t) => {
	const { server, client } = await start(t, {}, json(TASK),
		events([event(1, "x")], { breaks: true }), json(CANCELLED, 202),
		events([event(2, "", true)]));
	const control = new AbortController();
	const { taskId, stream } = await client.executeShell("a", "sleep 9", 0,
		{ signal: control.signal });

	await once(stream, "reconnect");
	control.abort("ä".repeat(600));
	assert.equal((await asked(server, 3)).method, "DELETE");
	assert.equal(taskId, "t");
	assert.equal((await stream.final()).isFinal, true);
	const { searchParams } = new URL(server.requests[2].url, "http://x");
	assert.equal(searchParams.get("reason"), "ä".repeat(512));
});

test("aborted, but not to be cancelled: the stream fails, and somebody hears", async (t) => {
	let told;
	const { server, client } = await start(t, { onCancelFailed: (e, id) => { told = [e.code, id]; } },
		json(TASK), events([event(1, "x")], { stays: true }), refuse(403, "not_owner"));
	const control = new AbortController();
	const { stream } = await client.executeShell("a", "sleep 9", 0, { signal: control.signal });

	await once(stream, "response");
	control.abort();
	await assert.rejects(stream.final(), { code: "not_owner" });
	assert.deepEqual(told, ["not_owner", "t"]);
	assert.equal(server.requests.length, 3);
});

test("aborted while the server is away: the cancel is sent until it arrives", async (t) => {
	const { server, client } = await start(t, { retries: 0 }, json(TASK), hangUp,
		refuse(503, "stopping"), json(CANCELLED));
	const control = new AbortController();

	await client.createShellTask("a", "sleep 9", 0, { signal: control.signal });
	control.abort(new Error("enough"));
	assert.equal((await asked(server, 4)).url, "/tasks/t?reason=enough&wait=0");
});

test("aborted in vain: somebody hears, and else the console", async (t) => {
	const { warn } = console;
	t.after(() => { console.warn = warn; });

	const abort = async (onCancelFailed) => {
		const { client } = await start(t, { retries: 0, reconnectFor: 150, onCancelFailed },
			json(TASK), hangUp);
		const control = new AbortController();

		await client.createShellTask("a", "sleep 9", 0, { signal: control.signal });
		control.abort();
	};
	await new Promise((resolve) => {
		console.warn = assert.fail;
		void abort((error, id) => {
			assert.equal(error.code, "unreachable");
			resolve(assert.equal(id, "t"));
		});
	});
	await new Promise((resolve) => {
		console.warn = (text, error) => {
			assert.equal(error.code, "unreachable");
			resolve(assert.match(text, /task t was aborted and could not/));
		};
		void abort();
	});
});

test("aborted while it is being created, and no answer comes: somebody hears", async () => {
	const told = [];
	const abort = async (end) => {
		const control = new AbortController();
		const client = new TaskClient({ retries: 0, onCancelFailed: (...words) => told.push(words),
			fetch: async () => {
				control.abort();
				return end();
			} });

		await assert.rejects(client.createShellTask("a", "true", 1, { signal: control.signal }),
			{ name: "AbortError" });
		await new Promise(setImmediate);
	};

	await abort(() => Response.json({ error: "no", code: "forbidden" }, { status: 403 }));
	assert.deepEqual(told, []); // it was not made
	await abort(() => { throw new TypeError("lost"); });
	assert.deepEqual(told.map(([error, id]) => [error.code, id]), [["unreachable", undefined]]);
});

test("a task that ends is not cancelled any more", async (t) => {
	const timers = () => process.getActiveResourcesInfo().filter((r) => r === "Timeout").length;
	let cancels = 0;
	const client = new TaskClient({ onCancelFailed: assert.fail, fetch: async (_, { method }) => {
		if (method === "DELETE")
			throw new TypeError(`not reached ${++cancels}`);
		return Response.json(method === "POST" ? TASK : { ...TASK, finished_at: "now" });
	} });
	const control = new AbortController();
	const before = timers();

	await client.createShellTask("a", "sleep 9", 0, { signal: control.signal });
	control.abort();
	while (!cancels || timers() === before) // the pause before the next one
		await new Promise(setImmediate);
	await client.getTask("t");
	await new Promise(setImmediate);
	assert.equal(timers(), before);
	assert.equal(cancels, 1);
});

test("a cancel of which nothing is heard is sent again", async (t) => {
	const { setTimeout } = globalThis;
	const control = new AbortController();
	t.after(() => { globalThis.setTimeout = setTimeout; });

	await new Promise((resolve, reject) => {
		let cancels = 0;
		const client = new TaskClient({ onCancelFailed: reject, fetch: async (_, { method, signal }) => {
			if (method === "DELETE" && ++cancels === 1)
				await once(signal, "abort"); // the network is cut
			if (cancels > 1)
				resolve();
			return Response.json(method === "POST" ? TASK : CANCELLED);
		} });

		globalThis.setTimeout = (fn, ms) => setTimeout(fn, ms === 60_000 ? 10 : ms);
		void client.createShellTask("a", "sleep 9", 0, { signal: control.signal })
			.then(() => control.abort());
	});
});

test("aborted after the end: nothing is left to cancel", async (t) => {
	const ended = { ...TASK, finished_at: "now" };
	const { server, client } = await start(t, {}, json(TASK), events([event(1, "", true)]),
		json(TASK), json(ended), json(TASK), json(CANCELLED), json(TASK),
		refuse(400, "too_late"));
	const control = new AbortController();
	const create = () => client.createShellTask("a", "true", 1, { signal: control.signal });

	await create();
	await client.streamTask("t").final();
	await create();
	await client.getTask("t");
	await create();
	await client.cancelTask("t");
	await create();
	await assert.rejects(client.cancelTask("t"));
	control.abort();
	await new Promise((resolve) => setTimeout(resolve, 20));
	assert.equal(server.requests.length, 8);
});

test("one signal for many tasks makes no warning, and cancels them all", async (t) => {
	let n = 0;
	const warnings = [];
	const warn = (warning) => warnings.push(warning);
	const { server, client } = await start(t, {}, (request, response) =>
		json(request.method === "POST" ? { ...TASK, task_id: `t${n++}` } : CANCELLED)(request, response));
	const control = new AbortController();

	process.on("warning", warn);
	t.after(() => process.off("warning", warn));
	for (let i = 0; i < 30; i++)
		await client.createShellTask("a", "true", 1, { signal: control.signal });
	control.abort();
	await asked(server, 60);
	const cancelled = server.requests.slice(30).map((r) => r.url.split("?")[0]).sort();
	assert.deepEqual(cancelled, Array.from({ length: 30 }, (_, i) => `/tasks/t${i}`).sort());
	assert.deepEqual(warnings, []);
});
