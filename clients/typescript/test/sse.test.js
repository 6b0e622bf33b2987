/* The reader of server-sent events, fed in every way that a network may cut. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SseParser } from "../dist/sse.js";

const bytes = (text) => new TextEncoder().encode(text);
const parse = (...pieces) => {
	const parser = new SseParser();

	return pieces.flatMap((piece) => parser.push(piece));
};

const TEXT = "\uFEFF: hello\n\n" +
	"id: 1\nevent: response\ndata: {\"text\":\"żółw 😀\"}\n\n" +
	"id: 2\r\ndata: a\r\ndata:b\r\ndata:  c\r\n\r\n" +
	"event: x\rdata\r\r" +
	":\n\n" +
	"id: 3\nevent: lost\n\n" +
	"data: 漢\n\n" +
	"data: no end";
const EVENTS = [
	{ id: "1", type: "response", data: "{\"text\":\"żółw 😀\"}" },
	{ id: "2", type: "message", data: "a\nb\n c" },
	{ id: "2", type: "x", data: "" },
	{ id: "3", type: "message", data: "漢" },
];

test("reads all forms of line ends, comments, and data of several lines", () => {
	assert.deepEqual(parse(bytes(TEXT)), EVENTS);
});

test("reads the same wherever two pieces meet", () => {
	const all = bytes(TEXT);

	for (let i = 0; i <= all.length; i++)
		assert.deepEqual(parse(all.subarray(0, i), all.subarray(i)), EVENTS, `cut at ${i}`);
});

test("reads the same in pieces of any size", () => {
	const all = bytes(TEXT);

	for (let size = 1; size < 9; size++) {
		const pieces = [];
		for (let i = 0; i < all.length; i += size)
			pieces.push(all.subarray(i, i + size));
		assert.deepEqual(parse(...pieces), EVENTS, `pieces of ${size}`);
	}
});

test("an empty piece between CR and LF changes nothing", () => {
	assert.deepEqual(parse(bytes("data: a\r"), bytes(""), bytes("\ndata: b\r\n\r\n")),
		[{ id: "", type: "message", data: "a\nb" }]);
});

test("bytes that are no UTF-8 become U+FFFD", () => {
	assert.deepEqual(parse(bytes("data: "), new Uint8Array([0xff]), bytes("\n\n")),
		[{ id: "", type: "message", data: "\uFFFD" }]);
});

test("an id with a NUL is ignored, fields that are not known too", () => {
	assert.deepEqual(parse(bytes("id: 7\nid: a\0b\nretry: 1\nfoo: bar\ndata: x\n\n")),
		[{ id: "7", type: "message", data: "x" }]);
});

test("refuses an event that is too large, in one line or in many", () => {
	const line = new SseParser(100);
	const lines = new SseParser(100);

	line.push(bytes("data: " + "x".repeat(90)));
	assert.throws(() => line.push(bytes("xxxxx")), RangeError);
	for (let i = 0; i < 10; i++)
		lines.push(bytes("data: xxxx\n"));
	assert.throws(() => lines.push(bytes("data: xxxx\n")), RangeError);
});

test("comments and many small events count towards no limit", () => {
	const parser = new SseParser(100);

	for (let i = 0; i < 50; i++) {
		assert.deepEqual(parser.push(bytes(": still here\nfoo: bar\n")), []);
		assert.equal(parser.push(bytes("id: 1\ndata: xxxxxxxxxx\n\n")).length, 1);
	}
});
