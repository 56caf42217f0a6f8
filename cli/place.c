/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/place.h"

#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "cli/command.h"
#include "issuer/store/sql.h"
#include "policy/role.h"
#include "proxy/config/config_part.h"

#define ARENA_MAX ((size_t)1 << 30)
#define LOCAL "local_issuer"

/* --- what the configuration says --- */

static bool
below_state(const struct config *config)
{
	size_t len = strlen(config->state);

	return strncmp(config->local.database, config->state, len) == 0 &&
	       config->local.database[len] == '/';
}

static void
take_config(struct place *place, enum place_need need)
{
	const struct config *config = place->config;
	bool state = config->state != NULL && config_part_sound(config, "", "state");
	bool local = config_part_section(config, LOCAL);

	if (state)
		place->state = config->state;
	if (need == PLACE_ISSUER && !(config->has_local && config_part_sound(config, "", LOCAL)))
		return;
	if (local && config->local.database != NULL &&
	    config_part_sound(config, LOCAL, "database") && (state || !below_state(config)))
		place->database = config->local.database;
}

/* The keys are next to the database unless configured elsewhere. */
static void
take_line(struct place *place, const struct command_line *line, enum place_need need)
{
	const char *slash;

	place->given = line->database != NULL || (need == PLACE_STATE && line->state != NULL);
	if (line->database != NULL) {
		place->database = line->database;
		slash = strrchr(line->database, '/');
		if (place->state == NULL && !sql_is_url(line->database))
			place->state = slash == NULL
					   ? "."
					   : arena_format(&place->arena, "%.*s",
						 (int)(slash - line->database), line->database);
	}
	if (line->state != NULL)
		place->state = line->state;
}

/* Is there a local issuer, as far as the file can be understood? */
static bool
has_none(const struct config *config)
{
	return config->root != NULL && document_get(config->root, LOCAL) == NULL &&
	       config_part_sound(config, "", LOCAL);
}

/* NULL: all that is needed is known. */
static const char *
missing(const struct place *place, enum place_need need)
{
	if (need == PLACE_ISSUER)
		return place->database == NULL || place->state == NULL
			   ? "its local_issuer must not have mistakes"
			   : NULL;
	if (need == PLACE_DATABASE && place->database == NULL)
		return "give the database: --database URL|FILE";
	if (need == PLACE_STATE && place->state == NULL)
		return "give the directory of the keys: --state DIR";
	return NULL;
}

static int
refuse(const struct place *place, const struct err *err, const char *what)
{
	bool mistakes = place->config->mistakes.errors > 0;

	if (mistakes)
		command_mistakes(&place->config->mistakes);
	(void)command_trouble("%s: %s; %s", place->command, err->text, what);
	return mistakes ? EXIT_NO : EXIT_TROUBLE;
}

static void
tell_going_on(const struct place *place, const struct err *err)
{
	(void)command_trouble("%s: %s; continuing anyway%s", place->command, err->text,
	    place->config->mistakes.errors > 0 ? " (\"postern check\" lists them)" : "");
}

bool
place_find(
    struct place *place, const struct command_line *line, enum place_need need, int *ret_code)
{
	struct err err = { "" };
	const char *what;

	arena_init(&place->arena, ARENA_MAX);
	place->sound = config_read(line->config, CONFIG_TEXT, &place->config, &err);
	*ret_code = EXIT_TROUBLE;
	if (place->config == NULL) {
		(void)command_trouble("%s: %s", place->command, err.text);
		return false;
	}
	take_config(place, need);
	take_line(place, line, need);
	what = missing(place, need);
	if (has_none(place->config) && (what != NULL || (place->sound && !place->given)))
		(void)command_trouble("%s: %s has no local_issuer, and so no clients, users, "
				      "revocations or keys",
		    place->command, line->config);
	else if (what != NULL)
		*ret_code = refuse(place, &err, what);
	else
		*ret_code = EXIT_YES;
	if (*ret_code == EXIT_YES && !place->sound)
		tell_going_on(place, &err);
	return *ret_code == EXIT_YES;
}

bool
place_open(struct place *place, int *ret_code)
{
	struct err err;
	bool done = place->sound && !place->given
			? store_open_at(place->database, place->state, &place->store, &err)
			: store_open_existing(place->database, &place->store, &err);

	if (!done)
		*ret_code = command_trouble_at(place->command, &err);
	return done;
}

bool
place_unused(const struct place *place)
{
	if (!place->sound || place->given || place->database == NULL ||
	    !store_absent(place->database, place->state))
		return false;
	(void)command_trouble("%s: there is nothing yet: a gate that starts makes the database "
			      "and what it needs, and so does the first client or user",
	    place->command);
	return true;
}

void
place_done(struct place *place)
{
	store_close(place->store);
	config_free(place->config);
	arena_done(&place->arena);
}

int
place_report(const struct place *place, enum admin_result result, const struct err *err)
{
	if (result == ADMIN_OK)
		return EXIT_YES;
	(void)command_trouble("%s: %s", place->command, err->text);
	return result == ADMIN_NO ? EXIT_NO : EXIT_TROUBLE;
}

/* --- roles --- */

static void
tell_roles(const struct place *place, const char *role)
{
	const struct policy *policy = &place->config->policy;
	struct nearest nearest = nearest_to(span_of(role));
	char hint[NEAREST_HINT];

	for (size_t i = 0; i < policy->role_count; i++)
		nearest_offer(&nearest, policy->roles[i].name);
	(void)fprintf(stderr, "postern: %s: the policy has no role \"%s\"%s", place->command, role,
	    nearest_hint(&nearest, hint));
	for (size_t i = 0; nearest.word == NULL && i < policy->role_count; i++)
		(void)fprintf(stderr, "%s %s", i == 0 ? "; it has" : ",", policy->roles[i].name);
	(void)fprintf(stderr, "%s\n", policy->role_count == 0 ? "; it has none" : "");
}

/* A role that is not in the policy would be granted without any effect: most likely a typo. */
bool
place_role_known(const struct place *place, const char *role)
{
	if (role_find(&place->config->policy, span_of(role)) != NULL)
		return true;
	if (place->sound)
		tell_roles(place, role);
	else
		(void)command_trouble("%s: cannot check whether the policy has a role \"%.128s\"",
		    place->command, role);
	return !place->sound;
}

/* --- the issuer --- */

static bool
issuer_of_keys(struct place *place, const char **ret_issuer, struct err *reterr)
{
	struct store_key *key = NULL;

	if (!store_keys(place->store, &place->arena, &key, reterr))
		return false;
	if (key == NULL)
		return err_set(reterr, "the local issuer's URL is not known: neither the "
				       "configuration nor the database has it");
	*ret_issuer = key->issuer;
	for (; key != NULL; key = key->next)
		if (strcmp(key->issuer, *ret_issuer) != 0)
			return err_set(reterr,
			    "the local issuer's URL is not known: gates of %.128s and of %.128s "
			    "share the database",
			    *ret_issuer, key->issuer);
	return true;
}

bool
place_issuer(struct place *place, const char **ret_issuer, struct err *reterr)
{
	const struct config *config = place->config;

	if (!config_part_section(config, LOCAL) || config->local.issuer == NULL ||
	    !config_part_sound(config, LOCAL, "issuer"))
		return issuer_of_keys(place, ret_issuer, reterr);
	*ret_issuer = config->local.issuer;
	return true;
}
