/* SPDX-License-Identifier: Apache-2.0 */
/* `postern store`: copies of the local issuer's database, there and back, and whether it is sound.
 */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/place.h"
#include "issuer/store/store.h"

static const char *
s_of(size_t count)
{
	return count == 1 ? "" : "s";
}

/* Read every row; opening the database has already checked the pages. */
static bool
read_all(struct store *store, struct arena *arena, struct err *reterr)
{
	struct store_revocations revocations;
	struct client *client = NULL;
	struct store_key *keys = NULL;
	struct user *user = NULL;
	size_t clients = 0, users = 0, revoked = 0;

	if (!store_list(store, arena, &client, reterr) ||
	    !store_user_list(store, arena, &user, reterr) ||
	    !store_revocations(store, &(struct store_after){ 0, arena }, &revocations, reterr) ||
	    !store_keys(store, arena, &keys, reterr))
		return false;
	for (; client != NULL; client = client->next)
		clients++;
	for (; user != NULL; user = user->next)
		users++;
	for (; revocations.first != NULL; revocations.first = revocations.first->next)
		revoked++;
	(void)printf("sound: %zu client%s, %zu user%s, %zu revocation%s\n", clients, s_of(clients),
	    users, s_of(users), revoked, s_of(revoked));
	return true;
}

static bool
check(struct store *store, struct err *reterr)
{
	struct arena arena;
	bool done;

	arena_init(&arena, (size_t)1 << 30);
	done = read_all(store, &arena, reterr);
	arena_done(&arena);
	return done;
}

enum verb { BACKUP, RESTORE, CHECK, INIT };

static const struct command_verb verbs[] = {
	[BACKUP] = { "backup", "FILE", "copy the local issuer's database" },
	[RESTORE] = { "restore", "FILE",
	    "replace the database with a copy, even while a gate runs" },
	[CHECK] = { "check", "", "read the whole database and report whether it is sound" },
	[INIT] = { "init", "", "create an empty database even though signing keys exist" },
	{ NULL, NULL, NULL },
};

static const struct command_option options[] = {
	OPTION_ROW_CONFIG,
	OPTION_ROW_DATABASE,
	OPTION_ROW_STATE,
	{ .name = NULL },
};

static int
report(bool done, const struct err *err)
{
	return done ? EXIT_YES : command_trouble_at("store", err);
}

/* These commands do not need an existing database. */
static int
put(const struct place *place, const struct command_line *line)
{
	struct err err;
	bool done = line->verb == INIT ? store_init(place->database, &err)
				       : store_restore(place->database, line->words[0], &err);

	return report(done, &err);
}

static int
run(struct place *place, const struct command_line *line)
{
	int code = line->verb == INIT || line->verb == RESTORE ? put(place, line) : EXIT_YES;
	struct err err;

	if (code != EXIT_YES || line->verb == INIT || !place_open(place, &code))
		return code;
	return report(line->verb == BACKUP ? store_backup(place->store, line->words[0], &err)
					   : check(place->store, &err),
	    &err);
}

static int
run_line(int argc, char **argv)
{
	struct command_line line = { .config = COMMAND_CONFIG };
	struct place place = { .command = "store" };
	int code;

	if (options_read(&store_command, (struct arguments){ argc, argv }, &line, &code)) {
		if (line.word_count > 0 && line.words[0][0] == '\0')
			code = options_wrong(&store_command, &line, "FILE is empty");
		else if (place_find(&place, &line, PLACE_DATABASE, &code))
			code = run(&place, &line);
		place_done(&place);
	}
	options_done(&line);
	return code;
}

const struct command store_command = {
	.name = "store",
	.help = "copy, restore or check the local issuer's database",
	.verbs = verbs,
	.options = options,
	.run = run_line,
};
