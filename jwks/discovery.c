/* SPDX-License-Identifier: Apache-2.0 */
#include "jwks/discovery.h"

#include <stdio.h>

#include "base/json.h"
#include "jwks/keyset.h"
#include "jwks/source.h"

bool
discovery_url(const char *issuer, char url[DISCOVERY_URL_ROOM])
{
	size_t len = strlen(issuer);

	if (len > 0 && issuer[len - 1] == '/')
		len--;
	return snprintf(url, DISCOVERY_URL_ROOM, "%.*s/.well-known/openid-configuration", (int)len,
		   issuer) < DISCOVERY_URL_ROOM;
}

/* Without scheme and last slash: two spellings of one issuer. */
static struct span
core_of(struct span issuer)
{
	if (span_starts(issuer, SPAN("https://")))
		issuer = span_slice(issuer, 8, issuer.len);
	else if (span_starts(issuer, SPAN("http://")))
		issuer = span_slice(issuer, 7, issuer.len);
	if (span_ends(issuer, SPAN("/")))
		issuer.len--;
	return issuer;
}

static bool
tell_other(struct span got, const char *wanted, struct err *reterr)
{
	bool near = span_equal_nocase(core_of(got), core_of(span_of(wanted)));

	if (got.len > 150)
		got.len = 150;
	return err_set(reterr,
	    near ? "discovery says issuer \"%.*s\": write exactly that, not \"%s\""
		 : "discovery says issuer \"%.*s\" instead of \"%s\"",
	    SPAN_ARG(got), wanted);
}

bool
discovery_read(
    struct span json, const char *issuer, char jwks_uri[DISCOVERY_URL_ROOM], struct err *reterr)
{
	struct span said, uri;
	json_t *root = NULL;
	bool done = false;

	if (!json_read(json, KEYSET_MAX_BYTES, &root, reterr))
		return err_within(reterr, "discovery");
	said = json_text(json_object_get(root, "issuer"));
	uri = json_text(json_object_get(root, "jwks_uri"));
	if (said.at == NULL || uri.at == NULL)
		(void)err_set(
		    reterr, "discovery: no \"issuer\" or no \"jwks_uri\" in the document");
	else if (!span_is(said, issuer))
		(void)tell_other(said, issuer, reterr);
	else if (!source_url_safe(uri) || uri.len >= DISCOVERY_URL_ROOM)
		(void)err_set(
		    reterr, "discovery: jwks_uri is not https (http is for loopback only)");
	else {
		(void)snprintf(jwks_uri, DISCOVERY_URL_ROOM, "%.*s", SPAN_ARG(uri));
		done = true;
	}
	json_decref(root);
	return done;
}
