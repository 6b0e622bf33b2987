/* in-browser.js - the package in a web page: a realm of its own that has what
 * browsers have and nothing of Node. Run by browser.test.js, since modules in
 * such a realm need a flag of Node's. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import vm from "node:vm";
import { event, events, fakeServer, json, refuse, test } from "./fake-server.js";

const WEB = ["AbortController", "AbortSignal", "Blob", "DOMException", "Event", "EventTarget",
	"Headers", "ReadableStream", "Request", "Response", "TextDecoder", "TextEncoder", "URL",
	"URLSearchParams", "clearTimeout", "console", "performance"];
const TASK = { task_id: "t", status: "pending", finished_at: null };
const CANCELLED = { message: "task cancelled", task_id: "t", status: "cancelled",
	cancel: { phase: "verified" }, receipt: { survivors: 0 } };

/** What the package exports in a page of this origin, which came by http. */
async function page(origin) {
	const context = vm.createContext({
		...Object.fromEntries(WEB.map((name) => [name, globalThis[name]])),
		location: { origin },
		crypto: {}, // randomUUID is for https
		setTimeout: (fn, ms) => Number(setTimeout(fn, ms)),
	});
	context.fetch = vm.runInContext(`(fetch) => function (...words) {
		if (this !== undefined && this !== globalThis)
			throw new TypeError("Illegal invocation");
		return fetch(...words);
	}`, context)(fetch);
	assert.equal(vm.runInContext(
		"typeof process + typeof Buffer + typeof require + typeof global + typeof setImmediate",
		context), "undefined".repeat(5));

	const modules = new Map();
	const read = async (identifier) => new vm.SourceTextModule(
		await readFile(new URL(identifier), "utf8"), { context, identifier });
	const link = (name, { identifier }) => {
		const { href } = new URL(name, identifier);

		if (!modules.has(href))
			modules.set(href, read(href));
		return modules.get(href);
	};
	const index = await link("../dist/index.js", { identifier: import.meta.url });
	await index.link(link);
	await index.evaluate();
	return index.namespace;
}

test("in a page: creates, follows over a lost connection, and reads", async (t) => {
	const server = await fakeServer(t, json(TASK), events([event(1, "one")], { breaks: true }),
		events([event(2, "zwei 😀"), event(3, "", true)]),
		(_, response) => response.end(Uint8Array.of(0, 255)));
	const { TaskClient, outputOf } = await page(server.url);
	const client = new TaskClient({ token: "secret" });
	const { taskId, stream } = await client.executeShell("a", "true");
	const seen = [];

	assert.equal(client.baseUrl, server.url); // the page's own
	stream.addEventListener("reconnect", (e) => seen.push(e.failures));
	for await (const response of stream)
		seen.push(outputOf(response).stdout);
	assert.deepEqual(seen, ["one", 1, "zwei 😀", ""]);
	assert.equal((await stream.final()).task.finished_at, "now");
	assert.deepEqual([...await client.getOutput(taskId)], [0, 255]);
	const [created, , again] = server.requests;
	assert.equal(created.headers.authorization, "Bearer secret");
	assert.match(created.headers["idempotency-key"], /^[-0-9a-z]{20,255}$/);
	assert.equal(again.headers["last-event-id"], "1");
});

test("in a page: cancels, also by a signal, and says what was refused", async (t) => {
	const server = await fakeServer(t, json(TASK), refuse(503, "stopping"), json(CANCELLED),
		json(CANCELLED), refuse(404, "no_such_task"), events([event(1)], { stays: true }));
	const { NodelinkError, TaskClient } = await page(server.url);
	const client = new TaskClient();
	const control = new AbortController();

	await client.createShellTask("a", "true", 1, { signal: control.signal });
	control.abort();
	while (server.requests.length < 3)
		await new Promise(setImmediate);
	assert.match(server.requests[2].url, /^\/tasks\/t\?reason=.*&wait=0$/);
	assert.equal((await client.cancelTask("t")).status, "cancelled");
	await assert.rejects(client.getTask("t"), (error) =>
		error instanceof NodelinkError && error.code === "no_such_task");
	const stream = client.streamTask("t", { signal: AbortSignal.timeout(100) });
	await once(stream, "response");
	await assert.rejects(stream.final(), { name: "TimeoutError" });
});

test("in a page of no server: the default", async () => {
	const { TaskClient } = await page("null");

	assert.equal(new TaskClient().baseUrl, "http://127.0.0.1:8080");
});
