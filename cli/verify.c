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

/* What was asked for on the command line. */
struct asked {
	struct command_line line;
	const char *jwks, *issuer;
	struct texts audiences;
	algorithm_set algorithms;
	bool signature_only;
	int64_t now_s;
};

static const char *
read_algorithm(const char *name, void *field)
{
	enum algorithm algorithm = algorithm_find(span_of(name));

	if (algorithm == ALGORITHM_COUNT)
		return "one of RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA; HS* "
		       "and none are never accepted";
	*(algorithm_set *)field |= ALGORITHM_BIT(algorithm);
	return NULL;
}

static const struct command_option options[] = {
	{ .name = "--jwks",
	    .argument = "FILE|URL",
	    .offset = offsetof(struct asked, jwks),
	    .help = "the keys: a JWK Set, or one JWK" },
	{ .name = "--issuer",
	    .argument = "ISS",
	    .offset = offsetof(struct asked, issuer),
	    .help = "the required iss" },
	{ .name = "--audience",
	    .argument = "AUD",
	    .kind = OPTION_TEXTS,
	    .offset = offsetof(struct asked, audiences),
	    .help = "an accepted aud" },
	{ .name = "--algorithm",
	    .argument = "ALG",
	    .kind = OPTION_READ,
	    .repeated = true,
	    .read = read_algorithm,
	    .nearest = algorithm_nearest,
	    .offset = offsetof(struct asked, algorithms),
	    .help = "an accepted alg (default: whatever the key allows)" },
	{ .name = "--signature-only",
	    .kind = OPTION_FLAG,
	    .offset = offsetof(struct asked, signature_only),
	    .help = "check the signature only, not the payload" },
	{ .name = "--at",
	    .argument = "TIME",
	    .kind = OPTION_READ,
	    .read = input_time,
	    .offset = offsetof(struct asked, now_s),
	    .help = "as of this time: Unix seconds or RFC 3339 (default: now)" },
	{ .name = NULL },
};

static const struct command_verb verbs[] = {
	{ "", "TOKEN|-", "verify one token (- reads it from standard input)" },
	{ NULL, NULL, NULL },
};

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
	done = fetch_get(&(struct fetch_request){ &source, url, &stop }, &answer, reterr);
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

/* A trusted issuer made from the command line: what no option names is not checked. */
static enum reason
verify_claims(
    const struct asked *asked, const struct keyset *keys, struct arena *arena, struct token *token)
{
	struct trusted_issuer trusted_issuer = { .name = "verify",
		.any_audience = asked->audiences.count == 0 };
	struct verify_inputs inputs = {
		.trusted_issuer = &trusted_issuer, .keys = keys, .now_s = asked->now_s
	};
	static const char *types[] = { "at+jwt", "JWT" };
	static const char *subject[] = { "/sub" };
	struct claims claims;

	trusted_issuer.issuer =
	    asked->issuer != NULL ? asked->issuer : arena_text(arena, token->issuer);
	trusted_issuer.audience = asked->audiences;
	trusted_issuer.algorithms = asked->algorithms;
	trusted_issuer.types = (struct texts){ types, 2, NULL };
	trusted_issuer.type_optional = true;
	trusted_issuer.claims.subject = (struct texts){ subject, 1, NULL };
	if (trusted_issuer.issuer == NULL)
		return REASON_OVERLOADED;
	return verify_token(&inputs, token, arena, &claims);
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

static int
answer(struct asked *asked)
{
	struct keyset *keys = NULL;
	struct err err = { "" };
	struct buffer token;
	int code = EXIT_TROUBLE;

	if (asked->jwks == NULL)
		return options_wrong(&verify_command, &asked->line, "--jwks FILE|URL is missing");
	if (asked->algorithms == 0)
		asked->algorithms = ALGORITHM_ALL;
	buffer_init(&token, INPUT_MAX_TOKEN);
	if (read_keys(asked->jwks, &keys, &err) && input_token(asked->line.words[0], &token, &err))
		code = verify(asked, keys, buffer_span(&token));
	else
		code = command_trouble_at("verify", &err);
	buffer_wipe(&token);
	keyset_free(keys);
	return code;
}

static int
run_line(int argc, char **argv)
{
	struct asked asked = { .now_s = clock_now_s() };
	int code;

	if (options_read(&verify_command, (struct arguments){ argc, argv }, &asked.line, &code))
		code = answer(&asked);
	options_done(&asked.line);
	return code;
}

const struct command verify_command = {
	.name = "verify",
	.help = "verify one token",
	.verbs = verbs,
	.options = options,
	.run = run_line,
};
