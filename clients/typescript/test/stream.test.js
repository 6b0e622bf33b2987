/* A task's stream against a server that breaks connections. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { NodelinkError, TaskClient, TaskStream } from "../dist/index.js";
import { event, events, fakeServer, hangUp, refuse, test } from "./fake-server.js";

async function follow(t, options, ...handlers) {
	const server = await fakeServer(t, ...handlers);
	const stream = new TaskClient({ baseUrl: server.url }).streamTask("t", options);

	t.after(() => stream.close()); // else a failing test would never end
	return { server, stream };
}

const lastIds = (server) => server.requests.map((r) => r.headers["last-event-id"]);

async function texts(stream) {
	const all = [];

	for await (const response of stream)
		all.push(response.isFinal ? "final" : response.shellExecute.stdout);
	return all;
}

/** A source without a network; text() is asked for each next piece. */
function source(text) {
	const encoder = new TextEncoder();

	return {
		connect: async (_, signal) => new Response(new ReadableStream({
			start: (c) => signal.addEventListener("abort", () => c.error(signal.reason)),
			pull: async (c) => c.enqueue(encoder.encode(await text())),
		}, { highWaterMark: 0 })),
		ended() {},
	};
}

test("goes on after the last event when a connection breaks, at any byte", async (t) => {
	const first = Buffer.from(event(1, "one") + event(2, "zwei 😀"));
	const cut = first.indexOf(0xf0) + 2; // within the character
	const { server, stream } = await follow(t, {},
		events([first.subarray(0, cut)], { breaks: true }),
		events([event(2, "zwei 😀"), event(3, "three")]), // ends too early
		events([event(4, "four"), event(5, "", true)]));
	const seen = [];

	stream.addEventListener("reconnect", (e) => seen.push(e.failures));
	assert.deepEqual(await texts(stream), ["one", "zwei 😀", "three", "four", "final"]);
	assert.deepEqual(lastIds(server), [undefined, "1", "3"]);
	assert.deepEqual(seen, [1, 1]);
	assert.equal(stream.readyState, TaskStream.CLOSED);
	assert.equal(stream.lastEventId, "5");
});

test("drops what it has seen, and what comes after the final event", async (t) => {
	const { stream } = await follow(t, {},
		events([event(1, "one"), event(2, "two")], { breaks: true }),
		events([event(1, "one"), event(2, "two"), event(2, "two"), event(3, "three"),
			event(4, "", true), event(4, "", true), event(5, "more")]));

	assert.deepEqual(await texts(stream), ["one", "two", "three", "final"]);
});

test("tries again while nobody is there, and when the server says later", async (t) => {
	const { server, stream } = await follow(t, { lastEventId: "6" }, hangUp,
		refuse(503, "stopping", {}, { "Retry-After": "0" }), events([event(7, "", true)]));
	const delays = [];

	stream.addEventListener("reconnect", (e) => delays.push(e.delay));
	assert.equal((await stream.final()).isFinal, true);
	assert.deepEqual(lastIds(server), ["6", "6", "6"]);
	assert.ok(delays[0] >= 125 && delays[0] <= 250, delays);
	assert.ok(delays[1] >= 250 && delays[1] <= 500, delays);
});

test("a refusal ends it with what the server said", async (t) => {
	const { stream } = await follow(t, {}, refuse(410, "gone"));
	const failed = once(stream, "error");

	await assert.rejects(stream.final(), { name: "NodelinkError", status: 410, code: "gone" });
	assert.equal((await failed)[0].error.code, "gone");
	await assert.rejects(texts(stream), { code: "gone" });
});

test("gives up when it was in vain for too long", async (t) => {
	const { stream } = await follow(t, { reconnectFor: 300 }, hangUp);

	await assert.rejects(stream.final(),
		(error) => error instanceof NodelinkError && error.status === 0);
});

test("listeners see what an EventSource would show", async (t) => {
	const { server, stream } = await follow(t, {}, events([event(1, "one"), event(2, "", true)]));
	const seen = [];

	for (const type of ["open", "response", "close"])
		stream.addEventListener(type, (e) => seen.push([e.type, e.lastEventId]));
	stream.addEventListener("response", (e) =>
		assert.deepEqual(JSON.parse(e.data), e.response));
	await once(stream, "close");
	assert.deepEqual(seen, [["open", undefined], ["response", "1"], ["response", "2"],
		["close", undefined]]);
	assert.equal(server.requests[0].headers.accept, "text/event-stream");
});

test("connects when it is used, and not before", async (t) => {
	const { server, stream } = await follow(t, {}, events([event(1, "", true)]));

	await new Promise(setImmediate);
	assert.equal(stream.readyState, TaskStream.CONNECTING);
	stream.removeEventListener("response", () => {});
	assert.equal(server.requests.length, 0);
	await stream.final();
	assert.equal(server.requests.length, 1);
});

test("close() ends it: the connection, iterators, and final()", async (t) => {
	let gone;
	const { stream } = await follow(t, {}, (request, response) => {
		gone = once(request.socket, "close");
		events([event(1, "one")], { stays: true })(request, response);
	});
	const seen = [];
	const all = assert.rejects(async () => {
		for await (const response of stream)
			seen.push(response.shellExecute.stdout);
	}, { code: "closed" }); // the end that it saw is not the task's
	const final = assert.rejects(stream.final(), { code: "closed" });

	await once(stream, "response");
	stream.close();
	stream.close();
	await all;
	assert.deepEqual(seen, ["one"]);
	await final;
	await gone;
	await assert.rejects(texts(stream), { code: "closed" });
});

test("may be closed by whoever sees the final event, and final() knows it", async (t) => {
	const { stream } = await follow(t, {}, events([event(1, "", true)]));
	let closes = 0;

	stream.addEventListener("close", () => closes++);
	for await (const response of stream)
		if (response.isFinal)
			break;
	assert.equal((await stream.final()).isFinal, true);
	assert.equal(closes, 1);
});

test("leaving the loop closes it", async (t) => {
	const { stream } = await follow(t, {}, events([event(1), event(2)], { stays: true }));

	for await (const response of stream) {
		assert.equal(response.isFinal, false);
		break;
	}
	assert.equal(stream.readyState, TaskStream.CLOSED);
});

test("leaving one of two loops leaves the other alone", async () => {
	let made = 0;
	const stream = new TaskStream("t", source(() => event(++made, `${made}`, made === 4)));
	const other = texts(stream);

	for await (const response of stream)
		if (response.shellExecute.stdout === "2")
			break;
	assert.equal(stream.readyState, TaskStream.OPEN);
	assert.deepEqual(await other, ["1", "2", "3", "final"]);
	assert.equal(stream.readyState, TaskStream.CLOSED);
});

test("leaving the loop closes nothing while somebody else listens", async () => {
	const open = () => {
		let made = 0;
		return new TaskStream("t", source(() => event(++made, `${made}`, made === 4)));
	};
	const leave = async (stream) => {
		for await (const _ of stream)
			break;
		return stream.readyState === TaskStream.CLOSED;
	};
	const listener = (e) => seen.push(e.lastEventId), seen = [];
	const heard = open(), awaited = open();

	heard.addEventListener("response", listener);
	heard.addEventListener("response", listener); // is one all the same
	assert.equal(await leave(heard), false);
	await once(heard, "close");
	assert.deepEqual(seen, ["1", "2", "3", "4"]);
	const final = awaited.final();
	assert.equal(await leave(awaited), false);
	assert.equal((await final).isFinal, true);

	// Who has left does not listen, nor who would hear of other things only.
	const left = open(), control = new AbortController();
	left.addEventListener("response", listener, true);
	left.addEventListener("response", listener, { signal: control.signal });
	left.addEventListener("response", () => {}, { once: true });
	left.addEventListener("response", () => {}, { signal: AbortSignal.abort() });
	left.addEventListener("response", null);
	left.addEventListener("close", () => {});
	left.removeEventListener("response", listener, { capture: true });
	left.removeEventListener("response", () => {});
	control.abort();
	assert.equal(await leave(left), true);
});

test("a loop that comes late has the final response, too", async (t) => {
	const { stream } = await follow(t, {}, events([event(1, "one"), event(2, "", true)]));

	await stream.final();
	assert.deepEqual(await texts(stream), ["final"]);
	stream.close();
	assert.deepEqual(await texts(stream), ["final"]);
});

test("its signal ends it with the signal's reason", async (t) => {
	const control = new AbortController();
	const { stream } = await follow(t, { signal: control.signal },
		events([event(1, "one")], { stays: true }));
	const all = assert.rejects(texts(stream), { message: "enough" });

	await once(stream, "response");
	control.abort(new Error("enough"));
	await all;
	await assert.rejects(stream.final(), { message: "enough" });
	const late = new TaskClient().streamTask("t", { signal: control.signal });
	await assert.rejects(texts(late), { message: "enough" });
});

test("reads no further than its slowest iterator", async () => {
	let made = 0;
	const stream = new TaskStream("t", source(() => {
		assert.ok(made < 1000); // else it would never let go
		return event(++made, "x");
	}));
	const slow = stream[Symbol.asyncIterator](), quick = stream[Symbol.asyncIterator]();
	let taken = 0;

	const all = assert.rejects(async () => {
		while (!(await quick.next()).done)
			taken++;
	}, { code: "closed" });
	await slow.next();
	for (let i = 0; i < 50; i++)
		await new Promise(setImmediate);
	assert.ok(made <= 4 && taken <= 3, `${made} made, ${taken} taken`);
	for (let i = 0; i < 20; i++)
		await slow.next();
	assert.ok(made >= 21 && made <= 24, `${made} made`);
	stream.close();
	await all;
});

test("nonsense from the server is an error and no end", async () => {
	const stream = new TaskStream("t", source(() => "id: 1\nevent: response\ndata: {\n\n"));

	await assert.rejects(stream.final(), SyntaxError);
});

test("other events than responses are nothing to it", async () => {
	const pieces = ["event: new\ndata: {\n\n", event(1, "", true)];
	const stream = new TaskStream("t", source(() => pieces.shift()));

	assert.deepEqual(await texts(stream), ["final"]);
});

test("leaves no timer behind, whatever the network does", async (t) => {
	const timers = () => process.getActiveResourcesInfo().filter((r) => r === "Timeout").length;
	const before = timers();
	const stream = new TaskStream("t", { // which does not heed the signal
		connect: async () => new Response(new ReadableStream({
			start: (c) => c.enqueue(new TextEncoder().encode(event(1))),
		})),
		ended() {},
	});

	t.after(() => stream.close());
	await once(stream, "response");
	await new Promise(setImmediate);
	assert.equal(timers(), before + 1);
	stream.close();
	await new Promise(setImmediate);
	assert.equal(timers(), before);
});
