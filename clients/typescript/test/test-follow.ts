/* test-follow.ts - prints what the task of the second argument prints, to its end */
import { TaskClient, outputOf } from "nodelink-client";

declare const process: { argv: string[]; stdout: { write(text: string): void } };

const stream = new TaskClient().streamTask(process.argv[2] ?? "");

stream.addEventListener("reconnect", ({ failures }) => console.error("reconnect", failures));
for await (const response of stream)
	process.stdout.write(outputOf(response)?.stdout ?? "");
console.error("final", (await stream.final()).task.exit_code);
