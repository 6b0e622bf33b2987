/* test-cancellation.ts - the three ways to cancel, against a real server
 *
 * NODELINK_SERVER says where it is, the argument names the agent (agent1).
 * Each scenario follows its task by its stream and looks at its record. */
import { NodelinkError, TaskClient, outputOf, type FinalResponse, type Task } from "nodelink-client";

declare const process: { argv: string[]; exitCode?: number };

const client = new TaskClient();
const agent = process.argv[2] ?? "agent1";
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function check(fact: boolean, what: string): asserts fact {
	if (!fact)
		throw new Error(`not so: ${what}`);
}

/** Runs cmd, cancels it after a while; what its stream and its record say. */
async function runAndCancel(cmd: string, afterMs: number): Promise<{ final: FinalResponse; record: Task; finals: number }> {
	const { taskId, stream } = await client.executeShell(agent, cmd, 60);
	let finals = 0;

	stream.addEventListener("response", ({ response }) => {
		const text = outputOf(response)?.stdout ?? response.isFinal;
		console.log(`  ${response.status} cancelled=${response.cancelled}`, JSON.stringify(text));
		finals += response.isFinal ? 1 : 0;
	});
	await sleep(afterMs);
	try {
		const { message, status } = await client.cancelTask(taskId, { reason: "test" });
		check(status === "cancelled", `${message}: verified`);
	} catch (error) {
		check(error instanceof NodelinkError, String(error));
		check(error.status === 400, `refused with 400, ${error.message}`);
		console.log(`  too late: ${error.message}`);
	}
	const final = await stream.final();
	return { final, record: await client.getTask(taskId), finals };
}

async function checkCancelled(cmd: string, afterMs: number): Promise<void> {
	const { final, record, finals } = await runAndCancel(cmd, afterMs);

	check(finals === 1 && final.cancelled, "one final response says that it is cancelled");
	check(record.status === "cancelled", "so does the record");
	check(record.cancel?.name === "user_request" && record.cancel.reason === "test", "and why");
	check(record.receipt?.survivors === 0, "nothing of it is left");
}

const scenarios: Record<string, () => Promise<void>> = {
	"Quick Cancellation": () =>
		checkCancelled("for i in $(seq 60); do echo $i; sleep 1; done", 3000),

	"Immediate Cancellation": () => checkCancelled("sleep 60", 500),

	"Race Condition": async () => {
		const { final, record, finals } = await runAndCancel("echo 'Quick task' && sleep 1", 2000);

		check(finals === 1 && final.isFinal, "one final response");
		check(final.cancelled === (record.status === "cancelled"), "stream and record agree");
		check(final.cancelled || record.exit_code === 0, "cancelled, or it has ended well");
	},
};

for (const [name, run] of Object.entries(scenarios)) {
	console.log(name);
	try {
		await run();
		console.log("  passed");
	} catch (error) {
		console.log("  failed:", error);
		process.exitCode = 1;
	}
}
