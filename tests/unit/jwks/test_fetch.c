/* SPDX-License-Identifier: Apache-2.0 */
/* Fetches that fail, each in its way, and what they cannot be led to. What the headers of a request
 * and its answer say is in test_fetch_headers.c. */
#include "fetched.h"

struct bad_case {
	const char *name, *answer;
	enum idp_then then;
	const char *says; /* the whole text, or its start before "…" */
	int status;
};

static const struct bad_case bad[] = {
	{ "500", "HTTP/1.1 500 Broken\r\n\r\n{\"keys\":[]}", IDP_CLOSE, "HTTP 500", 500 },
	{ "500 that never ends", "HTTP/1.1 500 Broken\r\n\r\n", IDP_ENDLESS, "HTTP 500", 500 },
	{ "500 with a page", "HTTP/1.1 500 No\r\nContent-Type: text/html\r\n\r\n<html>", IDP_CLOSE,
	    "HTTP 500", 500 },
	{ "204", "HTTP/1.1 204 No Content\r\n\r\n", IDP_CLOSE, "HTTP 204", 204 },
	{ "203", "HTTP/1.1 203 Other\r\n\r\n" DOCUMENT, IDP_CLOSE, "HTTP 203", 203 },
	{ "401", "HTTP/1.1 401 Who\r\nWWW-Authenticate: Basic\r\n\r\n", IDP_CLOSE, "HTTP 401",
	    401 },
	{ "304 without being asked", "HTTP/1.1 304 Same\r\n\r\n", IDP_CLOSE, "HTTP 304", 304 },
	{ "302", "HTTP/1.1 302 There\r\nLocation: http://127.0.0.1:1/login?secret=1\r\n\r\n",
	    IDP_CLOSE, "HTTP 302: redirect to http://127.0.0.1:1/login refused", 302 },
	{ "307 to a file", "HTTP/1.1 307 There\r\nLocation: file:///etc/passwd\r\n\r\n", IDP_CLOSE,
	    "HTTP 307: redirect to file:///etc/passwd refused", 307 },
	{ "a page by its type",
	    "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" DOCUMENT, IDP_CLOSE,
	    "a login page or HTML instead of JSON", 200 },
	{ "a page by its look", IDP_OK("\r\n <!DOCTYPE html><html></html>"), IDP_CLOSE,
	    "a login page or HTML instead of JSON", 200 },
	{ "304 with an etag that was not asked with", "HTTP/1.1 304 Same\r\nETag: \"a\"\r\n\r\n",
	    IDP_CLOSE, "HTTP 304", 304 },
	{ "gzip", IDP_JSON "Content-Encoding: gzip\r\n\r\n\x1f\x8b\x08", IDP_CLOSE,
	    "a compressed answer, which was not requested", 200 },
	{ "shorter than it says", IDP_JSON "Content-Length: 5000\r\n\r\n{\"keys\":[", IDP_CLOSE,
	    "the answer ends early", 200 },
	{ "a chunk that breaks off", IDP_JSON "Transfer-Encoding: chunked\r\n\r\n40\r\n{\"keys\":[",
	    IDP_CLOSE, "the answer ends early", 200 },
	{ "never-ending", IDP_OK("{\"keys\":["), IDP_ENDLESS, "answer larger than 262144 bytes",
	    200 },
	{ "says it is larger", IDP_JSON "Content-Length: 262145\r\n\r\n", IDP_CLOSE,
	    "answer larger than 262144 bytes", 200 },
	{ "no HTTP at all", DOCUMENT, IDP_CLOSE, "Received HTTP/0.9 when not allowed…", 0 },
	{ "nothing", "", IDP_CLOSE, "Empty reply from server", 0 },
};

static bool
fits(const char *text, const char *says)
{
	const char *more = strstr(says, "…");

	return more == NULL ? strcmp(text, says) == 0
			    : strncmp(text, says, (size_t)(more - says)) == 0;
}

static void
anything_else_is_named(void **state)
{
	struct source source = source_now();

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct fetch_answer answer;
		struct err err = { "" };

		idp_says(&idp, bad[i].answer, bad[i].then);
		if (get(&source, &answer, &err))
			fail_msg("%s: taken", bad[i].name);
		if (!fits(err.text, bad[i].says) || answer.status != bad[i].status)
			fail_msg("%s: want %s (%d), got %s (%d)", bad[i].name, bad[i].says,
			    bad[i].status, err.text, answer.status);
		buffer_done(&answer.body);
	}
}

static void
silence_ends_with_the_timeout(void **state)
{
	static const char *const starts[] = { "", "HTTP/1.1 200 OK\r\n", IDP_OK("{\"keys\":[") };
	struct source source = source_now();

	(void)state;
	source.timeout_ms = 150;
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		struct fetch_answer answer;
		struct err err = { "" };

		idp_says(&idp, starts[i], IDP_SILENCE);
		assert_false(get(&source, &answer, &err));
		assert_non_null(strstr(err.text, "timed out"));
		buffer_done(&answer.body);
	}
}

static void
no_part_of_an_answer_is_taken_for_the_whole(void **state)
{
	struct source source = source_now();
	char whole[512];
	int len = snprintf(whole, sizeof(whole), IDP_JSON "Content-Length: %zu\r\n\r\n%s",
	    strlen(DOCUMENT), DOCUMENT);

	(void)state;
	assert_true(len > 0 && (size_t)len < sizeof(whole));
	for (size_t cut = 0; cut <= (size_t)len; cut++) {
		struct fetch_answer answer;
		struct keyset *set = NULL;
		struct err err = { "" };
		bool taken;

		idp_set(&idp, &idp.keys, (struct span){ whole, cut }, IDP_CLOSE);
		taken = get(&source, &answer, &err) &&
			keyset_parse(buffer_span(&answer.body), &set, &err);
		buffer_done(&answer.body);
		keyset_free(set);
		if (taken != (cut == (size_t)len))
			fail_msg("cut after %zu of %d bytes: %s", cut, len, err.text);
	}
}

static void
an_answer_of_just_the_limit_is_taken(void **state)
{
	struct source source = source_now();
	struct fetch_answer answer;
	struct err err = { "" };
	struct buffer text;

	(void)state;
	buffer_init(&text, 2 * KEYSET_MAX_BYTES);
	buffer_add_text(&text, IDP_OK(""));
	for (size_t i = 0; i < KEYSET_MAX_BYTES; i++)
		buffer_add_byte(&text, ' ');
	idp_set(&idp, &idp.keys, buffer_span(&text), IDP_CLOSE);
	if (!get(&source, &answer, &err))
		fail_msg("%s", err.text);
	assert_int_equal(answer.body.len, KEYSET_MAX_BYTES);
	buffer_done(&answer.body);
	buffer_add_byte(&text, ' ');
	idp_set(&idp, &idp.keys, buffer_span(&text), IDP_CLOSE);
	assert_false(get(&source, &answer, &err));
	assert_string_equal(err.text, "answer larger than 262144 bytes");
	buffer_done(&answer.body);
	buffer_done(&text);
}

static void
the_environment_chooses_no_proxy(void **state)
{
	struct source source = source_now();
	struct fetch_answer answer;
	struct err err = { "" };
	char proxy[64];

	(void)state;
	idp_says(&idp, IDP_OK(DOCUMENT), IDP_CLOSE);
	assert_int_equal(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
	assert_int_equal(setenv("all_proxy", "http://127.0.0.1:1", 1), 0);
	if (!get(&source, &answer, &err))
		fail_msg("%s", err.text);
	buffer_done(&answer.body);
	assert_int_equal(unsetenv("http_proxy"), 0);
	assert_int_equal(unsetenv("all_proxy"), 0);

	/* and it cannot take the configured one away */
	assert_int_equal(setenv("no_proxy", "*", 1), 0);
	(void)snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d", idp.port);
	source.proxy = proxy;
	if (!fetch_get(&(struct fetch_request){ &source, "http://127.0.0.1:1/keys", &never },
		&answer, &err))
		fail_msg("%s", err.text);
	buffer_done(&answer.body);
	(void)pthread_mutex_lock(&idp.lock);
	assert_non_null(strstr(idp.asked, "GET http://127.0.0.1:1/keys HTTP/1.1\r\n"));
	(void)pthread_mutex_unlock(&idp.lock);
	assert_int_equal(unsetenv("no_proxy"), 0);
}

static void
trouble_with_tls_is_called_so(void **state)
{
	struct source source = source_now();
	struct fetch_answer answer;
	struct err err = { "" };
	char url[64];

	(void)state;
	idp_says(&idp, "HTTP/1.1 400 No\r\n\r\n", IDP_CLOSE);
	(void)snprintf(url, sizeof(url), "https://127.0.0.1:%d/keys", idp.port);
	source.timeout_ms = 60000;
	source.ca_file = "/nowhere/ca.pem";
	assert_false(fetch_get(&(struct fetch_request){ &source, url, &never }, &answer, &err));
	if (strncmp(err.text, "TLS: ", 5) != 0 || strlen(err.text) < 10)
		fail_msg("%s", err.text);
	buffer_done(&answer.body);
}

struct url_case {
	const char *name, *url;
};

static const struct url_case urls[] = {
	{ "a file", "file:///etc/hostname" },
	{ "another protocol", "ftp://127.0.0.1/keys" },
	{ "a user in the URL", "http://user:word@127.0.0.1/keys" },
	{ "no URL", "http://" },
};

static void
other_urls_are_not_fetched(void **state)
{
	struct source source = source_now();

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		struct fetch_answer answer;
		struct err err = { "" };

		if (fetch_get(
			&(struct fetch_request){ &source, urls[i].url, &never }, &answer, &err))
			fail_msg("%s: fetched", urls[i].name);
		if (err.text[0] == '\0' || strstr(err.text, "word") != NULL)
			fail_msg("%s: \"%s\"", urls[i].name, err.text);
		assert_int_equal(answer.status, 0);
		buffer_done(&answer.body);
	}
}

static void
a_stop_ends_a_fetch_that_would_take_minutes(void **state)
{
	struct source source = source_now();
	const atomic_bool stopped = true;
	struct fetch_answer answer;
	struct err err = { "" };
	char url[64];

	(void)state;
	idp_says(&idp, "", IDP_SILENCE);
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/keys", idp.port);
	source.timeout_ms = 3600000;
	assert_false(fetch_get(&(struct fetch_request){ &source, url, &stopped }, &answer, &err));
	assert_string_equal(err.text, "stopped");
	buffer_done(&answer.body);
}

struct word_case {
	const char *answer;
	enum idp_then then;
	const char *word;
};

static const struct word_case words[] = {
	{ "HTTP/1.1 302 There\r\nLocation: http://127.0.0.1:1/\r\n\r\n", IDP_CLOSE, "redirect" },
	{ "HTTP/1.1 204 No\r\n\r\n", IDP_CLOSE, "http_status" },
	{ "HTTP/1.1 429 Slow\r\nRetry-After: 9\r\n\r\n", IDP_CLOSE, "http_status" },
	{ IDP_OK("<html>"), IDP_CLOSE, "html" },
	{ IDP_JSON "Content-Encoding: gzip\r\n\r\n\x1f\x8b", IDP_CLOSE, "compressed" },
	{ IDP_JSON "Content-Length: 5000\r\n\r\n{", IDP_CLOSE, "truncated" },
	{ IDP_OK("{"), IDP_ENDLESS, "too_large" },
	{ "", IDP_CLOSE, "unreachable" },
	{ IDP_OK("{"), IDP_SILENCE, "timeout" },
};

static void
each_kind_of_failure_has_its_word(void **state)
{
	struct source source = source_now();

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct fetch_answer answer;
		struct err err = { "" };

		source.timeout_ms = words[i].then == IDP_SILENCE ? 300 : 60000;
		idp_says(&idp, words[i].answer, words[i].then);
		assert_false(get(&source, &answer, &err));
		assert_string_equal(failure_word(answer.failure), words[i].word);
		buffer_done(&answer.body);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(anything_else_is_named),
		cmocka_unit_test(each_kind_of_failure_has_its_word),
		cmocka_unit_test(silence_ends_with_the_timeout),
		cmocka_unit_test(no_part_of_an_answer_is_taken_for_the_whole),
		cmocka_unit_test(an_answer_of_just_the_limit_is_taken),
		cmocka_unit_test(the_environment_chooses_no_proxy),
		cmocka_unit_test(trouble_with_tls_is_called_so),
		cmocka_unit_test(other_urls_are_not_fetched),
		cmocka_unit_test(a_stop_ends_a_fetch_that_would_take_minutes),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
