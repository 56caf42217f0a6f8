/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/http/forwarded_client.h"

#include <string.h>

#include "proxy/http/forwarded_list.h"
#include "proxy/http/forwarded_node.h"

/* What the last proxy that counts says of its client, and how many of them there are. */
struct chain {
	struct forwarded_element said;
	size_t proxies;
};

/* The client, by what one proxy says. */
static void
name_client(struct request *request, const char name[REQUEST_PEER_ROOM])
{
	if (request->proxy[0] == '\0')
		memcpy(request->proxy, request->peer, sizeof(request->proxy));
	memcpy(request->peer, name, sizeof(request->peer));
	request->certificate = NULL; /* the proxy's */
}

/* An element that does not say for whom it is conceals it. */
static const char *
read_entry(const struct forwarded_rules *rules, struct span entry, struct forwarded_element *said,
    char name[REQUEST_PEER_ROOM])
{
	if ((rules->headers & FORWARDED_ELEMENTS) != 0) {
		if (!forwarded_element_read(entry, said))
			return "an element of Forwarded cannot be read";
		entry = said->node.at == NULL ? SPAN("unknown") : said->node;
		return forwarded_node_read(entry, name)
			   ? NULL
			   : "\"for\" in an element of Forwarded is no address";
	}
	return forwarded_node_read(entry, name) ? NULL
						: "an entry of X-Forwarded-For is no address";
}

/* From proxy to proxy, up to the first that is not trusted: it is the client. Where all are, it is
 * the first one of all. */
static const char *
follow(const struct forwarded_rules *rules, struct request *request, struct chain *chain)
{
	struct forwarded_list list = forwarded_list_of(
	    request, (rules->headers & FORWARDED_ELEMENTS) != 0 ? "Forwarded" : "X-Forwarded-For");
	char name[REQUEST_PEER_ROOM] = "";
	const char *wrong;
	struct span entry;

	while (cidr_set_has(&rules->proxies, span_of(request->peer)) &&
	       forwarded_list_back(&list, &entry)) {
		if (chain->proxies++ == FORWARDED_CLIENT_PROXIES)
			return "more than 100 trusted proxies in a row";
		wrong = read_entry(rules, entry, &chain->said, name);
		if (wrong != NULL)
			return wrong;
		name_client(request, name);
	}
	return NULL;
}

/* What the same proxy says elsewhere: as many entries from the end, or the first of fewer, since a
 * proxy may replace what another one has said. */
static void
look_up(const struct request *request, const char *name, size_t proxies, struct span *ret_value)
{
	struct forwarded_list list = forwarded_list_of(request, name);

	do {
		if (!forwarded_list_back(&list, ret_value))
			return;
	} while (ret_value->at != NULL && proxies-- > 1);
	if (ret_value->at == NULL)
		*ret_value = SPAN("");
}

/* Of a WebSocket some say its own scheme. */
static bool
read_scheme(struct span text, bool *ret_secure)
{
	*ret_secure =
	    span_equal_nocase(text, SPAN("https")) || span_equal_nocase(text, SPAN("wss"));
	return *ret_secure || span_equal_nocase(text, SPAN("http")) ||
	       span_equal_nocase(text, SPAN("ws"));
}

static const char *
take_over(const struct forwarded_element *said, struct request *request)
{
	if (said->proto.at != NULL && !read_scheme(said->proto, &request->secure))
		return "the scheme that a trusted proxy says is neither http nor https";
	if (said->host.at == NULL)
		return NULL;
	if (!request_host_valid(said->host))
		return "the host that a trusted proxy says is not a host";
	request->host = said->host;
	return NULL;
}

enum reason
forwarded_client_read(const struct forwarded_rules *rules, struct request *request)
{
	struct chain chain = { 0 };

	if (rules == NULL || rules->headers == 0 || request->concealed ||
	    !cidr_set_has(&rules->proxies, span_of(request->peer)))
		return REASON_OK;
	request->detail = NULL;
	if ((rules->headers & (FORWARDED_FOR | FORWARDED_ELEMENTS)) != 0)
		request->detail = follow(rules, request, &chain);
	if ((rules->headers & FORWARDED_PROTO) != 0)
		look_up(request, "X-Forwarded-Proto", chain.proxies, &chain.said.proto);
	if ((rules->headers & FORWARDED_HOST) != 0)
		look_up(request, "X-Forwarded-Host", chain.proxies, &chain.said.host);
	if (request->detail == NULL)
		request->detail = take_over(&chain.said, request);
	return request->detail == NULL ? REASON_OK : REASON_REQUEST_MALFORMED;
}
