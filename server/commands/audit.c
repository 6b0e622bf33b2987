/* audit.c - audit verify; and the lines of the audit log about commands */
#include "audit/audit.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "commands/commands.h"

int
command_audit(const struct conf *conf, struct audit **out, struct err *err)
{
	const struct audit_conf audit = { .path = conf_text(conf, "audit.path"),
		.required = conf_bool(conf, "audit.required") };

	return audit.path ? audit_new(&audit, out, err) : 0;
}

/* "root@command": the user who gave it. */
void
command_actor(struct command_order *order)
{
	const struct passwd *user = getpwuid(getuid());

	if (user)
		(void)snprintf(order->actor, sizeof order->actor, "%s@command",
			user->pw_name);
	else
		(void)snprintf(order->actor, sizeof order->actor,
			"uid %u@command", (unsigned)getuid());
}

int
command_note(
	struct audit *audit, const struct command_order *order, struct err *err)
{
	AUTO_BUF struct buf detail = { 0 };
	struct audit_event event = { .action = order->command->action,
		.actor = order->actor,
		.peer = "command" };
	int r = 0;

	for (int i = 0; i < order->n_args && r == 0; i++)
		r = buf_printf(&detail, "%s%s", i ? " " : "", order->args[i]);
	event.detail = buf_text(&detail); /* without memory it is shorter */
	r = audit_note(audit, &event);
	return r < 0 ? err_set(err, r,
			       "nothing was done, since it cannot be "
			       "written into the audit log: %s",
			       err_name(-r))
		     : 0;
}

void
command_note_failure(
	struct audit *audit, const struct command_order *order, const char *why)
{
	/* It has failed anyway. */
	(void)audit_note(
		audit, &(struct audit_event){ .action = order->command->action,
			       .decision = AUDIT_FAILED,
			       .actor = order->actor,
			       .peer = "command",
			       .reason = why });
}

/* --------------------------------------------------------------- audit verify */

static const struct conf_item verify_items[] = {
	{ .key = "from",
		.flag = "from",
		.type = CONF_INT,
		.arg = "SEQ",
		.fallback = "1",
		.min = 1,
		.max = INT64_MAX,
		.help = "the first event that has to be there" },
};

static int
verify(const struct command_call *call, struct err *err)
{
	uint64_t from = (uint64_t)conf_number(call->conf, "from");
	int r = audit_verify(call->words, call->n_words, from, stdout, err);

	if (r < 0)
		return r;
	if (r > 0)
		return err_set(
			err, -EBADMSG, "%d finding%s", r, r > 1 ? "s" : "");
	return command_flush(err);
}

const struct command command_audit_verify = {
	.name = "audit verify",
	.words = "FILE...",
	.summary = "Looks whether audit logs, the oldest first, are whole.",
	.items = verify_items,
	.n_items = ARRAY_SIZE(verify_items),
	.run = verify,
};
