/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/hide.h"
#include "base/log.h"
#include "base/nearest.h"
#include "cli/command.h"
#include "cli/keys.h"
#include "jwks/fetch.h"
#include "proxy/gate/snapshot.h"
#include "token/issuer_match.h"

static const char *const kinds[] = {
	[SOURCE_FILE] = "file",
	[SOURCE_URL] = "url",
	[SOURCE_DISCOVERY] = "discovery",
	[SOURCE_GIVEN] = "local issuer",
};

/* A URL may hold a secret. */
static void
print_place(const char *place)
{
	struct buffer shown;

	if (place == NULL)
		return;
	buffer_init(&shown, 8192);
	hide_message(span_of(place), &shown);
	(void)printf(" %.*s", SPAN_ARG(buffer_span(&shown)));
	buffer_wipe(&shown);
}

static void
print_state(const struct services *services, size_t index, int64_t mono_s)
{
	const struct source *source = &services->config->trusted_issuers[index].source;
	struct keyring_state state;

	keyring_state(services->ring, index, &state);
	(void)printf("issuer %s: %s", state.name, kinds[source->kind]);
	print_place(source->place);
	if (state.schedule.good_s > 0)
		(void)printf(", age %" PRId64 " s", mono_s - state.schedule.good_s);
	if (source->kind != SOURCE_GIVEN)
		(void)printf(", next refresh in %" PRId64 " s",
		    refresh_schedule_wait_s(&state.schedule, mono_s));
	(void)puts("");
	if (state.last_error[0] != '\0')
		(void)printf(
		    "  failed: %s: %s\n", failure_word(state.last_failure), state.last_error);
}

static void
print_key(const struct key *key)
{
	static const char *const types[] = { "RSA", "EC", "OKP" };
	enum algorithm algorithm = key_algorithm(key);
	struct span kid = key_kid(key);

	(void)printf("  key %.*s: kty %s, alg %s, use sig, %d bits\n", (int)kid.len,
	    kid.at == NULL ? "" : kid.at, types[key_kind(key)],
	    algorithm == ALGORITHM_COUNT ? "any of its type" : algorithm_name(algorithm),
	    key_bits(key));
}

/* False when there is no key that may be used. */
static bool
print_issuer(const struct snapshot *snapshot, size_t index)
{
	int64_t mono_s = clock_mono_s();
	const struct keyset *set = snapshot_keys(snapshot, index, mono_s);
	bool usable = set != NULL;

	print_state(snapshot->services, index, mono_s);
	for (size_t i = 0; usable && i < keyset_count(set); i++)
		print_key(keyset_at(set, i));
	for (size_t i = 0; usable && i < keyset_skipped(set); i++)
		(void)printf(
		    "  skipped %s: %s\n", keyset_skip(set, i)->kid, keyset_skip(set, i)->why.text);
	if (!usable)
		(void)puts("  no usable keys");
	return usable;
}

static int
no_issuer(const struct config *config, const char *name)
{
	struct nearest nearest = issuer_match_nearest(
	    config->trusted_issuers, config->trusted_issuer_count, span_of(name));
	char hint[NEAREST_HINT];

	(void)command_trouble("jwks: the configuration names no issuer \"%.64s\"%s", name,
	    nearest_hint(&nearest, hint));
	return EXIT_NO;
}

static int
print_all(const struct snapshot *snapshot, const char *issuer)
{
	int code = EXIT_YES;
	bool found = issuer == NULL;

	for (size_t i = 0; i < snapshot->config->trusted_issuer_count; i++) {
		const char *name = snapshot->config->trusted_issuers[i].source.name;

		if (issuer != NULL && strcmp(issuer, name) != 0)
			continue;
		found = true;
		if (!print_issuer(snapshot, i))
			code = EXIT_NO;
	}
	return found ? code : no_issuer(snapshot->config, issuer);
}

static int
answer(struct config *config, const char *issuer)
{
	struct services_setup setup = { .config = config };
	struct services *services = NULL;
	struct snapshot *snapshot = NULL;
	struct err err = { "" };
	int code;

	log_setup(LOG_TEXT, LOG_ERROR);
	if (!fetch_setup(&err)) {
		config_free(config);
		return command_trouble("%s", err.text);
	}
	if (services_start(&setup, &services, &err)) {
		keys_await(services);
		snapshot = snapshot_new(services);
		if (snapshot == NULL)
			(void)err_set(&err, "out of memory");
	}
	code = snapshot != NULL ? print_all(snapshot, issuer) : command_trouble_at("", &err);
	snapshot_free(snapshot);
	services_end(services);
	fetch_teardown();
	return code;
}

static const struct command_option options[] = {
	OPTION_ROW_CONFIG,
	{ .name = NULL },
};

static const struct command_verb verbs[] = {
	{ "", "[ISSUER]", "show the keys the gate would trust now, and why others are skipped" },
	{ NULL, NULL, NULL },
};

static int
run_line(int argc, char **argv)
{
	struct command_line line = { .config = COMMAND_CONFIG };
	struct config *config = NULL;
	int code;

	if (options_read(&jwks_command, (struct arguments){ argc, argv }, &line, &code) &&
	    command_config(line.config, &config, &code))
		code = answer(config, line.word_count == 0 ? NULL : line.words[0]);
	options_done(&line);
	return code;
}

const struct command jwks_command = {
	.name = "jwks",
	.help = "show the keys the gate would trust now, and why others are skipped",
	.verbs = verbs,
	.options = options,
	.run = run_line,
};
