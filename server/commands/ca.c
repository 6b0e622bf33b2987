/* ca.c - ca create, ca server, ca hash: the server's own CA */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/auto.h"
#include "ca/ca.h"
#include "commands/commands.h"

/* As its owner from here on, who is the server's user. */
static int
find_dir(const struct command_call *call, const char **out, struct err *err)
{
	const char *dir = conf_text(call->conf, "ca.dir");
	AUTO_FREE char *inside = NULL;

	if (!dir)
		return err_set(err, -EINVAL,
			"no folder of a CA: give --ca-dir DIR, or dir in "
			"section [ca] of the configuration file");
	*out = dir;
	if (asprintf(&inside, "%s/ca.key", dir) < 0)
		inside = NULL;
	if (!inside)
		return err_set(err, -ENOMEM, "out of memory");
	return command_become_owner(access(dir, F_OK) == 0 ? inside : dir, err);
}

static int
print_hash(const struct ca *ca, struct err *err)
{
	char hash[TLS_HASH];

	ca_hash(ca, hash);
	(void)puts(hash);
	return command_flush(err);
}

static int
create(const struct command_call *call, struct err *err)
{
	AUTO(ca_free) struct ca *ca = NULL;
	const char *dir = NULL;
	int r = find_dir(call, &dir, err);

	if (r == 0)
		r = ca_create(dir, err);
	if (r == 0)
		r = ca_open(dir, &ca, err);
	if (r < 0)
		return r;
	command_say("A new CA is in '%s'. Agents that enrol know it by this "
		    "hash (--ca-hash). Whoever reads ca.key can be any agent.",
		dir);
	return print_hash(ca, err);
}

const struct command command_ca_create = {
	.name = "ca create",
	.summary = "Makes a CA, which signs the certificates of agents.",
	.setting = "ca-dir",
	.run = create,
};

static int
server(const struct command_call *call, struct err *err)
{
	AUTO(ca_free) struct ca *ca = NULL;
	const char *dir = NULL;
	int r = find_dir(call, &dir, err);

	if (r == 0)
		r = ca_open(dir, &ca, err);
	if (r == 0)
		r = ca_issue_server(ca,
			(const char *const *)(const void *)call->words,
			call->n_words, err);
	if (r == 0)
		command_say("Certificate and key are '%s/server.crt' and "
			    "'%s/server.key', good for a year: name them as "
			    "cert and key in sections [http] and [grpc]. A "
			    "server that has them takes the new ones.",
			dir, dir);
	return r;
}

const struct command command_ca_server = {
	.name = "ca server",
	.words = "NAME...",
	.summary = "Makes a certificate for the server, for these names and "
		   "addresses.",
	.setting = "ca-dir",
	.run = server,
};

static int
hash(const struct command_call *call, struct err *err)
{
	AUTO(ca_free) struct ca *ca = NULL;
	const char *dir = NULL;
	int r = find_dir(call, &dir, err);

	if (r == 0)
		r = ca_open(dir, &ca, err);
	return r < 0 ? r : print_hash(ca, err);
}

const struct command command_ca_hash = {
	.name = "ca hash",
	.summary = "Prints the hash that agents know the CA by.",
	.setting = "ca-dir",
	.run = hash,
};
