/* SPDX-License-Identifier: Apache-2.0 */
#include "jwks/discovery.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "jwks/keyset.h"
#include "jwks/source.h"

#define TENANT_TEMPLATE "{tenantid}"

/* The path segment that means "every tenant with work accounts". */
#define ALL_TENANTS "organizations"

bool
discovery_url(const char *issuer, char url[DISCOVERY_URL_ROOM])
{
	const char *template = strcasestr(issuer, TENANT_TEMPLATE);
	const char *rest = template == NULL ? issuer : template + sizeof(TENANT_TEMPLATE) - 1;
	size_t len = strlen(rest);

	if (len > 0 && rest[len - 1] == '/')
		len--;
	return snprintf(url, DISCOVERY_URL_ROOM, "%.*s%s%.*s/.well-known/openid-configuration",
		   template == NULL ? 0 : (int)(template - issuer), issuer,
		   template == NULL ? "" : ALL_TENANTS, (int)len, rest) < DISCOVERY_URL_ROOM;
}

#define ISSUER_SHOWN 150u

static bool
cut_start(struct span *text, struct span start)
{
	bool starts = span_equal_nocase(span_slice(*text, 0, start.len), start);

	if (starts)
		*text = span_slice(*text, start.len, text->len);
	return starts;
}

/* Drops the scheme and a trailing slash, to find two spellings of one issuer. */
static struct span
core_of(struct span issuer)
{
	if (!cut_start(&issuer, SPAN("https://")))
		(void)cut_start(&issuer, SPAN("http://"));
	if (span_ends(issuer, SPAN("/")))
		issuer.len--;
	return issuer;
}

/* Entra's issuers of either version: version 1 has its own host, version 2 its own path. The tenant
 * may be written as a number or as a name. */
static bool
of_entra(struct span issuer)
{
	struct span core = core_of(issuer);

	return cut_start(&core, SPAN("sts.windows.net/")) ||
	       cut_start(&core, SPAN("login.microsoftonline.com/"));
}

static bool
has_template(struct span issuer)
{
	for (size_t i = 0; i < issuer.len; i++)
		if (span_equal_nocase(span_slice(issuer, i, i + sizeof(TENANT_TEMPLATE) - 1),
			SPAN(TENANT_TEMPLATE)))
			return true;
	return false;
}

static bool
tell_other(struct span got, const char *wanted, struct err *reterr)
{
	struct span own = span_of(wanted);
	bool entra = of_entra(got) && of_entra(own);
	const char *relation = " instead of";

	if (entra && has_template(got))
		relation = ": write that with your tenant's id for {tenantid}, not";
	else if (entra || span_equal_nocase(core_of(got), core_of(own)))
		relation = ": write exactly that, not";
	if (got.len > ISSUER_SHOWN)
		got.len = ISSUER_SHOWN;
	return err_set(
	    reterr, "discovery says issuer \"%.*s\"%s \"%s\"", SPAN_ARG(got), relation, wanted);
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
	said = json_text(json_member(root, "issuer"));
	uri = json_text(json_member(root, "jwks_uri"));
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

enum failure
discovery_failure(struct span json, const char *issuer)
{
	enum failure failure = FAILURE_DISCOVERY;
	struct err err = { "" };
	json_t *root = NULL;
	struct span said;

	if (!json_read(json, KEYSET_MAX_BYTES, &root, &err))
		return FAILURE_NOT_JSON;
	said = json_text(json_member(root, "issuer"));
	if (said.at != NULL && !span_is(said, issuer))
		failure = FAILURE_ISSUER_MISMATCH;
	json_decref(root);
	return failure;
}
