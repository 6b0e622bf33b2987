/* index.ts - all that the package offers */
export { TaskClient } from "./client.js";
export type { DockerOptions, Execution, ShellOptions } from "./client.js";
export type { ClientOptions } from "./http.js";
export { NodelinkError } from "./errors.js";
export type { ErrorBody, ErrorCode } from "./errors.js";
export { TaskStream } from "./stream.js";
export type { StreamOptions, StreamSource } from "./stream.js";
export { ReconnectEvent, ResponseEvent, StreamErrorEvent } from "./events.js";
export type { TaskStreamEventMap } from "./events.js";
export type {
	CallOptions, CancelManyOptions, CancelOptions, CreateOptions, DockerFields,
	DockerRequest, DrainOptions, Duration, ListOptions, OutputOptions, ParamValue,
	PluginRequest, ProcessFields, ShellFields, ShellRequest, Size, TaskFields,
	TaskFilter, TaskRequest, TokenRequest, WebhookOptions,
} from "./requests.js";
export { outputOf } from "./types.js";
export type {
	Agent, Cancel, CancelManyResult, CancelName, CancelPhase, CancelResult, CleanupWhen,
	FinalResponse, Health, HookRun, NewToken, Open, OutputPiece, OutputSummary, Plugin,
	PluginParam, ProgressResponse, Receipt, Role, SeccompProfile, Task, TaskFailure,
	TaskLimits, TaskPage, TaskResponse, TaskStatus, Token,
	Webhook, WebhookEvent, WebhookMessage, WebhookPage,
} from "./types.js";
