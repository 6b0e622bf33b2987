import { TaskClient } from "nodelink-client";

const client = new TaskClient();

// Test cancelling a quick task (might complete before cancellation)
const task = await client.createShellTask("agent1", "echo 'Quick task' && sleep 1", 30);

setTimeout(async () => {
    try {
        await client.cancelTask(task.task_id);
        console.log("Task cancelled");
    } catch (error) {
        console.log("Task already completed:", error.message);
    }
}, 2000);
