/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials that are read are the only ones, and are scheme, spaces and value, with nothing
 * left over. */
#include "fuzz.h"

#include "lines.h"
#include "base/utf8.h"
#include "proxy/gate/credentials.h"
#include "proxy/http/cookie.h"
#include "proxy/http/subprotocol.h"

static void
check_value(const struct request *request, const struct credentials *credentials)
{
	struct span header = request_header(request, "authorization");
	struct span scheme =
	    credentials->scheme == CREDENTIALS_BASIC ? SPAN("basic") : SPAN("bearer");

	MUST_HOLD(credentials->value.len > 0);
	MUST_HOLD(header.len > scheme.len + credentials->value.len);
	MUST_HOLD(credentials->value.at + credentials->value.len == header.at + header.len);
	MUST_HOLD(span_equal_nocase(span_slice(header, 0, scheme.len), scheme));
	for (size_t i = scheme.len; i < header.len - credentials->value.len; i++)
		MUST_HOLD(header.at[i] == ' ');
	for (size_t i = 0; i < credentials->value.len; i++) {
		unsigned char byte = (unsigned char)credentials->value.at[i];

		MUST_HOLD(byte > ' ' && byte < 0x7f && byte != ',' && byte != '"');
	}
}

/* What Basic holds is text without control characters, and was in the value. */
static void
check_basic(struct credentials *credentials)
{
	struct span name = { NULL, 0 }, password = { NULL, 0 };
	struct arena arena;

	arena_init(&arena, 1u << 20);
	if (credentials_basic(credentials, &arena, &name, &password) == REASON_OK) {
		MUST_HOLD(utf8_plain(name) && utf8_plain(password));
		MUST_HOLD(span_find(name, ':') == name.len);
		MUST_HOLD(password.at == name.at + name.len + 1);
		MUST_HOLD((name.len + 1 + password.len + 2) / 3 * 4 == credentials->value.len);
	} else {
		MUST_HOLD(credentials->detail != NULL);
	}
	arena_done(&arena);
}

/* What is for the gate alone does not stay in what is forwarded; `c` is the cookie. */
static void
check_hidden(struct request *request)
{
	static const struct credential_places places = { "c", NULL, true };
	static const char *name = "c";
	static const struct texts cookies = { &name, 1, NULL };
	struct credentials credentials;
	struct span unused;

	if (credentials_read(request, &places, &credentials) != REASON_OK)
		return;
	for (size_t i = 0; i < request->header_count; i++) {
		struct header *header = &request->headers[i];
		struct request alone = { .headers = { *header }, .header_count = 1 };
		struct buffer others;

		buffer_init(&others, 1u << 20);
		if (span_equal_nocase(header->name, SPAN("Cookie")))
			cookie_add_others(header->value, &cookies, &others);
		else if (span_equal_nocase(header->name, SPAN("Sec-WebSocket-Protocol")))
			subprotocol_add_others(header->value, &others);
		MUST_HOLD(others.len <= header->value.len * 2);
		alone.headers[0].value = buffer_span(&others);
		MUST_HOLD(cookie_find(&alone, SPAN("c"), &unused) == 0);
		if (others.len > 0)
			MUST_HOLD(credentials_read(&alone, &places, &credentials) == REASON_OK &&
				  credentials.place == CREDENTIALS_IN_HEADER);
		buffer_done(&others);
	}
}

/* good: a Bearer or Basic value was found. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct request request;
	struct credentials credentials;
	enum reason reason;

	lines_read(fuzz_span(data, size), &request);
	reason = credentials_read(&request, NULL, &credentials);
	fuzz_accepted = reason == REASON_OK && credentials.scheme != CREDENTIALS_NONE;
	MUST_HOLD(reason == REASON_OK || credentials.detail != NULL);
	MUST_HOLD((request_header_count(&request, "Authorization") > 1) ==
		  (reason == REASON_CREDENTIALS_DUPLICATE));
	if (fuzz_accepted)
		check_value(&request, &credentials);
	else if (reason == REASON_OK)
		MUST_HOLD(credentials.value.len == 0);
	else
		MUST_HOLD(reason == REASON_CREDENTIALS_DUPLICATE ||
			  reason == REASON_CREDENTIALS_MALFORMED);
	check_hidden(&request);
	if (fuzz_accepted && credentials.scheme == CREDENTIALS_BASIC)
		check_basic(&credentials);
	return 0;
}
