/* fake-server.js - an HTTP server that does to each request what a test says */
import { createServer } from "node:http";
import { once } from "node:events";
import * as node from "node:test";

/** A test that waits in vain fails. */
export const test = (name, fn) => node.test(name, { timeout: 20_000 }, fn);

/** Handlers get (request, response, body), in the order of the requests; the
 * last one gets all that come after. Ends with the test. */
export async function fakeServer(t, ...handlers) {
	const requests = [];
	const server = createServer(async (request, response) => {
		let body = "";
		const handler = handlers.length > 1 ? handlers.shift() : handlers[0];

		request.setEncoding("utf8");
		for await (const piece of request)
			body += piece;
		requests.push({ method: request.method, url: request.url,
			headers: request.headers, body });
		handler(request, response, body);
	});

	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	t.after(() => {
		server.close();
		server.closeAllConnections();
	});
	return { url: `http://127.0.0.1:${server.address().port}`, requests };
}

/** Answers with JSON. */
export function json(body, status = 200, headers = {}) {
	return (_, response) => {
		response.writeHead(status, { "Content-Type": "application/json", ...headers });
		response.end(JSON.stringify(body));
	};
}

/** Breaks the connection off without an answer. */
export function hangUp(request) {
	request.socket.destroy();
}

export function refuse(status, code, more = {}, headers = {}) {
	return json({ error: `refused: ${code}`, code, details: null, ...more }, status, headers);
}

/** An event of a task's stream; isFinal: the last. */
export function event(id, text = "", isFinal = false) {
	return `id: ${id}\nevent: response\ndata: ${JSON.stringify({
		agentId: "a", taskId: "t", status: isFinal ? "COMPLETED" : "IN_PROGRESS",
		isFinal, cancelled: false,
		shellExecute: { stdout: text, stderr: "", exitCode: 0 },
		...(isFinal && { receipt: null, task: { task_id: "t", finished_at: "now" } }),
	})}\n\n`;
}

/** Sends the pieces (text or bytes); then ends well, or breaks off. */
export function events(pieces, { breaks = false, stays = false } = {}) {
	return async (request, response) => {
		response.writeHead(200, { "Content-Type": "text/event-stream" });
		for (const piece of pieces)
			await new Promise((resolve) => response.write(piece, resolve));
		if (breaks)
			request.socket.destroy();
		else if (!stays)
			response.end();
	};
}
