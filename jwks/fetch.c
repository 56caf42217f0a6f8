/* SPDX-License-Identifier: Apache-2.0 */
#include "jwks/fetch.h"

#include <curl/curl.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/span.h"
#include "jwks/keyset.h"

#define CONNECT_MOST_MS 2000
#define UNSAID (-1)

/* One transfer. */
struct transfer {
	struct fetch_answer *answer;
	const atomic_bool *stop;
	int64_t age_s;
	bool html, coded;
	bool too_large;
};

bool
fetch_setup(struct err *reterr)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(reterr, "libcurl cannot be set up");
	return true;
}

void
fetch_teardown(void)
{
	curl_global_cleanup();
}

static size_t
on_body(char *bytes, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;

	buffer_add(&transfer->answer->body, (struct span){ bytes, size * count });
	transfer->too_large = transfer->answer->body.failed;
	return transfer->too_large ? 0 : size * count;
}

static int64_t
read_seconds(struct span text)
{
	int64_t seconds = 0;

	if (text.len >= 2 && text.at[0] == '"')
		text = span_slice(text, 1, text.len - 1);
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] < '0' || text.at[i] > '9')
			return UNSAID;
		if (seconds < INT32_MAX)
			seconds = seconds * 10 + (text.at[i] - '0');
	}
	return text.len == 0 ? UNSAID : seconds;
}

/* RFC 9111 section 5.2.2; what is not about freshness is passed over. */
static void
read_cache_control(struct fetch_answer *answer, struct span value)
{
	struct span piece;

	while (span_cut(&value, ',', &piece)) {
		piece = span_trim(piece);
		if (span_equal_nocase(piece, SPAN("no-store")) ||
		    span_equal_nocase(piece, SPAN("no-cache"))) {
			answer->max_age_s = 0;
			return;
		}
		if (span_equal_nocase(span_slice(piece, 0, 8), SPAN("max-age=")))
			answer->max_age_s = read_seconds(span_slice(piece, 8, piece.len));
	}
}

static size_t
on_header(char *bytes, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	struct span line = { bytes, size * count }, name, value;
	size_t colon;

	while (line.len > 0 && (line.at[line.len - 1] == '\n' || line.at[line.len - 1] == '\r'))
		line.len--;
	colon = span_find(line, ':');
	name = span_slice(line, 0, colon);
	value = span_trim(span_slice(line, colon + 1, line.len));
	if (span_equal_nocase(name, SPAN("Cache-Control")))
		read_cache_control(transfer->answer, value);
	else if (span_equal_nocase(name, SPAN("Age")))
		transfer->age_s = read_seconds(value);
	else if (span_equal_nocase(name, SPAN("Retry-After")))
		transfer->answer->retry_after_s = read_seconds(value);
	else if (span_equal_nocase(name, SPAN("Content-Type")))
		transfer->html = span_equal_nocase(span_slice(value, 0, 9), SPAN("text/html"));
	else if (span_equal_nocase(name, SPAN("Content-Encoding")))
		transfer->coded = !span_equal_nocase(value, SPAN("identity"));
	return size * count;
}

static int
on_progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct transfer *transfer = context;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return atomic_load(transfer->stop) ? 1 : 0;
}

static void
set_options(CURL *curl, const struct source *source, const char *url)
{
	long timeout_ms = (long)source->timeout_ms;

	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(curl, CURLOPT_PROXY, source->proxy == NULL ? "" : source->proxy);
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(curl, CURLOPT_HTTP09_ALLOWED, 0L);
	curl_easy_setopt(curl, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(curl, CURLOPT_MAXFILESIZE, (long)KEYSET_MAX_BYTES);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, timeout_ms);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
	    timeout_ms < CONNECT_MOST_MS ? timeout_ms : (long)CONNECT_MOST_MS);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "postern/" POSTERN_VERSION);
	if (source->ca_file != NULL)
		curl_easy_setopt(curl, CURLOPT_CAINFO, source->ca_file);
}

static void
set_callbacks(CURL *curl, struct transfer *transfer, char *cause)
{
	cause[0] = '\0';
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, cause);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, transfer);
}

/* What came instead of a key set. */
static bool
judge(const struct transfer *transfer, CURLcode code, const char *cause, struct err *reterr)
{
	int status = transfer->answer->status;

	if (transfer->too_large || code == CURLE_FILESIZE_EXCEEDED)
		return err_set(reterr, "the answer is larger than %u bytes", KEYSET_MAX_BYTES);
	if (code != CURLE_OK)
		return err_set(reterr, "%s", cause[0] != '\0' ? cause : curl_easy_strerror(code));
	if (status >= 300 && status < 400)
		return err_set(reterr, "HTTP %d: a redirect, which is not followed", status);
	if (status != 200)
		return err_set(reterr, "HTTP %d%s", status,
		    transfer->html ? " with a page (text/html) instead of JSON" : "");
	if (transfer->html)
		return err_set(reterr, "a page (text/html), perhaps a login, instead of JSON");
	if (transfer->coded)
		return err_set(reterr, "a compressed answer, which was not asked for");
	return true;
}

bool
fetch_get(const struct source *source, const char *url, const atomic_bool *stop,
    struct fetch_answer *answer, struct err *reterr)
{
	struct transfer transfer = { .answer = answer, .stop = stop };
	CURL *curl = curl_easy_init();
	char cause[CURL_ERROR_SIZE];
	long status = 0;
	CURLcode code;

	*answer = (struct fetch_answer){ .max_age_s = UNSAID, .retry_after_s = UNSAID };
	buffer_init(&answer->body, KEYSET_MAX_BYTES);
	if (curl == NULL)
		return err_set(reterr, "out of memory");
	set_options(curl, source, url);
	set_callbacks(curl, &transfer, cause);
	code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_cleanup(curl);
	answer->status = (int)status;
	if (answer->max_age_s > 0 && transfer.age_s > 0)
		answer->max_age_s =
		    answer->max_age_s > transfer.age_s ? answer->max_age_s - transfer.age_s : 0;
	return judge(&transfer, code, cause, reterr);
}
