import { TaskClient } from "nodelink-client";

const client = new TaskClient();

// Create task and start monitoring
const { taskId, stream } = await client.executeShell("agent1", "for i in {1..20}; do echo \"Line $i\"; sleep 2; done");

// Monitor for cancellation
stream.addEventListener("response", (event) => {
    const data = JSON.parse(event.data);
    if (data.cancelled && data.isFinal) {
        console.log("Task was successfully cancelled");
        stream.close();
    }
});

// Cancel after 10 seconds
setTimeout(() => client.cancelTask(taskId), 10000);
