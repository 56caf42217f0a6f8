/* SPDX-License-Identifier: Apache-2.0 */
/* A checked request has one framing, which its headers say once; how names are written, and in
 * which order they come, makes no difference to it. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

#include "lines.h"
#include "proxy/http/request.h"

static void
check_framing(const struct request *request)
{
	size_t lengths = request_header_count(request, "content-length");
	size_t codings = request_header_count(request, "transfer-encoding");

	MUST_HOLD(lengths + codings == (request->framing == BODY_NONE ? 0u : 1u));
	MUST_HOLD((request->framing == BODY_CHUNKED) == (codings == 1));
	MUST_HOLD(request->framing != BODY_CHUNKED || request->version_minor == 1);
	MUST_HOLD(request->content_length >= 0);
	if (request->framing == BODY_LENGTH) {
		struct span said = request_header(request, "Content-Length");
		char digits[32];

		MUST_HOLD(said.len > 0 && said.len < sizeof(digits));
		(void)snprintf(digits, sizeof(digits), "%0*lld", (int)said.len,
		    (long long)request->content_length);
		MUST_HOLD(span_is(said, digits));
	}
}

static void
check_head(const struct request *request)
{
	size_t hosts = request_header_count(request, "HOST");

	MUST_HOLD(request->method.len > 0);
	MUST_HOLD(!span_is(request->method, "CONNECT") && !span_is(request->method, "TRACE"));
	MUST_HOLD(hosts == 1 || (hosts == 0 && request->version_minor == 0));
	MUST_HOLD(hosts == 0 || request->host.len > 0);
	MUST_HOLD(request_header_count(request, "authorization") <= 1);
	MUST_HOLD(!request->keep_alive || !request_connection_has(request, "close"));
	MUST_HOLD(!request->expects_continue || request->framing != BODY_NONE);
	for (size_t i = 0; i < request->header_count; i++) {
		const struct header *header = &request->headers[i];

		MUST_HOLD(header->name.len > 0);
		for (size_t j = 0; j < header->name.len; j++)
			MUST_HOLD(header->name.at[j] > ' ' && header->name.at[j] < 0x7f &&
				  header->name.at[j] != ':');
		for (size_t j = 0; j < header->value.len; j++)
			MUST_HOLD(((unsigned char)header->value.at[j] >= ' ' &&
				      header->value.at[j] != 0x7f) ||
				  header->value.at[j] == '\t');
	}
}

static char
flip_case(char c)
{
	bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

	return letter ? (char)(c ^ 0x20) : c;
}

/* The headers backwards, their names in the other case, in `names`. */
static void
turn_round(const struct request *request, char *names, struct request *turned)
{
	*turned = (struct request){ .method = request->method,
		.target = request->target,
		.version_minor = request->version_minor,
		.header_count = request->header_count };
	for (size_t i = 0; i < request->header_count; i++) {
		struct header header = request->headers[request->header_count - 1 - i];

		for (size_t j = 0; j < header.name.len; j++)
			names[j] = flip_case(header.name.at[j]);
		header.name.at = names;
		names += header.name.len;
		turned->headers[i] = header;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct request request, turned;
	char *names = malloc(size + 1);
	enum reason reason;

	MUST_HOLD(names != NULL);
	lines_read(fuzz_span(data, size), &request);
	turn_round(&request, names, &turned);
	reason = request_check(&request);
	fuzz_accepted = reason == REASON_OK;
	MUST_HOLD(fuzz_accepted || request.detail != NULL);
	MUST_HOLD(fuzz_accepted || !request.keep_alive);
	MUST_HOLD(request_check(&turned) == reason);
	if (fuzz_accepted) {
		check_framing(&request);
		check_head(&request);
		MUST_HOLD(turned.framing == request.framing);
		MUST_HOLD(turned.content_length == request.content_length);
		MUST_HOLD(turned.expects_continue == request.expects_continue);
		MUST_HOLD(span_equal(turned.host, request.host));
	}
	free(names);
	return 0;
}
