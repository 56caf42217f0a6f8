/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/local/local_files.h"

#include "issuer/keys/signing_sync.h"
#include "issuer/store/sql.h"
#include "issuer/store/store.h"

static void
check_key(const struct local_signing *signing, const struct node *map, struct mistakes *mistakes)
{
	const struct node *node =
	    document_get(document_get(document_get(map, "signing"), "key"), "file");
	struct signing_place place = { .key_file = signing->key_file,
		.algorithm = (enum signing_algorithm)signing->algorithm };
	struct signing_key *key = NULL;
	struct err err = { "" };

	if (signing->key_file == NULL || node == NULL)
		return;
	if (mistakes->offline) {
		mistake_left_out_at(mistakes, node, "the private key %s", signing->key_file);
		return;
	}
	inputs_look(&mistakes->inputs, mistakes->arena, signing->key_file);
	if (!signing_sync_given(&place, &key, &err))
		mistake_at_key(mistakes, node, "%s", err.text);
	signing_key_free(key);
}

/* Without a node the default is used, and mistakes are reported at the section. */
static void
check_database(
    const char *database, const struct node *map, const char *state_dir, struct mistakes *mistakes)
{
	const struct node *node = document_get(map, "database");
	struct err err = { "" };

	if (database == NULL)
		return;
	if (node == NULL)
		node = map;
	/* A URL is left out only if it names files that are not on this machine. */
	if (mistakes->offline && !sql_is_url(database))
		mistake_left_out_at(mistakes, node, "the place of the database");
	else if (store_place_fit(database, state_dir, &err))
		return;
	else if (mistakes->offline)
		mistake_left_out_at(mistakes, node, "%s", err.text);
	else
		mistake_at_key(mistakes, node, "the place of the database: %s", err.text);
}

void
local_files_check(const struct local *local, const struct node *map, const char *state_dir,
    struct mistakes *mistakes)
{
	check_key(&local->signing, map, mistakes);
	check_database(local->database, map, state_dir, mistakes);
}
