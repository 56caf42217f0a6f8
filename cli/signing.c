/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/nearest.h"
#include "cli/command.h"
#include "cli/place.h"
#include "issuer/keys/signing.h"
#include "issuer/keys/signing_set.h"
#include "proxy/config/config_part.h"

/* The defaults, used if the configuration does not set them. */
#define PUBLISH_AHEAD_S 3600
#define TOKEN_LIFETIME_S 3600

struct keys_asked {
	struct command_line line;
	int output; /* index into output_words */
	bool json, now;
};

/* --- list --- */

static void
time_text(int64_t when_s, char out[32])
{
	time_t when = (time_t)when_s;
	struct tm parts;

	(void)snprintf(out, 32, "-");
	if (when_s != INT64_MAX && gmtime_r(&when, &parts) != NULL)
		(void)strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

static const char *
state_of(const struct signing_set *set, size_t index, int64_t now_s)
{
	if (index == set->current)
		return "signs";
	return set->times[index].able && set->times[index].signs_s > now_s ? "waits" : "verifies";
}

static void
print_key(const struct signing *signing, const struct signing_set *set, size_t index, bool json)
{
	const struct signing_key *key = set->keys[index];
	char created[32], signs[32], ends[32];

	time_text(set->times[index].created_s, created);
	time_text(set->times[index].signs_s, signs);
	time_text(signing_end_s(signing, set, index), ends);
	(void)printf(json ? "%s{\"kid\":\"%s\",\"alg\":\"%s\",\"state\":\"%s\",\"created\":\"%s\","
			    "\"signs_from\":\"%s\",\"ends\":\"%s\"}"
			  : "%s%-43s  %-5s  %-8s  %-20s  %-20s  %s",
	    json && index > 0 ? ",\n " : "", signing_key_kid(key),
	    signing_algorithms[signing_key_algorithm(key)], state_of(set, index, clock_now_s()),
	    created, signs, ends);
}

/* signing  NULL: there is no key. */
static int
list(struct signing *signing, const struct keys_asked *asked, struct err *err)
{
	struct signing_set *set = signing == NULL ? NULL : signing_now(signing);

	(void)err;
	(void)printf(asked->json ? "[" : "%-43s  %-5s  %-8s  %-20s  %-20s  %s\n", "KID", "ALG",
	    "STATE", "CREATED", "SIGNS FROM", "ENDS");
	for (size_t i = 0; set != NULL && i < set->count; i++) {
		print_key(signing, set, i, asked->json);
		if (!asked->json)
			(void)putchar('\n');
	}
	signing_set_free(set);
	if (asked->json)
		(void)puts("]");
	return EXIT_YES;
}

/* --- rotate, retire --- */

/* No role is checked: write access to the key files is the permission. The log records the
 * change. */
static void
record(const char *what, const char *kid)
{
	struct log_line line;

	log_begin(&line, "audit");
	log_text(&line, "action", span_of(what));
	log_text(&line, "kid", span_of(kid));
	log_number(&line, "uid", (int64_t)getuid());
	log_end(&line, LOG_INFO);
}

static int
rotate(struct signing *signing, const struct keys_asked *asked, struct err *err)
{
	char *kid = NULL;
	int64_t now_s = clock_now_s();

	if (!(asked->now ? signing_rotate_at_once(signing, now_s, &kid, err)
			 : signing_rotate(signing, now_s, &kid, err)))
		return command_trouble_at("keys", err);
	record("signing_key_rotate", kid);
	(void)puts(kid);
	free(kid);
	return EXIT_YES;
}

/* Exit code 1 means "no such key" and must not be used for other errors, so look up the key
 * first. */
static bool
key_known(struct signing *signing, const char *kid)
{
	struct nearest nearest = nearest_to(span_of(kid));
	struct signing_set *set = signing_now(signing);
	char hint[NEAREST_HINT];
	bool known = false;

	for (size_t i = 0; i < set->count; i++) {
		known = known || strcmp(signing_key_kid(set->keys[i]), kid) == 0;
		nearest_offer(&nearest, signing_key_kid(set->keys[i]));
	}
	if (!known)
		(void)command_trouble(
		    "keys: there is no key \"%.64s\"%s", kid, nearest_hint(&nearest, hint));
	signing_set_free(set);
	return known;
}

static int
retire(struct signing *signing, const struct keys_asked *asked, struct err *err)
{
	if (!key_known(signing, asked->line.words[0]))
		return EXIT_NO;
	if (!signing_retire(signing, asked->line.words[0], clock_now_s(), err))
		return command_trouble_at("keys", err);
	record("signing_key_retire", asked->line.words[0]);
	return EXIT_YES;
}

/* --- where they are --- */

/* The algorithm of the newest key. If the configuration does not set one, keep it: a rotation in an
 * emergency must not change the algorithm. */
static bool
algorithm_there(const char *state, enum signing_algorithm *ret_algorithm, struct err *reterr)
{
	struct signing_set *set = NULL;
	char *directory = NULL;
	int64_t youngest_s = -1;
	bool done;

	if (asprintf(&directory, "%s/signing", state) < 0)
		return err_set(reterr, "no memory");
	done = signing_set_read(directory, false, &set, reterr);
	for (size_t i = 0; done && i < set->count; i++)
		if (set->times[i].created_s > youngest_s) {
			youngest_s = set->times[i].created_s;
			*ret_algorithm = signing_key_algorithm(set->keys[i]);
		}
	if (done && youngest_s < 0)
		done = err_set(reterr, "%s: there is no key", directory);
	signing_set_free(set);
	free(directory);
	return done;
}

static bool
says_signing(const struct config *config)
{
	return config_part_section(config, "local_issuer") &&
	       config_part_sound(config, "local_issuer", "signing");
}

static bool
make_setup(const struct place *place, struct signing_setup *setup, struct err *reterr)
{
	const struct local_signing *local = &place->config->local.signing;

	setup->state_dir = place->state;
	if (says_signing(place->config)) {
		setup->key_file = local->key_file;
		setup->algorithm = (enum signing_algorithm)local->algorithm;
		setup->rotate_after_s = local->rotate_after_s;
		setup->publish_ahead_s = local->publish_ahead_s;
		return (place->sound && !place->given) ||
		       algorithm_there(place->state, &(enum signing_algorithm){ 0 }, reterr);
	}
	setup->publish_ahead_s = PUBLISH_AHEAD_S;
	return algorithm_there(place->state, &setup->algorithm, reterr);
}

/* Where no key is yet, opening makes the first. A key without a database is how a lost database is
 * recognized, so make that first, as a gate does when it starts. */
static bool
make_database(struct place *place, int *ret_code)
{
	enum signing_algorithm algorithm;
	struct err ignored;

	return !place->sound || place->given ||
	       algorithm_there(place->state, &algorithm, &ignored) || place_open(place, ret_code);
}

static int
run(struct place *place, const struct keys_asked *asked,
    int (*command)(struct signing *, const struct keys_asked *, struct err *))
{
	int64_t lifetime_s = place->config->local.token_lifetime_s;
	struct signing_setup setup = { .state_dir = NULL };
	struct signing *signing = NULL;
	struct err err = { "" };
	int code;

	if (command == list && place_unused(place))
		return list(NULL, asked, &err);
	if (!make_database(place, &code))
		return code;
	if (!make_setup(place, &setup, &err) || !signing_open(&setup, &signing, &err))
		return command_trouble_at("keys", &err);
	/* The gate knows the clients' lifetimes, and each key remembers the longest. */
	signing_keep(signing, lifetime_s > 0 ? lifetime_s : TOKEN_LIFETIME_S);
	code = command(signing, asked, &err);
	signing_close(signing);
	return code;
}

enum verb { LIST, ROTATE, RETIRE };

static const struct command_verb verbs[] = {
	[LIST] = { "list", "", "list the keys" },
	[ROTATE] = { "rotate", "",
	    "create a new key, which signs after it has been published for a while" },
	[RETIRE] = { "retire", "KID", "remove a key: its tokens are refused from now on" },
	{ NULL, NULL, NULL },
};

static const char *const output_words[] = { "table", "json", NULL };

static const struct command_option options[] = {
	OPTION_ROW_CONFIG,
	OPTION_ROW_DATABASE,
	OPTION_ROW_STATE,
	{ .name = "--output",
	    .argument = "table|json",
	    .kind = OPTION_WORD,
	    .offset = offsetof(struct keys_asked, output),
	    .words = output_words,
	    .verbs = 1u << LIST,
	    .help = "how to print (default: table)" },
	{ .name = "--json",
	    .kind = OPTION_FLAG,
	    .offset = offsetof(struct keys_asked, json),
	    .verbs = 1u << LIST,
	    .help = "the same as --output json" },
	{ .name = "--now",
	    .kind = OPTION_FLAG,
	    .offset = offsetof(struct keys_asked, now),
	    .verbs = 1u << ROTATE,
	    .help = "sign with the new key at once" },
	{ .name = NULL },
};

static int (*const runs[])(struct signing *, const struct keys_asked *, struct err *) = {
	[LIST] = list,
	[ROTATE] = rotate,
	[RETIRE] = retire,
};

static int
run_line(int argc, char **argv)
{
	struct keys_asked asked = { .line.config = COMMAND_CONFIG };
	struct place place = { .command = "keys" };
	int code;

	if (options_read(&keys_command, (struct arguments){ argc, argv }, &asked.line, &code)) {
		asked.json = asked.json || asked.output == 1;
		if (place_find(&place, &asked.line, PLACE_STATE, &code))
			code = run(&place, &asked, runs[asked.line.verb]);
		place_done(&place);
	}
	options_done(&asked.line);
	return code;
}

const struct command keys_command = {
	.name = "keys",
	.help = "manage the local issuer's signing keys",
	.verbs = verbs,
	.options = options,
	.run = run_line,
};
