/* SPDX-License-Identifier: Apache-2.0 */
#include "jwks/fetch_headers.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/span.h"
#include "jwks/fetch.h"

#define BEARER_MOST (16u << 10)

static bool
add_line(struct curl_slist **lines, const char *line)
{
	struct curl_slist *more = curl_slist_append(*lines, line);

	if (more != NULL)
		*lines = more;
	return more != NULL;
}

static bool
add_bearer(const char *path, struct curl_slist **lines, struct err *reterr)
{
	struct buffer token, line;
	struct span text;
	bool good = false;

	buffer_init(&token, BEARER_MOST);
	buffer_init(&line, 2 * BEARER_MOST);
	if (!file_read(path, &token, reterr))
		goto out;
	text = span_trim(buffer_span(&token));
	while (text.len > 0 && (text.at[text.len - 1] == '\n' || text.at[text.len - 1] == '\r'))
		text.len--;
	good = text.len > 0;
	for (size_t i = 0; i < text.len; i++)
		good = good && text.at[i] > ' ' && text.at[i] <= '~';
	if (!good) {
		(void)err_set(reterr, "%s: not a bearer token", path);
		goto out;
	}
	buffer_format(&line, "Authorization: Bearer %.*s", SPAN_ARG(text));
	good = !line.failed && add_line(lines, line.at);
	if (!good)
		(void)err_set(reterr, "out of memory");
out:
	buffer_wipe(&token);
	buffer_wipe(&line);
	return good;
}

/* The secret goes to whom TLS proves, or stays on this machine: so not through a proxy in clear. */
bool
fetch_headers_add(
    const struct source *source, const char *url, struct curl_slist **lines, struct err *reterr)
{
	char line[FETCH_ETAG_ROOM + 32];

	if (source->bearer != NULL) {
		if (!source_url_safe(span_of(url)) ||
		    (source->proxy != NULL && span_starts(span_of(url), SPAN("http://"))))
			return err_set(reterr, "the bearer is not sent there: not https");
		if (!add_bearer(source->bearer, lines, reterr))
			return err_within(reterr, "jwks.bearer");
	}
	if (source->etag == NULL || source->etag[0] == '\0')
		return true;
	(void)snprintf(line, sizeof(line), "If-None-Match: %s", source->etag);
	return add_line(lines, line) || err_set(reterr, "out of memory");
}

void
fetch_headers_free(struct curl_slist *lines)
{
	for (struct curl_slist *line = lines; line != NULL; line = line->next)
		explicit_bzero(line->data, strlen(line->data));
	curl_slist_free_all(lines);
}
