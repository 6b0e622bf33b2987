/* The package where there is no Node: in-browser.js. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { test } from "./fake-server.js";

test("runs in a page that has only what browsers have", async () => {
	const { NODE_TEST_CONTEXT: _, ...env } = process.env; // it is a program of its own
	const [error, out] = await new Promise((resolve) => {
		execFile(process.execPath, ["--experimental-vm-modules", "--no-warnings",
			fileURLToPath(new URL("in-browser.js", import.meta.url))],
		{ env }, (...result) => resolve(result));
	});

	assert.equal(error, null, out);
	assert.equal(out.match(/^(ok|✔)/gm)?.length, 3, out);
});
