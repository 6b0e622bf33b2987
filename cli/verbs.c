/* verbs.c - the table of verbs, in the order in which help lists them */
#include "cli/verb.h"

extern const struct verb verb_run, verb_docker_run, verb_logs, verb_wait,
	verb_cancel, verb_ps, verb_tasks, verb_show, verb_agents, verb_plugins,
	verb_drain, verb_token_create, verb_token_list, verb_token_revoke,
	verb_completion, verb_version;

const struct verb *const verbs[] = {
	&verb_run,
	&verb_docker_run,
	&verb_logs,
	&verb_wait,
	&verb_cancel,
	&verb_ps,
	&verb_tasks,
	&verb_show,
	&verb_agents,
	&verb_plugins,
	&verb_drain,
	&verb_token_create,
	&verb_token_list,
	&verb_token_revoke,
	&verb_completion,
	&verb_version,
};
const size_t n_verbs = ARRAY_SIZE(verbs);
