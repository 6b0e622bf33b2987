import { TaskClient } from "nodelink-client";

const client = new TaskClient();

// Create a long-running task
const task = await client.createShellTask("agent1", "sleep 60", 120);

// Cancel it after 5 seconds
setTimeout(async () => {
    await client.cancelTask(task.task_id);
}, 5000);
