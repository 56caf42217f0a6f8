/* SPDX-License-Identifier: Apache-2.0 */
/* What a fetch asks with, and what it reads of an answer beside the document. */
#include "fetched.h"

static void
a_200_is_given_with_its_times(void **state)
{
	struct source source = source_now();
	struct fetch_answer answer;
	struct err err = { "" };

	(void)state;
	idp_says(&idp,
	    IDP_JSON
	    "Cache-Control: max-age=600\r\nAge: 100\r\nContent-Encoding: identity\r\n\r\n" DOCUMENT,
	    IDP_CLOSE);
	if (!get(&source, &answer, &err))
		fail_msg("%s", err.text);
	assert_int_equal(answer.status, 200);
	assert_int_equal(answer.max_age_s, 500);
	assert_int_equal(answer.retry_after_s, -1);
	assert_string_equal(answer.body.at, DOCUMENT);
	buffer_done(&answer.body);
}

static void
an_interim_answer_says_nothing(void **state)
{
	struct source source = source_now();
	struct fetch_answer answer;
	struct err err = { "" };

	(void)state;
	idp_says(&idp,
	    "HTTP/1.1 103 Early Hints\r\nCache-Control: max-age=600\r\nContent-Type: "
	    "text/html\r\nContent-Encoding: gzip\r\n\r\n" IDP_OK(DOCUMENT),
	    IDP_CLOSE);
	if (!get(&source, &answer, &err))
		fail_msg("%s", err.text);
	assert_int_equal(answer.max_age_s, -1);
	buffer_done(&answer.body);
}

static void
nothing_is_asked_for_that_is_not_needed(void **state)
{
	struct source source = source_now();
	struct fetch_answer answer;
	struct err err = { "" };

	(void)state;
	idp_says(&idp, IDP_OK(DOCUMENT), IDP_CLOSE);
	assert_true(get(&source, &answer, &err));
	buffer_done(&answer.body);
	(void)pthread_mutex_lock(&idp.lock);
	assert_non_null(strstr(idp.asked, "GET /keys HTTP/1.1\r\n"));
	assert_null(strstr(idp.asked, "Accept-Encoding"));
	assert_null(strstr(idp.asked, "Authorization"));
	assert_null(strstr(idp.asked, "Upgrade"));
	(void)pthread_mutex_unlock(&idp.lock);
}

static void
retry_after_is_read_as_seconds_and_as_a_date(void **state)
{
	struct source source = source_now();
	struct fetch_answer answer;
	struct err err = { "" };

	(void)state;
	idp_says(&idp, "HTTP/1.1 429 Slow\r\nRetry-After: 120\r\n\r\n", IDP_CLOSE);
	assert_false(get(&source, &answer, &err));
	assert_string_equal(err.text, "HTTP 429");
	assert_int_equal(answer.retry_after_s, 120);
	buffer_done(&answer.body);
	idp_says(&idp, "HTTP/1.1 503 No\r\nRetry-After: Wed, 01 Jan 2098 00:00:00 GMT\r\n\r\n",
	    IDP_CLOSE);
	assert_false(get(&source, &answer, &err));
	assert_true(answer.retry_after_s > 3600);
	buffer_done(&answer.body);
	idp_says(&idp, "HTTP/1.1 503 No\r\nRetry-After: soon\r\n\r\n", IDP_CLOSE);
	assert_false(get(&source, &answer, &err));
	assert_int_equal(answer.retry_after_s, -1);
	buffer_done(&answer.body);
}

static void
an_etag_is_asked_with_and_a_304_is_good(void **state)
{
	struct source source = source_now();
	struct fetch_answer answer;
	struct err err = { "" };

	(void)state;
	idp_says(&idp, IDP_JSON "ETag: W/\"a1\"\r\n\r\n" DOCUMENT, IDP_CLOSE);
	assert_true(get(&source, &answer, &err));
	assert_string_equal(answer.etag, "W/\"a1\"");
	buffer_done(&answer.body);
	source.etag = "W/\"a1\"";
	idp_says(&idp, "HTTP/1.1 304 Same\r\nCache-Control: max-age=70\r\n\r\n", IDP_CLOSE);
	if (!get(&source, &answer, &err))
		fail_msg("%s", err.text);
	assert_int_equal(answer.status, 304);
	assert_int_equal(answer.max_age_s, 70);
	buffer_done(&answer.body);
	(void)pthread_mutex_lock(&idp.lock);
	assert_non_null(strstr(idp.asked, "If-None-Match: W/\"a1\"\r\n"));
	(void)pthread_mutex_unlock(&idp.lock);
}

static void
put_bearer(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void
a_bearer_is_read_anew_and_shown_to_nobody_else(void **state)
{
	char path[] = "/tmp/postern-bearer-XXXXXX";
	struct source source = source_now();
	struct fetch_answer answer;
	struct err err = { "" };
	int file = mkstemp(path);

	(void)state;
	assert_true(file >= 0);
	(void)close(file);
	source.bearer = path;
	idp_says(&idp, IDP_OK(DOCUMENT), IDP_CLOSE);
	put_bearer(path, "old.secret\n");
	assert_true(get(&source, &answer, &err));
	buffer_done(&answer.body);
	put_bearer(path, "new.secret\n");
	assert_true(get(&source, &answer, &err));
	buffer_done(&answer.body);
	(void)pthread_mutex_lock(&idp.lock);
	assert_non_null(strstr(idp.asked, "Authorization: Bearer new.secret\r\n"));
	(void)pthread_mutex_unlock(&idp.lock);
	put_bearer(path, "two\r\nX-Lines: secret");
	assert_false(get(&source, &answer, &err));
	assert_int_equal(answer.failure, FAILURE_BEARER);
	assert_null(strstr(err.text, "secret"));
	buffer_done(&answer.body);
	put_bearer(path, "new.secret");
	assert_false(fetch_get(
	    &(struct fetch_request){ &source, "http://192.0.2.1/keys", &never }, &answer, &err));
	assert_int_equal(answer.failure, FAILURE_BEARER);
	buffer_done(&answer.body);
	assert_int_equal(unlink(path), 0);
	assert_false(get(&source, &answer, &err));
	assert_int_equal(answer.failure, FAILURE_BEARER);
	buffer_done(&answer.body);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_200_is_given_with_its_times),
		cmocka_unit_test(an_interim_answer_says_nothing),
		cmocka_unit_test(nothing_is_asked_for_that_is_not_needed),
		cmocka_unit_test(retry_after_is_read_as_seconds_and_as_a_date),
		cmocka_unit_test(an_etag_is_asked_with_and_a_304_is_good),
		cmocka_unit_test(a_bearer_is_read_anew_and_shown_to_nobody_else),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
