/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/file.h"
#include "cli/command.h"
#include "cli/input.h"
#include "jwks/fetch.h"
#include "jwks/keyset.h"
#include "token/verify.h"

#define LIST_MOST 32

/* What was asked for on the command line. */
struct asked {
	const char *jwks, *issuer, *token;
	const char *audiences[LIST_MOST];
	size_t audience_count;
	algorithm_set algorithms;
	bool signature_only;
	int64_t now_s;
};

static bool
read_algorithm(struct asked *asked, const char *name)
{
	enum algorithm algorithm = algorithm_find(span_of(name));

	if (algorithm == ALGORITHM_COUNT)
		return false;
	asked->algorithms |= ALGORITHM_BIT(algorithm);
	return true;
}

/* One option. NULL when it was understood, else what is wrong. */
static const char *
read_option(struct options *options, struct asked *asked)
{
	bool missing = false;
	const char *value;

	if ((value = options_value(options, "--jwks", &missing)) != NULL)
		asked->jwks = value;
	else if ((value = options_value(options, "--issuer", &missing)) != NULL)
		asked->issuer = value;
	else if ((value = options_value(options, "--audience", &missing)) != NULL) {
		if (asked->audience_count == LIST_MOST)
			return "too many --audience";
		asked->audiences[asked->audience_count++] = value;
	} else if ((value = options_value(options, "--algorithm", &missing)) != NULL)
		return read_algorithm(asked, value) ? NULL
						    : "--algorithm is none of RS256 RS384 RS512 "
						      "PS256 PS384 PS512 ES256 ES384 ES512 EdDSA";
	else if ((value = options_value(options, "--at", &missing)) != NULL)
		return clock_parse(span_of(value), &asked->now_s)
			   ? NULL
			   : "--at is neither Unix seconds nor RFC 3339";
	else if (options_flag(options, "--signature-only"))
		asked->signature_only = true;
	else if (missing)
		return "an option lacks its value";
	else if (asked->token == NULL &&
		 (options->argv[options->at][0] != '-' || options->argv[options->at][1] == '\0'))
		asked->token = options->argv[options->at++];
	else
		return "usage: postern verify --jwks FILE|URL [--issuer I] [--audience A]... "
		       "[--algorithm ALG]... [--signature-only] [--at TIME] TOKEN|-";
	return NULL;
}

static bool
fetch_keys(const char *url, struct buffer *json, struct err *reterr)
{
	struct source source = { .name = "verify", .timeout_ms = 5000, .place = url };
	struct fetch_answer answer = { 0 };
	atomic_bool stop = false;
	bool done;

	if (!source_url_safe(span_of(url)))
		return err_set(reterr, "%s: must be https, or http on a loopback address", url);
	if (!fetch_setup(reterr))
		return false;
	done = fetch_get(&source, url, &stop, &answer, reterr);
	if (done)
		buffer_add(json, buffer_span(&answer.body));
	buffer_done(&answer.body);
	fetch_teardown();
	return done || err_within(reterr, "%s", url);
}

static bool
read_keys(const char *place, struct keyset **ret_keys, struct err *reterr)
{
	struct span text = span_of(place);
	struct buffer json;
	bool done;

	buffer_init(&json, KEYSET_MAX_BYTES);
	if (span_starts(text, SPAN("http://")) || span_starts(text, SPAN("https://")))
		done = fetch_keys(place, &json, reterr);
	else
		done = file_read(place, &json, reterr);
	if (done && !keyset_parse_lenient(buffer_span(&json), ret_keys, reterr))
		done = err_within(reterr, "%s", place);
	buffer_done(&json);
	return done;
}

/* A profile of what the command line asks: what it does not name is not checked. */
static enum reason
verify_claims(
    const struct asked *asked, const struct keyset *keys, struct arena *arena, struct token *token)
{
	struct profile profile = { .name = "verify", .any_audience = asked->audience_count == 0 };
	struct verify_facts facts = { &profile, keys, asked->now_s };
	static const char *types[] = { "at+jwt", "JWT" };
	static const char *subject[] = { "/sub" };
	struct claims claims;

	profile.issuer = asked->issuer != NULL ? asked->issuer : arena_text(arena, token->issuer);
	profile.audience =
	    (struct texts){ (const char **)asked->audiences, asked->audience_count, NULL };
	profile.algorithms = asked->algorithms;
	profile.types = (struct texts){ types, 2, NULL };
	profile.type_optional = true;
	profile.claims.subject = (struct texts){ subject, 1, NULL };
	if (profile.issuer == NULL)
		return REASON_OVERLOADED;
	return verify_token(&facts, token, arena, &claims);
}

static int
verify(const struct asked *asked, const struct keyset *keys, struct span text)
{
	struct token token = { 0 };
	struct arena arena;
	enum reason reason;

	arena_init(&arena, 4u << 20);
	reason = asked->signature_only ? token_read_signed(text, &arena, &token)
				       : token_read(text, &arena, &token);
	if (reason == REASON_OK)
		reason = asked->signature_only ? verify_signature(asked->algorithms, keys, &token)
					       : verify_claims(asked, keys, &arena, &token);
	if (reason != REASON_OK)
		(void)fprintf(stderr, "%s: %s\n", reason_word(reason),
		    token.detail == NULL ? reason_title(reason) : token.detail);
	else if (asked->signature_only)
		(void)puts("ok: the signature is right");
	else
		(void)printf("%.*s\n", SPAN_ARG(token.payload));
	token_done(&token);
	arena_done(&arena);
	return reason == REASON_OK ? EXIT_YES : EXIT_NO;
}

int
verify_command(int argc, char **argv)
{
	struct options options = { argc, argv, 0 };
	struct asked asked = { .now_s = clock_now_s() };
	struct keyset *keys = NULL;
	struct err err = { "" };
	struct buffer token;
	const char *wrong;
	int code = EXIT_TROUBLE;

	while (options.at < argc)
		if ((wrong = read_option(&options, &asked)) != NULL)
			return command_trouble("verify: %s", wrong);
	if (asked.jwks == NULL || asked.token == NULL)
		return command_trouble("verify: --jwks and a token (or \"-\") are needed");
	if (asked.algorithms == 0)
		asked.algorithms = ALGORITHM_ALL;
	buffer_init(&token, INPUT_MAX_TOKEN);
	if (read_keys(asked.jwks, &keys, &err) && input_token(asked.token, &token, &err))
		code = verify(&asked, keys, buffer_span(&token));
	else
		(void)command_trouble("verify: %s", err.text);
	buffer_wipe(&token);
	keyset_free(keys);
	return code;
}
