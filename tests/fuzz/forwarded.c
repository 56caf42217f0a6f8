/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever a client writes in front of what a trusted proxy appends, the client is whom that proxy
 * names, or the request is refused. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/http/forwarded_client.h"

static const struct {
	unsigned headers;
	const char *name, *appended, *client;
} proxies[] = {
	{ FORWARDED_FOR, "X-Forwarded-For", ", 192.0.2.1", "192.0.2.1" },
	{ FORWARDED_FOR, "X-Forwarded-For", ",[2001:db8::1]:4711", "2001:db8::1" },
	{ FORWARDED_ELEMENTS, "Forwarded", ", for=192.0.2.1;proto=https", "192.0.2.1" },
	{ FORWARDED_ELEMENTS, "Forwarded", ",for=\"[2001:db8::1]:4711\";host=\"a:1\"",
	    "2001:db8::1" },
	{ FORWARDED_ELEMENTS, "Forwarded", ", proto=http;by=\"[::1]\"", "unknown" },
	{ FORWARDED_FOR, "X-Forwarded-For", "", NULL },
	{ FORWARDED_ELEMENTS, "Forwarded", "", NULL },
};

static bool
is_name(const char *peer)
{
	struct cidr_address address;

	return cidr_address_read(span_of(peer), &address) || strcmp(peer, "unknown") == 0 ||
	       (peer[0] == '_' && peer[1] != '\0');
}

/* In memory of its own size, so that nothing is read beyond it. */
static enum reason
read_value(size_t i, struct span said, struct request *request)
{
	static struct cidr_set none = { .has_unix = true };
	struct forwarded_rules rules = { none, proxies[i].headers };
	size_t more = strlen(proxies[i].appended);
	char *value = malloc(said.len + more + 1);
	enum reason reason;

	MUST_HOLD(value != NULL);
	memcpy(value, said.at, said.len);
	memcpy(value + said.len, proxies[i].appended, more);
	*request = (struct request){ .header_count = 1, .peer = REQUEST_PEER_UNIX };
	request->headers[0] =
	    (struct header){ span_of(proxies[i].name), { value, said.len + more } };
	reason = forwarded_client_read(&rules, request);
	request->host = (struct span){ 0 };
	free(value);
	return reason;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct request request;

	fuzz_accepted = false;
	for (size_t i = 0; i < sizeof(proxies) / sizeof(proxies[0]); i++) {
		enum reason reason = read_value(i, fuzz_span(data, size), &request);

		MUST_HOLD((reason == REASON_OK) == (request.detail == NULL));
		if (reason != REASON_OK)
			continue;
		MUST_HOLD(is_name(request.peer));
		MUST_HOLD(strcmp(request.proxy, REQUEST_PEER_UNIX) == 0);
		MUST_HOLD(
		    proxies[i].client == NULL || strcmp(request.peer, proxies[i].client) == 0);
		if (proxies[i].client == NULL)
			fuzz_accepted = true;
	}
	return 0;
}
