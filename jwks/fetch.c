/* SPDX-License-Identifier: Apache-2.0 */
#include "jwks/fetch.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/span.h"
#include "jwks/cachecontrol.h"
#include "jwks/fetch_headers.h"
#include "jwks/keyset.h"

#define CONNECT_MOST_MS 2000
#define LOOK_EVERY_MS 50 /* at `stop` */
#define SLOWEST_BYTES_PER_S 100
#define SLOWEST_FOR_S 10
#define PLACE_SHOWN 200 /* bytes of where a redirect leads */
#define UNSAID (-1)

/* One transfer. */
struct transfer {
	struct fetch_answer *answer;
	struct cachecontrol said;
	int status; /* of the header block that is being read */
	bool html, coded, too_large;
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

/* The body of anything but a 200 is of no use, and may never end. */
static size_t
on_body(char *bytes, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;

	if (transfer->status != 200)
		return CURL_WRITEFUNC_ERROR;
	buffer_add(&transfer->answer->body, (struct span){ bytes, size * count });
	transfer->too_large = transfer->answer->body.failed;
	return transfer->too_large ? CURL_WRITEFUNC_ERROR : size * count;
}

/* A block of headers begins: nothing counts that an interim answer (1xx) said. */
static void
begin_block(struct transfer *transfer, struct span line)
{
	struct span code = span_slice(line, span_find(line, ' ') + 1, line.len);

	transfer->status = 0;
	for (size_t i = 0; i < code.len && i < 3 && code.at[i] >= '0' && code.at[i] <= '9'; i++)
		transfer->status = transfer->status * 10 + (code.at[i] - '0');
	transfer->said = CACHECONTROL_UNSAID;
	transfer->html = false;
	transfer->coded = false;
	transfer->answer->etag[0] = '\0';
}

/* What it is asked with next time must be one header and nothing else. */
static void
keep_etag(struct fetch_answer *answer, struct span value)
{
	answer->etag[0] = '\0';
	for (size_t i = 0; i < value.len; i++)
		if (value.at[i] <= ' ' || value.at[i] > '~')
			return;
	if (value.len < sizeof(answer->etag))
		(void)snprintf(answer->etag, sizeof(answer->etag), "%.*s", SPAN_ARG(value));
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
	if (span_starts(line, SPAN("HTTP/")))
		begin_block(transfer, line);
	else if (span_equal_nocase(name, SPAN("Cache-Control")))
		cachecontrol_read(&transfer->said, value);
	else if (span_equal_nocase(name, SPAN("Age")))
		cachecontrol_read_age(&transfer->said, value);
	else if (span_equal_nocase(name, SPAN("ETag")))
		keep_etag(transfer->answer, value);
	else if (span_equal_nocase(name, SPAN("Content-Type")))
		transfer->html = span_equal_nocase(span_slice(value, 0, 9), SPAN("text/html"));
	else if (span_equal_nocase(name, SPAN("Content-Encoding")))
		transfer->coded = !span_equal_nocase(value, SPAN("identity"));
	return size * count;
}

/* The system's certificates are no longer trusted where the operator names his own. */
static void
set_trust(CURL *curl, const struct source *source)
{
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
	if (source->client_certificate != NULL) {
		curl_easy_setopt(curl, CURLOPT_SSLCERT, source->client_certificate);
		curl_easy_setopt(curl, CURLOPT_SSLKEY, source->client_key);
	}
	if (source->ca_file == NULL)
		return;
	curl_easy_setopt(curl, CURLOPT_CAINFO, source->ca_file);
	curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
}

static void
set_limits(CURL *curl, const struct source *source)
{
	long timeout_ms = (long)source->timeout_ms;

	curl_easy_setopt(curl, CURLOPT_MAXFILESIZE, (long)KEYSET_MAX_BYTES);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, timeout_ms);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
	    timeout_ms < CONNECT_MOST_MS ? timeout_ms : (long)CONNECT_MOST_MS);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, (long)SLOWEST_BYTES_PER_S);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)SLOWEST_FOR_S);
#if LIBCURL_VERSION_NUM >= 0x075700
	/* A name server that does not answer would hold up the end of a transfer for its own
	 * timeout; the resolver's thread is left to end by itself instead. */
	curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);
#endif
}

static void
set_options(CURL *curl, const struct source *source, const char *url)
{
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(curl, CURLOPT_PROXY, source->proxy == NULL ? "" : source->proxy);
	curl_easy_setopt(curl, CURLOPT_NOPROXY, ""); /* whatever the environment says */
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(curl, CURLOPT_HTTP09_ALLOWED, 0L);
	curl_easy_setopt(curl, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "postern/" POSTERN_VERSION);
	set_trust(curl, source);
	set_limits(curl, source);
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
}

static CURLcode
result_of(CURLM *multi)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(multi, &left)) != NULL)
		if (message->msg == CURLMSG_DONE)
			return message->data.result;
	return CURLE_FAILED_INIT;
}

/* curl_easy_perform() looks at its callbacks once a second only; stopping must be quicker. */
static CURLcode
perform(CURL *curl, const atomic_bool *stop)
{
	CURLM *multi = curl_multi_init();
	CURLcode code = CURLE_FAILED_INIT;
	int running = 1;

	if (multi == NULL || curl_multi_add_handle(multi, curl) != CURLM_OK)
		goto out;
	while (running > 0 && !atomic_load(stop)) {
		if (curl_multi_perform(multi, &running) != CURLM_OK)
			goto out;
		if (running > 0 && curl_multi_poll(multi, NULL, 0, LOOK_EVERY_MS, NULL) != CURLM_OK)
			goto out;
	}
	code = running > 0 ? CURLE_ABORTED_BY_CALLBACK : result_of(multi);
out:
	(void)curl_multi_remove_handle(multi, curl);
	(void)curl_multi_cleanup(multi);
	return code;
}

static bool
about_tls(CURLcode code)
{
	return code == CURLE_SSL_CONNECT_ERROR || code == CURLE_PEER_FAILED_VERIFICATION ||
	       code == CURLE_SSL_CERTPROBLEM || code == CURLE_SSL_CIPHER ||
	       code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_ISSUER_ERROR ||
	       code == CURLE_SSL_INVALIDCERTSTATUS || code == CURLE_SSL_PINNEDPUBKEYNOTMATCH;
}

static enum failure
failure_of(CURLcode code)
{
	if (about_tls(code))
		return FAILURE_TLS;
	switch ((int)code) {
	case CURLE_OPERATION_TIMEDOUT:
		return FAILURE_TIMEOUT;
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
		return FAILURE_TRUNCATED;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
		return FAILURE_UNREACHABLE;
	default:
		return FAILURE_OTHER;
	}
}

static bool
fail(struct fetch_answer *answer, enum failure failure)
{
	answer->failure = failure;
	return false;
}

/* A query may hold what is nobody's business. */
static bool
tell_redirect(CURL *curl, int status, struct err *reterr)
{
	const char *url = NULL;
	struct span place;

	(void)curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &url);
	place = span_of(url);
	place = span_slice(place, 0, span_find(place, '?'));
	place = span_slice(place, 0, PLACE_SHOWN);
	if (place.len == 0)
		return err_set(reterr, "HTTP %d", status);
	return err_set(reterr, "HTTP %d: redirect to %.*s refused", status, SPAN_ARG(place));
}

static bool
starts_like_html(struct span body)
{
	size_t at = 0;

	while (at < body.len && (body.at[at] == ' ' || body.at[at] == '\t' || body.at[at] == '\r' ||
				    body.at[at] == '\n'))
		at++;
	return at < body.len && body.at[at] == '<';
}

/* What came instead of a key set. */
static bool
judge(const struct transfer *transfer, CURLcode code, const char *cause, struct err *reterr)
{
	struct fetch_answer *answer = transfer->answer;

	if (transfer->too_large || code == CURLE_FILESIZE_EXCEEDED) {
		(void)err_set(reterr, "answer larger than %u bytes", KEYSET_MAX_BYTES);
		return fail(answer, FAILURE_TOO_LARGE);
	}
	if (code == CURLE_ABORTED_BY_CALLBACK) {
		(void)err_set(reterr, "stopped");
		return fail(answer, FAILURE_OTHER);
	}
	/* Each libcurl has other words for it. */
	if (code == CURLE_PARTIAL_FILE) {
		(void)err_set(reterr, "the answer breaks off");
		return fail(answer, FAILURE_TRUNCATED);
	}
	if (code != CURLE_OK) {
		(void)err_set(reterr, "%s%s", about_tls(code) ? "TLS: " : "",
		    cause[0] != '\0' ? cause : curl_easy_strerror(code));
		return fail(answer, failure_of(code));
	}
	if (transfer->coded) {
		(void)err_set(reterr, "a compressed answer, which was not asked for");
		return fail(answer, FAILURE_COMPRESSED);
	}
	if (transfer->html || starts_like_html(buffer_span(&answer->body))) {
		(void)err_set(reterr, "a login page or HTML instead of JSON");
		return fail(answer, FAILURE_HTML);
	}
	return true;
}

/* The status decides first: what comes with a 500 may be anything. */
static bool
judge_status(
    CURL *curl, const struct source *source, struct fetch_answer *answer, struct err *reterr)
{
	if (answer->status == 304 && source->etag != NULL && source->etag[0] != '\0')
		return true;
	if (answer->status >= 300 && answer->status < 400 && answer->status != 304) {
		(void)tell_redirect(curl, answer->status, reterr);
		return fail(answer, FAILURE_REDIRECT);
	}
	(void)err_set(reterr, "HTTP %d", answer->status);
	return fail(answer, FAILURE_HTTP_STATUS);
}

static void
note_times(CURL *curl, const struct transfer *transfer)
{
	curl_off_t retry_after_s = 0;

	transfer->answer->max_age_s = cachecontrol_fresh_s(&transfer->said);
	(void)curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after_s);
	if (retry_after_s > 0)
		transfer->answer->retry_after_s = (int64_t)retry_after_s;
}

bool
fetch_get(const struct source *source, const char *url, const atomic_bool *stop,
    struct fetch_answer *answer, struct err *reterr)
{
	struct transfer transfer = { .answer = answer, .said = CACHECONTROL_UNSAID };
	struct curl_slist *lines = NULL;
	CURL *curl = curl_easy_init();
	char cause[CURL_ERROR_SIZE];
	bool done = false;
	long status = 0;
	CURLcode code;

	*answer = (struct fetch_answer){ .max_age_s = UNSAID, .retry_after_s = UNSAID };
	buffer_init(&answer->body, KEYSET_MAX_BYTES);
	if (curl == NULL) {
		(void)err_set(reterr, "out of memory");
		return fail(answer, FAILURE_OTHER);
	}
	if (!fetch_headers_add(source, url, &lines, reterr)) {
		(void)fail(answer, FAILURE_BEARER);
		goto out;
	}
	set_options(curl, source, url);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, lines);
	curl_easy_setopt(curl, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
	set_callbacks(curl, &transfer, cause);
	code = perform(curl, stop);
	(void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	answer->status = (int)status;
	note_times(curl, &transfer);
	if (status != 0 && status != 200)
		done = judge_status(curl, source, answer, reterr);
	else
		done = judge(&transfer, code, cause, reterr);
out:
	curl_easy_cleanup(curl);
	fetch_headers_free(lines);
	return done;
}
