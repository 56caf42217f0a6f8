/* SPDX-License-Identifier: Apache-2.0 */
/* One issuer's keys, try by try, from an identity provider on loopback. No thread runs: each try is
 * made here, at a second that the test chooses. */
#include "issuer/scratch.h"

#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "idp.h"
#include "jwks/issuer_keys.h"

#define NOW_S 1000

static struct scratch scratch;
static struct idp idp;
static struct issuer_keys keys;
static char issuer[64], keys_url[96];

static void
init(struct issuer_keys *one, enum source_kind kind)
{
	struct source source = { .name = "idp",
		.issuer = issuer,
		.kind = kind,
		.place = kind == SOURCE_URL ? keys_url : issuer,
		.refresh_s = 600,
		.stale_s = 3600,
		.timeout_ms = 60000 };
	struct err err;

	memset(one, 0, sizeof(*one));
	if (!issuer_keys_init(one, &source, scratch.dir, &err))
		fail_msg("%s", err.text);
}

static int
setup(void **state)
{
	struct err err;

	(void)state;
	log_setup(LOG_JSON, LOG_ERROR);
	if (!fetch_setup(&err))
		return -1;
	scratch_init(&scratch);
	idp_start(&idp);
	(void)snprintf(issuer, sizeof(issuer), "http://127.0.0.1:%d", idp.port);
	(void)snprintf(keys_url, sizeof(keys_url), "%s/keys", issuer);
	init(&keys, SOURCE_URL);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	issuer_keys_done(&keys);
	idp_stop(&idp);
	fetch_teardown();
	scratch_done(&scratch);
	return 0;
}

/* Ask once; nothing of it is for the eyes of who runs the test. */
static bool
ask(struct issuer_keys *one, int64_t now_s)
{
	int saved = dup(2);
	FILE *nowhere = fopen("/dev/null", "w");
	bool changed;

	assert_true(saved >= 0 && nowhere != NULL && dup2(fileno(nowhere), 2) == 2);
	changed = issuer_keys_ask(one, now_s);
	assert_true(dup2(saved, 2) == 2);
	(void)close(saved);
	(void)fclose(nowhere);
	return changed;
}

static bool
holds(const struct issuer_keys *one, const char *kid)
{
	const struct key *key = NULL;

	return one->keys != NULL &&
	       keyset_find(one->keys, span_of(kid), ALGORITHM_EdDSA, &key) == REASON_OK;
}

static void
a_set_is_taken_and_told_to_be_new(void **state)
{
	(void)state;
	idp_says(&idp, IDP_OK(IDP_SET(IDP_FIRST)), IDP_CLOSE);
	assert_true(ask(&keys, NOW_S));
	assert_true(holds(&keys, "first"));
	assert_int_equal(keys.schedule.good_s, NOW_S);
	assert_int_equal(keys.schedule.failures, 0);
	assert_true(keys.schedule.next_s > NOW_S);
	assert_int_equal(keys.fetches[FAILURE_NONE], 1);
	assert_string_equal(keys.last_error, "");
	/* The same again is no change, but it is good since later. */
	assert_false(ask(&keys, NOW_S + 500));
	assert_int_equal(keys.schedule.good_s, NOW_S + 500);
	idp_says(&idp, IDP_OK(IDP_SET(IDP_SECOND)), IDP_CLOSE);
	assert_true(ask(&keys, NOW_S + 900));
	assert_true(holds(&keys, "second"));
	assert_false(holds(&keys, "first"));
}

static const struct {
	const char *answer;
	enum failure failure;
	const char *says;
} failures[] = {
	{ "HTTP/1.1 500 No\r\n\r\n", FAILURE_HTTP_STATUS, "500" },
	{ "HTTP/1.1 404 No\r\n\r\n", FAILURE_HTTP_STATUS, "404" },
	{ "HTTP/1.1 302 Go\r\nLocation: http://127.0.0.1:1/\r\n\r\n", FAILURE_REDIRECT,
	    "redirect" },
	{ "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>", FAILURE_HTML, "HTML" },
	{ IDP_OK("{\"keys\":"), FAILURE_NOT_JSON, "" },
	{ IDP_OK("{\"keys\":[]}"), FAILURE_NO_USABLE_KEY, "no key" },
	{ IDP_OK("{}"), FAILURE_NO_USABLE_KEY, "" },
	{ IDP_OK("[]"), FAILURE_NO_USABLE_KEY, "" },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{", FAILURE_TRUNCATED, "" },
};

/* Whatever the identity provider does, the keys that it had stay in use. */
static void
a_failure_is_named_and_leaves_the_keys(void **state)
{
	(void)state;
	idp_says(&idp, IDP_OK(IDP_SET(IDP_FIRST)), IDP_CLOSE);
	assert_true(ask(&keys, NOW_S));
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		uint64_t before = keys.fetches[failures[i].failure];

		idp_says(&idp, failures[i].answer, IDP_CLOSE);
		assert_false(ask(&keys, NOW_S + 10));
		if (keys.last_failure != failures[i].failure)
			fail_msg("%s: %s: %s", failures[i].answer, failure_word(keys.last_failure),
			    keys.last_error);
		assert_int_equal(keys.fetches[failures[i].failure], before + 1);
		/* Who reads it knows where to look. */
		assert_memory_equal(keys.last_error, keys_url, strlen(keys_url));
		if (strcasestr(keys.last_error, failures[i].says) == NULL)
			fail_msg("%s", keys.last_error);
		assert_true(holds(&keys, "first"));
		assert_int_equal(keys.schedule.good_s, NOW_S);
		assert_int_equal(keys.schedule.failures, i + 1);
	}
	idp_says(&idp, IDP_OK(IDP_SET(IDP_FIRST)), IDP_CLOSE);
	assert_false(ask(&keys, NOW_S + 20));
	assert_string_equal(keys.last_error, "");
	assert_int_equal(keys.last_failure, FAILURE_NONE);
	assert_int_equal(keys.schedule.failures, 0);
}

/* RFC 9110 section 13.1.2: it is asked only for what is not there already. */
static void
an_etag_belongs_to_the_set_in_use(void **state)
{
	(void)state;
	idp_says(&idp, IDP_JSON "ETag: \"one\"\r\n\r\n" IDP_SET(IDP_FIRST), IDP_CLOSE);
	assert_true(ask(&keys, NOW_S));
	assert_null(strstr(idp.asked, "If-None-Match"));
	idp_says(&idp, "HTTP/1.1 304 Not Modified\r\n\r\n", IDP_CLOSE);
	assert_false(ask(&keys, NOW_S + 100));
	assert_non_null(strstr(idp.asked, "If-None-Match: \"one\"\r\n"));
	assert_int_equal(keys.schedule.good_s, NOW_S + 100);
	assert_true(holds(&keys, "first"));
	/* A set that cannot be used has no tag worth asking with. */
	idp_says(&idp, IDP_JSON "ETag: \"two\"\r\n\r\n{\"keys\":[]}", IDP_CLOSE);
	assert_false(ask(&keys, NOW_S + 200));
	idp_says(&idp, IDP_OK(IDP_SET(IDP_SECOND)), IDP_CLOSE);
	assert_true(ask(&keys, NOW_S + 300));
	assert_null(strstr(idp.asked, "If-None-Match"));
}

/* A discovery document: what stands behind the issuer, under which name the keys are, how it ends.
 */
struct document {
	const char *behind, *member, *end;
};

static void
discover_as(const struct document *document)
{
	char answer[1024];

	(void)snprintf(answer, sizeof(answer), IDP_JSON "\r\n{\"issuer\":\"%s%s\",\"%s\":\"%s\"%s",
	    issuer, document->behind, document->member, keys_url, document->end);
	idp_set(&idp, &idp.discovery, span_of(answer), IDP_CLOSE);
}

static void
discovery_leads_to_the_keys(void **state)
{
	struct issuer_keys discovered;

	(void)state;
	init(&discovered, SOURCE_DISCOVERY);
	discover_as(&(struct document){ "", "jwks_uri", "}" });
	idp_says(&idp, IDP_OK(IDP_SET(IDP_FIRST)), IDP_CLOSE);
	assert_true(ask(&discovered, NOW_S));
	assert_true(holds(&discovered, "first"));
	assert_int_equal(idp.hits, 1);
	issuer_keys_done(&discovered);
}

static void
discovery_that_leads_elsewhere_is_named(void **state)
{
	static const struct {
		struct document document;
		enum failure failure;
	} cases[] = {
		{ { "x", "jwks_uri", "}" }, FAILURE_ISSUER_MISMATCH },
		{ { "", "jwks_url", "}" }, FAILURE_DISCOVERY },
		{ { "", "jwks_uri", "" }, FAILURE_NOT_JSON },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct issuer_keys discovered;

		init(&discovered, SOURCE_DISCOVERY);
		discover_as(&cases[i].document);
		assert_false(ask(&discovered, NOW_S));
		if (discovered.last_failure != cases[i].failure)
			fail_msg("case %zu: %s: %s", i, failure_word(discovered.last_failure),
			    discovered.last_error);
		assert_null(discovered.keys);
		issuer_keys_done(&discovered);
	}
	assert_int_equal(idp.hits, 0);
}

static void
a_stop_is_no_failure_of_the_issuer(void **state)
{
	(void)state;
	atomic_store(&keys.stop, true);
	assert_false(ask(&keys, NOW_S));
	assert_int_equal(keys.schedule.failures, 0);
	assert_string_equal(keys.last_error, "");
}

static void
good_keys_are_there_after_a_restart(void **state)
{
	struct issuer_keys later;

	(void)state;
	idp_says(&idp, IDP_OK(IDP_SET(IDP_FIRST)), IDP_CLOSE);
	assert_true(ask(&keys, clock_mono_s()));
	issuer_keys_keep(&keys);
	init(&later, SOURCE_URL);
	issuer_keys_recall(&later, NULL);
	assert_true(holds(&later, "first"));
	assert_true(later.schedule.good_s <= clock_mono_s());
	assert_true(later.schedule.good_s >= clock_mono_s() - 60);
	issuer_keys_done(&later);
	/* Another address is another set of keys. */
	init(&later, SOURCE_DISCOVERY);
	issuer_keys_recall(&later, NULL);
	assert_null(later.keys);
	issuer_keys_done(&later);
}

static void
bad_keys_are_not_kept(void **state)
{
	struct issuer_keys later;

	(void)state;
	idp_says(&idp, IDP_OK("{\"keys\":[]}"), IDP_CLOSE);
	assert_false(ask(&keys, NOW_S));
	issuer_keys_keep(&keys);
	init(&later, SOURCE_URL);
	issuer_keys_recall(&later, NULL);
	assert_null(later.keys);
	issuer_keys_done(&later);
}

/* A reload asks nobody: it goes on with what is known, its failures too. */
static void
a_reload_takes_over_the_state(void **state)
{
	struct issuer_keys later;

	(void)state;
	idp_says(&idp, IDP_OK(IDP_SET(IDP_FIRST)), IDP_CLOSE);
	assert_true(ask(&keys, NOW_S));
	idp_says(&idp, "HTTP/1.1 500 No\r\n\r\n", IDP_CLOSE);
	assert_false(ask(&keys, NOW_S + 5));
	init(&later, SOURCE_URL);
	issuer_keys_recall(&later, &keys);
	assert_true(holds(&later, "first"));
	assert_int_equal(later.schedule.good_s, NOW_S);
	assert_int_equal(later.schedule.failures, 1);
	assert_string_equal(later.last_error, keys.last_error);
	assert_int_equal(later.fetches[FAILURE_HTTP_STATUS], 1);
	issuer_keys_done(&later);
}

static void
the_same_issuer_at_the_same_place_is_alike(void **state)
{
	struct issuer_keys other;

	(void)state;
	init(&other, SOURCE_URL);
	assert_true(issuer_keys_alike(&keys, &other));
	issuer_keys_done(&other);
	init(&other, SOURCE_DISCOVERY);
	assert_false(issuer_keys_alike(&keys, &other));
	issuer_keys_done(&other);
	issuer[strlen(issuer) - 1] ^= 1;
	init(&other, SOURCE_URL);
	assert_false(issuer_keys_alike(&keys, &other));
	issuer_keys_done(&other);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_set_is_taken_and_told_to_be_new),
		TEST(a_failure_is_named_and_leaves_the_keys),
		TEST(an_etag_belongs_to_the_set_in_use),
		TEST(discovery_leads_to_the_keys),
		TEST(discovery_that_leads_elsewhere_is_named),
		TEST(a_stop_is_no_failure_of_the_issuer),
		TEST(good_keys_are_there_after_a_restart),
		TEST(bad_keys_are_not_kept),
		TEST(a_reload_takes_over_the_state),
		TEST(the_same_issuer_at_the_same_place_is_alike),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
