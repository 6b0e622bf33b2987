/* test-token.ts - a client that has to say who it is, over TLS
 *
 * TOKEN and VIEWER are tokens of an admin and of a viewer; NODELINK_SERVER is
 * an https URL whose CA Node knows (NODE_EXTRA_CA_CERTS). */
import { NodelinkError, TaskClient } from "nodelink-client";

declare const process: { env: Record<string, string | undefined> };

/** The first piece of output of a task, as its stream has it. */
async function firstPiece(client: TaskClient, id: string): Promise<string> {
	for await (const response of client.streamTask(id, { encoding: "base64" }))
		if (response.shellExecute)
			return response.shellExecute.stdout;
	return "";
}

async function refused(promise: Promise<unknown>): Promise<string> {
	try {
		await promise;
	} catch (error) {
		if (error instanceof NodelinkError)
			return `${error.status} ${error.code}`;
		throw error;
	}
	return "not refused";
}

const nobody = new TaskClient();
const viewer = new TaskClient({ token: process.env["VIEWER"] });
let asked = 0;
const admin = new TaskClient({
	token: async () => {
		asked++;
		return process.env["TOKEN"] ?? "";
	},
});

const abort = new AbortController();
const { taskId, stream } = await admin.executeShell("agent1", "echo up; sleep 60", 60,
	{ labels: { job: "typed" }, signal: abort.signal });
const stranger = await refused(nobody.streamTask(taskId).final());
const watcher = await refused(viewer.cancelTask(taskId));

for await (const response of stream) {
	if (response.shellExecute?.stdout)
		abort.abort(new Error("seen enough"));
	if (response.isFinal)
		console.log(JSON.stringify({
			stranger,
			watcher,
			cancelled: response.cancelled,
			reason: response.task.cancel?.reason,
			owner: response.task.owner,
			output: new TextDecoder().decode(await viewer.getOutput(taskId)),
			end: new TextDecoder().decode(await viewer.getOutput(taskId, { range: "1-1" })),
			exact: await firstPiece(viewer, taskId),
			agents: (await viewer.listAgents()).map((agent) => agent.agent_id),
			asked: asked > 2,
		}));
}

const made = await admin.createToken({ client: "other", role: "operator", expires: "1h" });
const other = new TaskClient({ token: made.token });
for await (const task of other.listTasks({ label: "job=typed" }))
	console.log(task.task_id === taskId, task.labels["job"]);
await admin.revokeToken(made.id);
console.log(await refused(other.listAgents()));
