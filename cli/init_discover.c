/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/init_discover.h"

#include <stdatomic.h>
#include <stdio.h>

#include "jwks/fetch.h"
#include "jwks/keyset.h"
#include "token/provider.h"

#define TIMEOUT_MS 5000

/* Nobody stops it but the terminal, which ends the command. */
static const atomic_bool never = false;

static bool
get(const struct init_answers *answers, const char *url, struct fetch_answer *answer,
    struct err *reterr)
{
	const struct source source = { .name = answers->provider->entry,
		.issuer = answers->issuer,
		.place = url,
		.timeout_ms = TIMEOUT_MS,
		.ca_file = answers->ca_file };
	const struct fetch_request request = { &source, url, &never };

	return fetch_get(&request, answer, reterr) || err_within(reterr, "%s", url);
}

static bool
find_place(const struct init_answers *answers, struct init_found *found, struct err *reterr)
{
	struct fetch_answer answer;
	bool done;

	if (answers->jwks_uri != NULL) {
		int len = snprintf(found->jwks_uri, DISCOVERY_URL_ROOM, "%s", answers->jwks_uri);

		return (len > 0 && len < DISCOVERY_URL_ROOM) ||
		       err_set(reterr, "jwks_uri is too long");
	}
	if (!discovery_url(answers->issuer, found->document))
		return err_set(reterr, "the issuer's URL is too long");
	done = get(answers, found->document, &answer, reterr) &&
	       discovery_read(buffer_span(&answer.body), answers->issuer, found->jwks_uri, reterr);
	buffer_done(&answer.body);
	return done;
}

static bool
look_at_keys(const struct init_answers *answers, const struct keyset *set, struct init_found *found,
    struct err *reterr)
{
	algorithm_set accepted = provider_algorithms(provider_find(answers->provider->preset));

	found->keys = keyset_count(set);
	found->skipped = keyset_skipped(set);
	found->algorithms = 0;
	for (size_t i = 0; i < found->keys; i++)
		for (int algorithm = 0; algorithm < ALGORITHM_COUNT; algorithm++)
			if ((accepted & ALGORITHM_BIT(algorithm)) != 0 &&
			    key_fits(keyset_at(set, i), (enum algorithm)algorithm))
				found->algorithms |= ALGORITHM_BIT(algorithm);
	return found->algorithms != 0 ||
	       err_set(reterr, "%s: none of its keys is of an algorithm that %s signs with",
		   found->jwks_uri, answers->provider->preset);
}

static bool
discover(const struct init_answers *answers, struct init_found *found, struct err *reterr)
{
	struct fetch_answer answer;
	struct keyset *set = NULL;
	bool done = false;

	if (!find_place(answers, found, reterr))
		return false;
	if (get(answers, found->jwks_uri, &answer, reterr))
		done = keyset_parse(buffer_span(&answer.body), &set, reterr)
			   ? look_at_keys(answers, set, found, reterr)
			   : err_within(reterr, "%s", found->jwks_uri);
	buffer_done(&answer.body);
	keyset_free(set);
	return done;
}

bool
init_discover(const struct init_answers *answers, struct init_found *ret_found, struct err *reterr)
{
	bool done;

	*ret_found = (struct init_found){ .keys = 0 };
	if (!fetch_setup(reterr))
		return false;
	done = discover(answers, ret_found, reterr);
	fetch_teardown();
	return done;
}
