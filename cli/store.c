/* SPDX-License-Identifier: Apache-2.0 */
/* `postern store`: copies of the local issuer's database, there and back, and whether it is sound.
 */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "issuer/store.h"

static const char usage[] = "usage: postern store backup FILE [-c postern.yaml]\n"
			    "       postern store restore FILE [-c postern.yaml]\n"
			    "       postern store check [-c postern.yaml]\n"
			    "       postern store init [-c postern.yaml]\n";

struct line {
	const char *config_path;
	const char *verb;
	const char *file;
};

static bool
read_line(int argc, char **argv, struct line *line)
{
	struct options options = { .argc = argc, .argv = argv };
	bool missing = false;

	while (options.at < argc) {
		const char *path = options_value(&options, "-c", &missing);

		if (missing)
			return false;
		if (path != NULL)
			line->config_path = path;
		else if (line->verb == NULL)
			line->verb = argv[options.at++];
		else if (line->file == NULL)
			line->file = argv[options.at++];
		else
			return false;
	}
	if (line->verb == NULL)
		return false;
	return strcmp(line->verb, "backup") == 0 || strcmp(line->verb, "restore") == 0
		   ? line->file != NULL && line->file[0] != '\0' && line->file[0] != '-'
		   : (strcmp(line->verb, "check") == 0 || strcmp(line->verb, "init") == 0) &&
			 line->file == NULL;
}

/* Everything is read: opening has looked at the pages, this looks at the rows. */
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
	    !store_revocations(store, 0, arena, &revocations, reterr) ||
	    !store_keys(store, arena, &keys, reterr))
		return false;
	for (; client != NULL; client = client->next)
		clients++;
	for (; user != NULL; user = user->next)
		users++;
	for (; revocations.first != NULL; revocations.first = revocations.first->next)
		revoked++;
	(void)printf("sound: %zu clients, %zu users, %zu revocations\n", clients, users, revoked);
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

static int
told(bool done, const struct err *err)
{
	return done ? EXIT_YES : command_trouble("store: %s", err->text);
}

static int
with_config(const struct config *config, const struct line *line)
{
	struct store *store = NULL;
	struct err err;
	bool done;

	if (!config->has_local)
		return command_trouble("store: the configuration has no local_issuer");
	if (strcmp(line->verb, "init") == 0)
		return told(store_init(config->local.database, &err), &err);
	if (strcmp(line->verb, "restore") == 0 &&
	    !store_restore(config->local.database, line->file, &err))
		return told(false, &err);
	if (!store_open_at(config->local.database, config->state, &store, &err))
		return told(false, &err);
	done = strcmp(line->verb, "backup") == 0 ? store_backup(store, line->file, &err)
						 : check(store, &err);
	store_close(store);
	return told(done, &err);
}

int
store_command(int argc, char **argv)
{
	struct line line = { .config_path = COMMAND_CONFIG };
	struct config *config = NULL;
	int code;

	if (!read_line(argc, argv, &line)) {
		(void)fputs(usage, stderr);
		return EXIT_TROUBLE;
	}
	if (!command_config(line.config_path, &config, &code))
		return code;
	code = with_config(config, &line);
	config_free(config);
	return code;
}
