/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/init_fits.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/nearest.h"
#include "base/url.h"
#include "base/utf8.h"
#include "cli/init_files.h"
#include "cli/init_provider.h"
#include "cli/init_write.h"
#include "proxy/config/address.h"

bool
init_fits_text(const void *unused, const char *answer, struct err *reterr)
{
	(void)unused;
	return (answer[0] != '\0' && utf8_plain(span_of(answer))) ||
	       err_set(reterr, "must be text without control characters");
}

bool
init_fits_folder(const void *unused, const char *answer, struct err *reterr)
{
	char path[INIT_WRITE_PATH];
	struct stat ignored;

	if (!init_fits_text(unused, answer, reterr))
		return false;
	for (size_t i = 0; init_files_names[i] != NULL; i++) {
		if (!init_write_path(answer, init_files_names[i], path, reterr))
			return false;
		if (lstat(path, &ignored) == 0)
			return err_set(
			    reterr, "%s exists already, and nothing is overwritten", path);
	}
	return true;
}

bool
init_fits_provider(const void *unused, const char *answer, struct err *reterr)
{
	struct nearest nearest = { .word = init_provider_nearest(span_of(answer)) };
	char hint[NEAREST_HINT];

	(void)unused;
	return init_provider_find(span_of(answer)) != NULL ||
	       err_set(reterr,
		   "must be one of okta entra keycloak auth0 cognito google ping oci "
		   "gitlab github kubernetes local other%s",
		   nearest_hint(&nearest, hint));
}

bool
init_fits_project(const void *unused, const char *answer, struct err *reterr)
{
	const char *slash = strchr(answer, '/');
	size_t len = strlen(answer);

	return init_fits_text(unused, answer, reterr) &&
	       ((slash != NULL && slash != answer && answer[len - 1] != '/' &&
		    strpbrk(answer, " :*") == NULL && strstr(answer, "//") == NULL) ||
		   err_set(reterr,
		       "must be an owner and a name, such as acme/shop: it is compared exactly"));
}

bool
init_fits_key_url(const void *unused, const char *answer, struct err *reterr)
{
	struct url url;

	(void)unused;
	return url_read(span_of(answer), URL_PATH | URL_QUERY | URL_SAFE, &url, reterr);
}

bool
init_fits_upstream(const void *unused, const char *answer, struct err *reterr)
{
	struct url url;

	(void)unused;
	return url_read(span_of(answer), URL_PATH | URL_SOCKET, &url, reterr);
}

bool
init_fits_address(const void *unused, const char *answer, struct err *reterr)
{
	struct address address;

	(void)unused;
	if (!address_read(answer, &address, reterr))
		return false;
	return address.kind == ADDRESS_IPV4 || address.kind == ADDRESS_IPV6 ||
	       err_set(reterr, "must be an address and a port, such as 127.0.0.1:8080");
}

bool
init_fits_domain(const void *unused, const char *answer, struct err *reterr)
{
	char text[URL_HOST + 16];
	int len = snprintf(text, sizeof(text), "https://%s", answer);
	struct err ignored;
	struct url url;

	(void)unused;
	return (len > 0 && (size_t)len < sizeof(text) && strchr(answer, '/') == NULL &&
		   url_read(span_of(text), 0, &url, &ignored)) ||
	       err_set(reterr, "must be a host name alone, without https://");
}

bool
init_fits_segment(const void *unused, const char *answer, struct err *reterr)
{
	const char *at = answer;

	(void)unused;
	while (isalnum((unsigned char)*at) || (*at != '\0' && strchr("-._~%", *at) != NULL))
		at++;
	return (*at == '\0' && at > answer && strcmp(answer, ".") != 0 &&
		   strcmp(answer, "..") != 0) ||
	       err_set(reterr, "must be letters, digits, \"-\", \".\", \"_\" and \"~\"");
}

bool
init_fits_tenant(const void *unused, const char *answer, struct err *reterr)
{
	static const char *const several[] = { "common", "organizations", "consumers" };

	for (size_t i = 0; i < sizeof(several) / sizeof(several[0]); i++)
		if (span_equal_nocase(span_of(answer), span_of(several[i])))
			return err_set(reterr,
			    "must be the id of one tenant: tokens name the tenant that they are "
			    "of, never \"%s\"",
			    several[i]);
	return init_fits_segment(unused, answer, reterr);
}

bool
init_fits_pool(const void *unused, const char *answer, struct err *reterr)
{
	size_t region = span_find(span_of(answer), '_');

	return init_fits_segment(unused, answer, reterr) &&
	       ((region > 0 && region + 1 < strlen(answer)) ||
		   err_set(reterr, "must be the id of a user pool, such as eu-west-1_AbCdEfGhI"));
}
