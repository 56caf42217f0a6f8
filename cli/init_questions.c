/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/init_questions.h"

#include <stdio.h>
#include <string.h>

#include "base/url.h"
#include "cli/init_fits.h"
#include "cli/init_next.h"
#include "cli/init_settle.h"
#include "jwks/discovery.h"
#include "proxy/config/address.h"
#include "token/issuer_lint.h"

#define LISTEN "127.0.0.1:8080"
#define ADMIN "127.0.0.1:9901"

/* --- the issuer, which depends on the other answers --- */

/* What `check` would warn of is refused: who begins has not yet a reason to insist. */
static bool
fits_issuer(const void *context, const char *answer, struct err *reterr)
{
	const struct init_questions *questions = context;
	const struct init_answers *answers = &questions->answers;
	const char *preset = answers->provider->preset, *lint = NULL;
	bool discovery = answers->jwks_uri == NULL && answers->jwks_file == NULL;
	struct url url;

	if (!init_fits_text(context, answer, reterr))
		return false;
	if (preset != NULL)
		lint = issuer_lint(preset, span_of(answer), questions->arena);
	if (lint != NULL)
		return err_set(reterr, "%s", lint);
	if (preset == NULL)
		return url_read(span_of(answer), URL_PATH, &url, reterr);
	return !discovery || url_read(span_of(answer), URL_PATH | URL_SAFE, &url, reterr);
}

/* For somebody at the terminal a whole issuer will do as well. */
static bool
fits_domain_or_issuer(const void *context, const char *answer, struct err *reterr)
{
	return strstr(answer, "://") != NULL ? fits_issuer(context, answer, reterr)
					     : init_fits_domain(context, answer, reterr);
}

/* --- the listener, which must not be in the API's place --- */

/* The address of an upstream on this machine, which only there is safe by plain http. False: it is
 * elsewhere. */
static bool
upstream_address(const char *upstream, struct address *ret_address)
{
	char text[URL_HOST + 16];
	struct err ignored;
	struct url url;

	if (upstream == NULL || !url_read(span_of(upstream), URL_PATH | URL_SAFE, &url, &ignored) ||
	    url.scheme != URL_HTTP)
		return false;
	(void)snprintf(text, sizeof(text), strchr(url.host, ':') == NULL ? "%s:%u" : "[%s]:%u",
	    strcmp(url.host, "localhost") == 0 ? "127.0.0.1" : url.host, (unsigned)url.port);
	return address_read(text, ret_address, &ignored);
}

static bool
fits_listen(const void *context, const char *answer, struct err *reterr)
{
	const struct init_questions *questions = context;
	struct address own, api;

	if (!init_fits_address(context, answer, reterr))
		return false;
	if (!upstream_address(questions->answers.upstream, &api) ||
	    !address_read(answer, &own, reterr) || !address_clash(&own, &api))
		return true;
	return err_set(reterr, "must not be your API's address: the gate needs one of its own, and "
			       "callers use that");
}

/* --- the table --- */

static const struct init_settle_question part_questions[INIT_PARTS] = {
	[INIT_DOMAIN] = { "--domain", "Its domain", NULL, init_fits_domain, false },
	[INIT_TENANT] = { "--tenant", "The id of your tenant", NULL, init_fits_tenant, false },
	[INIT_REALM] = { "--realm", "The name of the realm", NULL, init_fits_segment, false },
	[INIT_POOL] = { "--pool", "The id of the user pool", NULL, init_fits_pool, false },
	[INIT_CLIENT] = { "--client", "The client id of the app that may call", NULL,
	    init_fits_text, false },
	[INIT_EMAIL] = { "--email", "The email of the account that may call", NULL, init_fits_text,
	    false },
	[INIT_REPOSITORY] = { "--repository", "The repository that may call, OWNER/NAME", NULL,
	    init_fits_project, false },
	[INIT_PROJECT] = { "--project", "The project that may call, GROUP/NAME", NULL,
	    init_fits_project, false },
};

static const struct init_settle_question upstream_question = { "--upstream",
	"Your API, such as http://127.0.0.1:9000", NULL, init_fits_upstream, false };
static const struct init_settle_question listen_question = { "--listen", "Where the gate listens",
	LISTEN, fits_listen, false };
static const struct init_settle_question admin_question = { "--admin", NULL, ADMIN,
	init_fits_address, false };
static const struct init_settle_question keys_question = { "--jwks-uri", NULL, NULL,
	init_fits_key_url, false };

static const char *
fill(struct init_questions *questions, const char *template)
{
	struct buffer text;
	const char *filled;

	buffer_init(&text, DISCOVERY_URL_ROOM);
	init_provider_fill(template, questions->answers.parts, &text);
	filled = text.failed ? NULL : arena_text(questions->arena, buffer_span(&text));
	buffer_done(&text);
	if (filled == NULL)
		init_settle_wrong(questions, "that is too long");
	return filled;
}

/* --- the issuer --- */

static const char *
format_text(struct init_questions *questions, const char *text, const char *example)
{
	const char *made = arena_format(questions->arena, "%s, such as %s", text, example);

	return made == NULL ? text : made;
}

static void
ask_issuer(struct init_questions *questions, const char *otherwise)
{
	const struct init_provider *provider = questions->answers.provider;
	const struct init_settle_question question = { "--issuer",
		otherwise != NULL ? "Issuer" : format_text(questions, "Issuer", provider->example),
		otherwise, fits_issuer, false };

	init_settle(questions, &question, &questions->answers.issuer);
}

/* A domain, in whose place somebody may give the whole issuer. */
static void
ask_domain(struct init_questions *questions, struct init_settle_question question)
{
	struct init_answers *answers = &questions->answers;

	if (answers->parts[INIT_DOMAIN] == NULL && questions->asking) {
		question.text = format_text(
		    questions, "Its domain, or the whole issuer", answers->provider->example);
		question.fits = fits_domain_or_issuer;
	}
	init_settle(questions, &question, &answers->parts[INIT_DOMAIN]);
	if (question.fits != fits_domain_or_issuer || answers->parts[INIT_DOMAIN] == NULL ||
	    strstr(answers->parts[INIT_DOMAIN], "://") == NULL)
		return;
	answers->issuer = answers->parts[INIT_DOMAIN];
	answers->parts[INIT_DOMAIN] = NULL;
}

static void
make_issuer(struct init_questions *questions)
{
	struct init_answers *answers = &questions->answers;
	const char *template = answers->provider->issuer;
	size_t before = questions->wrong;
	struct err err = { "" };

	for (int part = 0; part < INIT_PARTS && answers->issuer == NULL; part++) {
		struct init_settle_question question = part_questions[part];

		question.or_issuer = true;
		if (!init_provider_needs(template, (enum init_part)part))
			continue;
		if (part == INIT_DOMAIN)
			ask_domain(questions, question);
		else
			init_settle(questions, &question, &answers->parts[part]);
	}
	if (answers->issuer != NULL || questions->wrong > before || questions->ended)
		return;
	answers->issuer = fill(questions, template);
	if (answers->issuer != NULL && !fits_issuer(questions, answers->issuer, &err))
		init_settle_wrong(questions, "issuer %s: %s", answers->issuer, err.text);
}

static void
settle_issuer(struct init_questions *questions)
{
	struct init_answers *answers = &questions->answers;
	const struct init_provider *provider = answers->provider;

	if (answers->issuer != NULL || provider->issuer == NULL)
		ask_issuer(questions, NULL);
	else if (provider->elsewhere)
		ask_issuer(questions, provider->issuer);
	else
		make_issuer(questions);
}

/* The URL by which this machine reaches it: who needs another one gives the option. */
static void
settle_local_issuer(struct init_questions *questions)
{
	struct init_settle_question question = { "--issuer", NULL, NULL, fits_issuer, false };
	struct buffer url;

	buffer_init(&url, DISCOVERY_URL_ROOM);
	init_next_url(questions->answers.listen, &url);
	question.otherwise = arena_text(questions->arena, buffer_span(&url));
	buffer_done(&url);
	init_settle(questions, &question, &questions->answers.issuer);
}

/* --- the rest --- */

/* Parts of which a condition or the keys' place is made. */
static void
settle_parts(struct init_questions *questions)
{
	struct init_answers *answers = &questions->answers;
	const struct init_provider *provider = answers->provider;
	const char *keys =
	    answers->jwks_uri == NULL && answers->jwks_file == NULL ? provider->jwks_uri : NULL;
	size_t before = questions->wrong;

	for (int part = 0; part < INIT_PARTS; part++)
		if (init_provider_needs(provider->require, (enum init_part)part) ||
		    init_provider_needs(keys, (enum init_part)part))
			init_settle(questions, &part_questions[part], &answers->parts[part]);
	if (keys != NULL && questions->wrong == before && !questions->ended)
		answers->jwks_uri = fill(questions, keys);
}

/* The keys' place, where an option must give it or gave it. */
static void
settle_keys(struct init_questions *questions)
{
	static const struct init_settle_question file = { "--jwks-file",
		"File of the cluster's keys (kubectl get --raw /openid/v1/jwks)", NULL,
		init_fits_text, false };
	struct init_answers *answers = &questions->answers;
	const struct init_provider *provider = answers->provider;
	bool needed = provider->private_keys && answers->issuer != NULL &&
		      strcmp(answers->issuer, provider->issuer) == 0;

	if (answers->jwks_uri != NULL)
		init_settle(questions, &keys_question, &answers->jwks_uri);
	else if (answers->jwks_file != NULL || needed)
		init_settle(questions, &file, &answers->jwks_file);
}

static void
settle_audience(struct init_questions *questions)
{
	struct init_answers *answers = &questions->answers;
	const struct init_provider *provider = answers->provider;
	bool local = provider->preset == NULL;
	struct init_settle_question question = { "--audience", NULL,
		local ? provider->audience : NULL, init_fits_text, false };
	const char *value = NULL;

	for (size_t i = 0; i < answers->audiences.count; i++)
		init_settle(questions, &question, &answers->audiences.at[i]);
	if (answers->audiences.count > 0 || provider->audience == NULL)
		return;
	if (!local)
		question.text = format_text(
		    questions, "Audience, the \"aud\" of its tokens", provider->audience);
	init_settle(questions, &question, &value);
	answers->audiences.at = arena_array(questions->arena, 1, sizeof(value));
	if (answers->audiences.at == NULL) {
		init_settle_wrong(questions, ERR_MEMORY);
		return;
	}
	answers->audiences.at[0] = value;
	answers->audiences.count = value != NULL;
}

static void
settle_addresses(struct init_questions *questions)
{
	struct init_answers *answers = &questions->answers;
	struct address a, b;
	struct err ignored;

	init_settle(questions, &upstream_question, &answers->upstream);
	init_settle(questions, &listen_question, &answers->listen);
	init_settle(questions, &admin_question, &answers->admin);
	if (answers->listen != NULL && answers->admin != NULL &&
	    address_read(answers->listen, &a, &ignored) &&
	    address_read(answers->admin, &b, &ignored) && address_clash(&a, &b))
		init_settle_wrong(questions, "--listen and --admin must be different: %s, %s",
		    answers->listen, answers->admin);
}

/* --- what does not go together --- */

static void
check_unused(struct init_questions *questions)
{
	const struct init_answers *answers = &questions->answers;
	const struct init_provider *provider = answers->provider;

	for (int part = 0; part < INIT_PARTS; part++) {
		enum init_part one = (enum init_part)part;
		bool condition = init_provider_needs(provider->require, one) ||
				 init_provider_needs(provider->jwks_uri, one);

		if (answers->parts[part] == NULL || condition)
			continue;
		if (!init_provider_needs(provider->issuer, one))
			init_settle_wrong(questions, "%s is no part of %s",
			    part_questions[part].option, provider->name);
		else if (answers->issuer != NULL)
			init_settle_wrong(questions, "--issuer and %s exclude each other",
			    part_questions[part].option);
	}
	if (answers->jwks_uri != NULL && answers->jwks_file != NULL)
		init_settle_wrong(questions, "--jwks-uri and --jwks-file exclude each other");
	if (provider->preset != NULL)
		return;
	if (answers->jwks_uri != NULL || answers->jwks_file != NULL || answers->ca_file != NULL)
		init_settle_wrong(questions,
		    "the local issuer has its own keys: --jwks-uri, --jwks-file and "
		    "--ca-file are for other providers");
	if (answers->audiences.count > 1)
		init_settle_wrong(questions, "--audience: the local issuer has one");
}

/* Nobody should answer questions only to be told of an option at the end. */
static void
check_given(struct init_questions *questions)
{
	struct init_answers *answers = &questions->answers;
	const struct {
		const struct init_settle_question *question;
		const char **value;
	} given[] = {
		{ &upstream_question, &answers->upstream },
		{ &listen_question, &answers->listen },
		{ &admin_question, &answers->admin },
		{ &keys_question, &answers->jwks_uri },
	};

	for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++)
		if (*given[i].value != NULL)
			init_settle(questions, given[i].question, given[i].value);
	for (int part = 0; part < INIT_PARTS; part++)
		if (answers->parts[part] != NULL)
			init_settle(questions, &part_questions[part], &answers->parts[part]);
}

static void
print_providers(void)
{
	(void)fputs("Who issues the tokens of your callers?\n"
		    "  okta, entra, keycloak, auth0, cognito, google, ping, oci, gitlab, github,\n"
		    "  kubernetes   the identity provider of that name\n"
		    "  other        another one with OpenID Connect discovery or a JWKS\n"
		    "  local        the gate itself\n",
	    stderr);
}

static void
settle_provider(struct init_questions *questions)
{
	static const struct init_settle_question question = { "--provider", "Provider", NULL,
		init_fits_provider, false };
	size_t before = questions->wrong;

	if (questions->asking && questions->provider == NULL)
		print_providers();
	init_settle(questions, &question, &questions->provider);
	if (questions->provider != NULL && questions->wrong == before)
		questions->answers.provider = init_provider_find(span_of(questions->provider));
}

bool
init_questions_answer(struct init_questions *questions)
{
	static const struct init_settle_question folder = { "DIR", "Directory for the files", ".",
		init_fits_folder, false };
	const struct init_provider *provider;

	check_given(questions);
	if (questions->wrong == 0)
		init_settle(questions, &folder, &questions->folder);
	if (questions->wrong == 0)
		settle_provider(questions);
	provider = questions->answers.provider;
	if (provider == NULL)
		return false;
	check_unused(questions);
	if (questions->wrong > 0)
		return false;
	if (provider->preset != NULL) {
		settle_issuer(questions);
		settle_keys(questions);
		settle_parts(questions);
	}
	settle_audience(questions);
	settle_addresses(questions);
	if (provider->preset == NULL && questions->wrong == 0)
		settle_local_issuer(questions);
	return questions->wrong == 0;
}

static bool
fits_issuer_or_offline(const void *context, const char *answer, struct err *reterr)
{
	return strcmp(answer, INIT_QUESTIONS_OFFLINE) == 0 || fits_issuer(context, answer, reterr);
}

bool
init_questions_issuer(struct init_questions *questions, const char **ret_answer)
{
	static const struct init_settle_question question = { "--issuer",
		"The issuer once more, or the word " INIT_QUESTIONS_OFFLINE " to go on without",
		NULL, fits_issuer_or_offline, false };

	*ret_answer = NULL;
	init_settle(questions, &question, ret_answer);
	return questions->wrong == 0;
}
