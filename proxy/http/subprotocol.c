/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/http/subprotocol.h"

#include "proxy/http/header.h"
#include "proxy/http/token_char.h"

#define NAME SPAN("Sec-WebSocket-Protocol")
#define BEARER "bearer"

static enum reason
malformed(const char **ret_detail, const char *detail)
{
	*ret_detail = detail;
	return REASON_CREDENTIALS_MALFORMED;
}

/* Find the header. False: there are several, or one in another spelling. */
static bool
find_header(const struct request *request, struct span *ret_value)
{
	size_t count = 0;

	for (size_t i = 0; i < request->header_count; i++) {
		const struct header *header = &request->headers[i];

		if (!header_same_name(header->name, NAME))
			continue;
		if (!span_equal_nocase(header->name, NAME) || ++count > 1)
			return false;
		*ret_value = header->value;
	}
	return true;
}

enum reason
subprotocol_find(const struct request *request, struct span *ret_token, const char **ret_detail)
{
	struct span rest = { 0 }, entry;
	bool bearer = false;

	*ret_token = (struct span){ 0 };
	if (!find_header(request, &rest))
		return malformed(
		    ret_detail, "more than one Sec-WebSocket-Protocol header, or another spelling");
	while (span_cut(&rest, ',', &entry)) {
		entry = span_trim(entry);
		if (!token_char_all(entry))
			return malformed(
			    ret_detail, "an entry of Sec-WebSocket-Protocol is no token");
		if (!span_equal_nocase(entry, SPAN(BEARER))) {
			if (bearer && ret_token->at == NULL)
				*ret_token = entry;
			continue;
		}
		if (!span_is(entry, BEARER))
			return malformed(
			    ret_detail, "bearer must be in lower case in Sec-WebSocket-Protocol");
		if (bearer) {
			*ret_detail = "Sec-WebSocket-Protocol has bearer twice";
			return REASON_CREDENTIALS_DUPLICATE;
		}
		bearer = true;
	}
	if (bearer && ret_token->at == NULL)
		return malformed(ret_detail, "nothing follows bearer in Sec-WebSocket-Protocol");
	return REASON_OK;
}

void
subprotocol_add_others(struct span value, struct buffer *buffer)
{
	struct span rest = value, entry;
	bool first = true;

	while (span_cut(&rest, ',', &entry)) {
		entry = span_trim(entry);
		if (span_is(entry, BEARER)) {
			(void)span_cut(&rest, ',', &entry); /* the token */
			continue;
		}
		buffer_add_text(buffer, first ? "" : ", ");
		buffer_add(buffer, entry);
		first = false;
	}
}
