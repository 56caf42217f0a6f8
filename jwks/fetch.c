/* SPDX-License-Identifier: Apache-2.0 */
#include "jwks/fetch.h"

#include <curl/curl.h>
#include <stdio.h>

#include "base/span.h"
#include "jwks/bearer.h"
#include "jwks/cachecontrol.h"
#include "jwks/keyset.h"

#define CONNECT_MAX_MS 2000
#define LOOK_EVERY_MS 50 /* at `stop` */
#define SLOWEST_BYTES_PER_S 100
#define SLOWEST_FOR_S 10
#define PLACE_SHOWN 200 /* bytes of a redirect's target */
#define UNSAID (-1)

/* One transfer. */
struct transfer {
	CURL *curl;
	struct fetch_answer *answer;
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

static int
status_of(CURL *curl)
{
	long status = 0;

	(void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	return (int)status;
}

/* Only the body of a 200 is used; others may never end. */
static size_t
on_body(char *bytes, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;

	if (status_of(transfer->curl) != 200)
		return CURL_WRITEFUNC_ERROR;
	buffer_add(&transfer->answer->body, (struct span){ bytes, size * count });
	transfer->too_large = transfer->answer->body.failed;
	return transfer->too_large ? CURL_WRITEFUNC_ERROR : size * count;
}

/* The value of the `index`-th header with that name in the final response; interim (1xx) responses
 * are ignored. at == NULL: there are fewer. */
static struct span
header_at(CURL *curl, const char *name, size_t index)
{
	struct curl_header *header;

	if (curl_easy_header(curl, name, index, CURLH_HEADER, -1, &header) != CURLHE_OK)
		return (struct span){ 0 };
	return span_trim(span_of(header->value));
}

/* Of several, the last counts. */
static struct span
header_of(CURL *curl, const char *name)
{
	struct span value = { 0 }, next = header_at(curl, name, 0);

	for (size_t i = 1; next.at != NULL; i++) {
		value = next;
		next = header_at(curl, name, i);
	}
	return value;
}

/* The etag is sent in the next request, so it must not contain a line break or another header. */
static void
note_etag(CURL *curl, struct fetch_answer *answer)
{
	struct span value = header_of(curl, "ETag");

	for (size_t i = 0; i < value.len; i++)
		if (value.at[i] <= ' ' || value.at[i] > '~')
			return;
	if (value.len < sizeof(answer->etag))
		(void)snprintf(answer->etag, sizeof(answer->etag), "%.*s", SPAN_ARG(value));
}

/* A configured ca_file replaces the system's certificates. */
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
	    timeout_ms < CONNECT_MAX_MS ? timeout_ms : (long)CONNECT_MAX_MS);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, (long)SLOWEST_BYTES_PER_S);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)SLOWEST_FOR_S);
#if LIBCURL_VERSION_NUM >= 0x075700
	/* If a name server does not answer, do not wait for its timeout at the end of a transfer;
	 * the resolver's thread ends by itself. */
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
	curl_easy_setopt(curl, CURLOPT_NOPROXY, ""); /* ignore the environment */
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

/* curl_easy_perform() calls its callbacks only once a second; stopping must be quicker. */
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

/* Leave out the query: it may contain secrets. */
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
is_html(CURL *curl, struct span body)
{
	size_t at = 0;

	if (span_equal_nocase(span_slice(header_of(curl, "Content-Type"), 0, 9), SPAN("text/html")))
		return true;
	while (at < body.len && (body.at[at] == ' ' || body.at[at] == '\t' || body.at[at] == '\r' ||
				    body.at[at] == '\n'))
		at++;
	return at < body.len && body.at[at] == '<';
}

static bool
is_coded(CURL *curl)
{
	struct span coding = header_of(curl, "Content-Encoding");

	return coding.at != NULL && !span_equal_nocase(coding, SPAN("identity"));
}

/* Describe the response that came instead of a key set. */
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
	/* libcurl's message differs between versions. */
	if (code == CURLE_PARTIAL_FILE) {
		(void)err_set(reterr, "the answer ends early");
		return fail(answer, FAILURE_TRUNCATED);
	}
	if (code != CURLE_OK) {
		(void)err_set(reterr, "%s%s", about_tls(code) ? "TLS: " : "",
		    cause[0] != '\0' ? cause : curl_easy_strerror(code));
		return fail(answer, failure_of(code));
	}
	if (is_coded(transfer->curl)) {
		(void)err_set(reterr, "a compressed answer, which was not requested");
		return fail(answer, FAILURE_COMPRESSED);
	}
	if (is_html(transfer->curl, buffer_span(&answer->body))) {
		(void)err_set(reterr, "a login page or HTML instead of JSON");
		return fail(answer, FAILURE_HTML);
	}
	return true;
}

/* Check the status first: the body of a 500 can be anything. */
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
note_times(CURL *curl, struct fetch_answer *answer)
{
	struct cachecontrol said = CACHECONTROL_UNSAID;
	curl_off_t retry_after_s = 0;
	struct span value;

	for (size_t i = 0; (value = header_at(curl, "Cache-Control", i)).at != NULL; i++)
		cachecontrol_read(&said, value);
	value = header_of(curl, "Age");
	if (value.at != NULL)
		cachecontrol_read_age(&said, value);
	answer->max_age_s = cachecontrol_fresh_s(&said);
	(void)curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after_s);
	if (retry_after_s > 0)
		answer->retry_after_s = (int64_t)retry_after_s;
}

/* Send the bearer token only over verified TLS or within this machine, so never through a proxy in
 * clear text. */
static bool
may_show_bearer(const struct source *source, const char *url)
{
	return source_url_safe(span_of(url)) &&
	       (source->proxy == NULL || !span_starts(span_of(url), SPAN("http://")));
}

static bool
set_bearer(CURL *curl, const char *path, struct err *reterr)
{
	struct buffer token;
	bool good;

	buffer_init(&token, BEARER_MAX);
	good = bearer_read(path, &token, reterr) &&
	       ((curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER) == CURLE_OK &&
		    curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, token.at) == CURLE_OK) ||
		   err_set(reterr, "out of memory"));
	buffer_wipe(&token);
	return good;
}

/* Send the known ETag, so that an unchanged set is not transferred again. */
static bool
set_etag(CURL *curl, const struct source *source, struct curl_slist **ret_lines)
{
	char line[FETCH_ETAG_ROOM + 32];

	if (source->etag == NULL || source->etag[0] == '\0')
		return true;
	(void)snprintf(line, sizeof(line), "If-None-Match: %s", source->etag);
	*ret_lines = curl_slist_append(NULL, line);
	return *ret_lines != NULL &&
	       curl_easy_setopt(curl, CURLOPT_HTTPHEADER, *ret_lines) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE) == CURLE_OK;
}

/* The request headers of this fetch. */
static bool
set_headers(CURL *curl, const struct fetch_request *request, struct curl_slist **ret_lines,
    struct err *reterr)
{
	const struct source *source = request->source;

	if (source->bearer != NULL && !may_show_bearer(source, request->url))
		return err_set(reterr, "the bearer token is not sent there: not https");
	if (source->bearer != NULL && !set_bearer(curl, source->bearer, reterr))
		return err_within(reterr, "jwks.bearer");
	return set_etag(curl, source, ret_lines) || err_set(reterr, "out of memory");
}

bool
fetch_get(const struct fetch_request *request, struct fetch_answer *answer, struct err *reterr)
{
	CURL *curl = curl_easy_init();
	struct transfer transfer = { .curl = curl, .answer = answer };
	struct curl_slist *lines = NULL;
	char cause[CURL_ERROR_SIZE];
	bool done = false;
	CURLcode code;

	*answer = (struct fetch_answer){ .max_age_s = UNSAID, .retry_after_s = UNSAID };
	buffer_init(&answer->body, KEYSET_MAX_BYTES);
	if (curl == NULL) {
		(void)err_set(reterr, "out of memory");
		return fail(answer, FAILURE_OTHER);
	}
	if (!set_headers(curl, request, &lines, reterr)) {
		(void)fail(answer, FAILURE_BEARER);
		goto out;
	}
	set_options(curl, request->source, request->url);
	set_callbacks(curl, &transfer, cause);
	code = perform(curl, request->stop);
	answer->status = status_of(curl);
	note_times(curl, answer);
	note_etag(curl, answer);
	if (answer->status != 0 && answer->status != 200)
		done = judge_status(curl, request->source, answer, reterr);
	else
		done = judge(&transfer, code, cause, reterr);
out:
	curl_easy_cleanup(curl);
	curl_slist_free_all(lines);
	return done;
}
