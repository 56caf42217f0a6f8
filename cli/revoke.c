/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/nearest.h"
#include "cli/command.h"
#include "cli/input.h"
#include "cli/place.h"
#include "issuer/admin/account.h"
#include "issuer/accounts/audit_log.h"
#include "issuer/store/store.h"
#include "token/date.h"
#include "token/issuer_match.h"
#include "token/token.h"

/* How long a revocation is stored after the token has expired, to allow for clock differences. */
#define MARGIN_S 600

/* No token of the local issuer lives longer. */
#define LOCAL_MAX_S 86400

/* The command line, read. */
struct line {
	struct command_line line;
	const char *token, *jti, *client, *subject;
	const char *issuer;        /* its name in the configuration; NULL: the local one */
	int64_t before_s, until_s; /* 0: not given */
};

/* What the command works on. */
struct work {
	struct place *place;
	const char *issuer; /* the `iss` of the tokens, lent */
	bool local;         /* it is the local issuer's */
	struct buffer text; /* of the token */
};

static int
no(const char *what)
{
	(void)command_trouble("revoke: %s", what);
	return EXIT_NO;
}

/* --- the command line --- */

/* The end of a range is exclusive, but "now" is inclusive: a token issued in this very second is
 * revoked too. */
static const char *
read_time(const char *value, void *field)
{
	*(int64_t *)field = clock_now_s() + 1;
	return strcmp(value, "now") == 0 || clock_parse(span_of(value), field)
		   ? NULL
		   : "Unix seconds, RFC 3339 or now";
}

/* The placeholder for "now", until the gates' time is known. */
#define BEFORE_NOW INT64_MAX

static const char *
read_before(const char *value, void *field)
{
	const char *rule = read_time(value, field);

	if (strcmp(value, "now") == 0)
		*(int64_t *)field = BEFORE_NOW;
	return rule;
}

static const struct command_option options[] = {
	OPTION_ROW_CONFIG,
	OPTION_ROW_DATABASE,
	OPTION_ROW_STATE,
	{ .name = "--token",
	    .argument = "-",
	    .offset = offsetof(struct line, token),
	    .help = "the token on standard input" },
	{ .name = "--jti",
	    .argument = "JTI",
	    .offset = offsetof(struct line, jti),
	    .help = "the token with this jti" },
	{ .name = "--client",
	    .argument = "NAME|ID",
	    .offset = offsetof(struct line, client),
	    .help = "the tokens of this client" },
	{ .name = "--subject",
	    .argument = "SUB",
	    .offset = offsetof(struct line, subject),
	    .help = "the tokens with this sub" },
	{ .name = "--issuer",
	    .argument = "NAME|ISS",
	    .offset = offsetof(struct line, issuer),
	    .help =
		"the tokens' issuer: its name in the configuration, or its iss (default: local)" },
	{ .name = "--issued-before",
	    .argument = "TIME",
	    .kind = OPTION_READ,
	    .read = read_before,
	    .offset = offsetof(struct line, before_s),
	    .help = "only those issued before (default: now); alone with --issuer: all of them" },
	{ .name = "--until",
	    .argument = "TIME",
	    .kind = OPTION_READ,
	    .read = read_time,
	    .offset = offsetof(struct line, until_s),
	    .help = "when the token of --jti expires: the revocation can be deleted then" },
	{ .name = NULL },
};

static const struct command_verb verbs[] = {
	{ "", "", "revoke tokens that have been issued" },
	{ NULL, NULL, NULL },
};

static const char notes[] = "TIME is Unix seconds, RFC 3339 or now.\n";

static const char *
wrong_times(const struct line *line)
{
	if ((line->token != NULL || line->jti != NULL) && line->before_s != 0)
		return "--issued-before works with --client, --subject and --issuer only";
	if (line->jti == NULL && line->until_s != 0)
		return "--until works with --jti only";
	return NULL;
}

/* NULL: the line is valid. Revoking all tokens of an issuer needs an explicit option; a missing one
 * must never do it. */
static const char *
wrong_line(const struct line *line)
{
	int ways = (line->token != NULL) + (line->jti != NULL) + (line->client != NULL) +
		   (line->subject != NULL);

	if (line->token != NULL && strcmp(line->token, "-") != 0)
		return "--token reads standard input: write --token -";
	if (line->token != NULL && line->issuer != NULL)
		return "--token takes no --issuer: the token names its issuer";
	if (ways > 1)
		return "give one of --token, --jti, --client and --subject";
	if (ways == 0 && (line->before_s == 0 || line->issuer == NULL))
		return "give --token, --jti, --client or --subject, or --issuer with "
		       "--issued-before";
	return wrong_times(line);
}

/* --- whose tokens --- */

/* Find the local issuer, from the configuration or the database. */
static int
take_local(struct work *work)
{
	struct err err;

	work->local = true;
	return place_issuer(work->place, &work->issuer, &err)
		   ? EXIT_YES
		   : command_trouble("revoke: %s; give it: --issuer ISS", err.text);
}

static bool
is_local(const struct work *work, const char *issuer)
{
	const char *local = NULL;
	struct err ignored;

	return place_issuer(work->place, &local, &ignored) && strcmp(local, issuer) == 0;
}

static int
no_issuer(const struct work *work, const char *name)
{
	const struct config *config = work->place->config;
	struct nearest nearest = issuer_match_nearest(
	    config->trusted_issuers, config->trusted_issuer_count, span_of(name));
	char hint[NEAREST_HINT];

	(void)command_trouble("revoke: the configuration names no issuer \"%.128s\"%s%s", name,
	    nearest_hint(&nearest, hint),
	    work->place->sound ? "" : "; while it has mistakes, give the issuer by its iss");
	return EXIT_NO;
}

/* Find it by `iss`. An issuer that the configuration does not name is accepted only if the
 * configuration has mistakes: in an emergency, tokens must be revoked all the same. */
static int
take_iss(struct work *work, const char *iss)
{
	const struct config *config = work->place->config;
	size_t i =
	    issuer_match_find(config->trusted_issuers, config->trusted_issuer_count, span_of(iss));

	work->issuer = i < config->trusted_issuer_count ? config->trusted_issuers[i].issuer : iss;
	work->local = is_local(work, work->issuer);
	return i == config->trusted_issuer_count && !work->local && work->place->sound
		   ? no_issuer(work, iss)
		   : EXIT_YES;
}

static int
find_issuer(struct work *work, const char *name)
{
	const struct config *config = work->place->config;

	if (name == NULL || strcmp(name, LOCAL_NAME) == 0)
		return take_local(work);
	if (strstr(name, "://") != NULL)
		return take_iss(work, name);
	for (size_t i = 0; i < config->trusted_issuer_count; i++)
		if (config->trusted_issuers[i].issuer != NULL &&
		    strcmp(config->trusted_issuers[i].name, name) == 0) {
			work->issuer = config->trusted_issuers[i].issuer;
			return EXIT_YES;
		}
	return no_issuer(work, name);
}

/* --- what is revoked --- */

/* The local issuer's revocation may be deleted after its last token has expired. The token lifetime
 * of other issuers is unknown, so theirs is stored for good. */
static int64_t
forgotten_at(const struct work *work, int64_t issued_s)
{
	return work->local ? issued_s + LOCAL_MAX_S + MARGIN_S : 0;
}

static int
by_claims(struct work *work, const struct token *token, struct revocation *revocation)
{
	struct arena *arena = &work->place->arena;
	struct span jti = json_text(json_object_get(token->claims, "jti"));
	const char *iss = arena_text(arena, token->issuer);
	struct date exp = { 0 };

	if (iss == NULL)
		return command_trouble("revoke: no memory");
	if (take_iss(work, iss) != EXIT_YES)
		return EXIT_NO;
	if (jti.len == 0)
		return no("the token has no jti: revoke its subject or its client");
	if (!date_read(json_object_get(token->claims, "exp"), &exp) || !exp.present)
		return no("the token has no exp, so no gate accepts it");
	revocation->kind = REVOKE_TOKEN;
	revocation->value = arena_text(arena, jti);
	revocation->until_s = exp.ceiling_s + MARGIN_S;
	return revocation->value != NULL ? EXIT_YES : command_trouble("revoke: no memory");
}

/* The token is not verified, and need not be: anyone who has it may revoke it. */
static int
by_token(struct work *work, struct revocation *revocation)
{
	struct token token = { 0 };
	struct err err;
	int code;

	if (!input_token("-", &work->text, &err))
		return command_trouble("revoke: %s", err.text);
	if (token_read(buffer_span(&work->text), &work->place->arena, &token) != REASON_OK) {
		(void)command_trouble("revoke: this is not a token: %s",
		    token.detail == NULL ? "it cannot be read" : token.detail);
		code = EXIT_NO;
	} else {
		code = by_claims(work, &token, revocation);
	}
	token_done(&token);
	return code;
}

/* Clients of the local issuer can be given by name. An unknown client is a typo, and the intended
 * tokens would stay valid; the tokens of a deleted client are invalid already. */
static int
by_client(struct work *work, const char *name, struct revocation *revocation)
{
	struct place *place = work->place;
	struct client *client = NULL;
	enum admin_result result;
	struct err err;

	revocation->kind = REVOKE_CLIENT;
	revocation->value = name;
	if (!work->local)
		return EXIT_YES;
	result =
	    admin_find(place->store, &(struct store_wanted){ name, &place->arena }, &client, &err);
	if (result == ADMIN_OK)
		revocation->value = client->id;
	return place_report(place, result, &err);
}

/* The subject of a local token is a client's id or a user's name. */
static int
by_subject(struct work *work, const char *subject, struct revocation *revocation)
{
	struct place *place = work->place;
	struct client *client = NULL;
	struct user *user = NULL;
	struct err err;

	revocation->kind = REVOKE_SUBJECT;
	revocation->value = subject;
	if (!work->local)
		return EXIT_YES;
	if (!store_find(
		place->store, &(struct store_wanted){ subject, &place->arena }, &client, &err))
		return place_report(place, ADMIN_TROUBLE, &err);
	if (client != NULL && strcmp(client->id, subject) == 0)
		return EXIT_YES;
	if (client != NULL) {
		(void)command_trouble("revoke: \"%.128s\" is the name of a client, and the subject "
				      "of its tokens is its id; give --client",
		    subject);
		return EXIT_NO;
	}
	return place_report(place,
	    account_find(
		place->store, &(struct store_wanted){ subject, &place->arena }, &user, &err),
	    &err);
}

static int
by_line(struct work *work, const struct line *line, struct revocation *revocation)
{
	int code = find_issuer(work, line->issuer);

	revocation->before_s = line->before_s != 0 && line->before_s != BEFORE_NOW
				   ? line->before_s - 1
				   : revocation->created_s;
	if (code != EXIT_YES)
		return code;
	revocation->until_s = forgotten_at(work, revocation->before_s);
	if (line->client != NULL)
		return by_client(work, line->client, revocation);
	if (line->subject != NULL)
		return by_subject(work, line->subject, revocation);
	if (line->jti != NULL) {
		revocation->kind = REVOKE_TOKEN;
		revocation->value = line->jti;
		revocation->before_s = 0;
		if (line->until_s != 0)
			revocation->until_s = line->until_s + MARGIN_S;
	} else {
		revocation->kind = REVOKE_ALL;
		revocation->value = "";
	}
	return EXIT_YES;
}

/* --- the command --- */

static int
revoke_tokens(struct work *work, const struct line *line)
{
	struct revocation revocation = { .created_s = clock_now_s() };
	struct err err;
	bool new;
	int code;

	revocation.by = arena_format(&work->place->arena, "uid:%lu", (unsigned long)getuid());
	code = line->token != NULL ? by_token(work, &revocation) : by_line(work, line, &revocation);
	if (code != EXIT_YES)
		return code;
	revocation.issuer = work->issuer;
	if (!store_revoke(work->place->store, &revocation, &new, &err))
		return command_trouble("revoke: %s", err.text);
	if (new) {
		/* A gate dates it by its own clock when it learns of it: only its line can say
		 * until when. */
		if (revocation_until_now(&revocation))
			revocation.before_s = revocation.until_s = 0;
		audit_log_revoked(&revocation);
	} else {
		(void)fprintf(stderr, "postern: revoke: %s\n",
		    revocation.kind == REVOKE_TOKEN ? "the token is already revoked"
						    : "these tokens are already revoked");
	}
	return EXIT_YES;
}

static int
run(struct place *place, const struct line *line)
{
	struct work work = { .place = place };
	int code;

	/* The list of revoked tokens is stored in the local issuer's database. */
	if (!place_find(place, &line->line, PLACE_DATABASE, &code) || !place_open(place, &code))
		return code;
	log_setup((enum log_format)place->config->log_format, LOG_INFO);
	buffer_init(&work.text, INPUT_MAX_TOKEN);
	code = revoke_tokens(&work, line);
	buffer_wipe(&work.text);
	return code;
}

static int
run_line(int argc, char **argv)
{
	struct line line = { .line.config = COMMAND_CONFIG };
	struct place place = { .command = "revoke" };
	const char *wrong;
	int code;

	if (options_read(&revoke_command, (struct arguments){ argc, argv }, &line.line, &code)) {
		wrong = wrong_line(&line);
		code = wrong == NULL ? run(&place, &line)
				     : options_wrong(&revoke_command, &line.line, "%s", wrong);
	}
	place_done(&place);
	options_done(&line.line);
	return code;
}

const struct command revoke_command = {
	.name = "revoke",
	.help = "revoke tokens that have been issued",
	.verbs = verbs,
	.options = options,
	.notes = notes,
	.run = run_line,
};
