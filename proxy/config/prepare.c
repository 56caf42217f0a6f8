/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/config/prepare.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "issuer/local/local_files.h"
#include "issuer/store/store.h"
#include "jwks/source_files.h"
#include "proxy/config/address.h"

/* May this user make files in the directory? */
static bool
may_write(const char *directory)
{
	return faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) == 0;
}

/* Report why, by errno. */
static void
refuse_state(struct config *config, const struct node *node, const char *what)
{
	struct err err;

	(void)err_errno(&err, errno, "the state directory %s cannot be %s", config->state, what);
	mistake_at_key(&config->mistakes, node, "%s", err.text);
}

/* The directory exists, or its parent does, so that it can be created; and this user may. */
static void
check_state(struct config *config)
{
	const struct node *given = document_get(config->root, "state");
	const struct node *node = given == NULL ? config->root : given;
	char *parent = NULL;
	struct stat info;

	if (config->state == NULL)
		return;
	if (config->mistakes.offline) {
		mistake_left_out_at(&config->mistakes, node, "the folder %s", config->state);
		return;
	}
	if (stat(config->state, &info) == 0) {
		if (!S_ISDIR(info.st_mode))
			mistake_at_key(&config->mistakes, node,
			    "the state directory %s is not a directory", config->state);
		else if (!may_write(config->state))
			refuse_state(config, node, "written");
		return;
	}
	if (errno == ENOENT)
		parent = file_directory(config->state);
	if (parent == NULL || stat(parent, &info) != 0 || !S_ISDIR(info.st_mode))
		mistake_at_key(&config->mistakes, node,
		    "the state directory %s cannot be created: there is no directory to create it "
		    "in",
		    config->state);
	else if (!may_write(parent))
		refuse_state(config, node, "created");
	free(parent);
}

static void
check_issuers(struct config *config)
{
	for (size_t i = 0; i < config->trusted_issuer_count; i++) {
		const struct trusted_issuer *trusted_issuer = &config->trusted_issuers[i];

		if (config->has_local && i == config->local_index)
			continue;
		source_files_check(
		    &trusted_issuer->source, trusted_issuer->node, &config->mistakes);
	}
}

/* The directory of a Unix socket takes a new file, and what stands there is a socket or nothing. */
static void
check_file(struct config *config, const char *path, const struct node *node)
{
	char *parent = file_directory(path);
	struct stat info;

	if (config->mistakes.offline)
		mistake_left_out_at(&config->mistakes, node, "the folder of %s", path);
	else if (parent == NULL || stat(parent, &info) != 0 || !S_ISDIR(info.st_mode))
		mistake_at_key(&config->mistakes, node, "%s: there is no such folder", path);
	else if (!may_write(parent))
		mistake_at_key(&config->mistakes, node, "%s: its folder may not be written", path);
	else if (lstat(path, &info) == 0 && !S_ISSOCK(info.st_mode))
		mistake_at_key(
		    &config->mistakes, node, "%s: there is a file that is no socket", path);
	free(parent);
}

static void
check_listener(
    struct config *config, enum engines_name engine, const char *text, const struct node *node)
{
	/* In the order of enum address_kind. IPv4: every engine can. */
	static const struct {
		enum engines_ability ability;
		const char *what;
	} kinds[] = { [ADDRESS_IPV6] = { ENGINES_IPV6, "IPv6" },
		[ADDRESS_UNIX] = { ENGINES_UNIX, "Unix sockets" },
		[ADDRESS_SYSTEMD] = { ENGINES_ACTIVATION, "sockets that systemd hands over" } };
	struct address address;
	struct err err;

	if (!address_read(text, &address, &err))
		return;
	if (address.kind != ADDRESS_IPV4 && !engines_can(engine, kinds[address.kind].ability))
		mistake_at_key(&config->mistakes, node,
		    "\"%s\": the CivetWeb of this machine has no %s; \"engine\": events has", text,
		    kinds[address.kind].what);
	else if (address.kind == ADDRESS_UNIX)
		check_file(config, address.name, node);
}

static void
check_listeners(struct config *config)
{
	const struct node *admin = document_get(document_get(config->root, "admin"), "address"),
			  *metrics = document_get(document_get(config->root, "metrics"), "address"),
			  *forward_auth =
			      document_get(document_get(config->root, "forward_auth"), "address");

	for (size_t i = 0; i < config->listen.count; i++)
		check_listener(config, config->engine, config->listen.at[i], config->listen.node);
	if (admin != NULL)
		check_listener(config, ENGINES_EVENTS, config->admin, admin);
	if (metrics != NULL && config->metrics != NULL)
		check_listener(config, ENGINES_EVENTS, config->metrics, metrics);
	if (forward_auth != NULL && config->forward_auth.address != NULL)
		check_listener(config, ENGINES_EVENTS, config->forward_auth.address, forward_auth);
}

void
prepare(struct config *config)
{
	if (config->root == NULL)
		return;
	check_listeners(config);
	config_tls_prepare(config);
	config_upstream_prepare(config);
	check_state(config);
	check_issuers(config);
	if (config->has_local && config->state != NULL)
		local_files_check(&config->local, document_get(config->root, "local_issuer"),
		    config->state, &config->mistakes);
}
