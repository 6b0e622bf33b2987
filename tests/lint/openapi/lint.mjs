// lint.mjs - what the linter says of an OpenAPI document, a line a finding
import { createConfig, lint } from "@redocly/openapi-core";

const config = await createConfig({
	extends: ["recommended-strict"],
	rules: {
		"no-server-example.com": "off", // it is where it was started
		"operation-4xx-response": "off", // "default" has them
		"no-ambiguous-paths": "off", // a fixed path beats a template
	},
});

// Named by x-itemSchema, into which the linter does not look.
const named = "#/components/schemas/TaskEvent";

for (const { location, message, ruleId } of await lint({ ref: process.argv[2], config })) {
	const [{ source, pointer }] = location;
	if (ruleId !== "no-unused-components" || pointer !== named)
		console.log(`${source.absoluteRef}${pointer ?? ""}: ${message} (${ruleId})`);
}
