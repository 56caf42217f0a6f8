/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/store/postgres_url.h"

#include <arpa/inet.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>

#include <libpq-fe.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/digits.h"
#include "base/file.h"
#include "base/span.h"

#define FILE_MAX (1u << 20)
#define ADDRESS_ROOM 64

#define TLS_VERSIONS "TLSv1, TLSv1.1, TLSv1.2, TLSv1.3"
#define AUTH_METHODS "password, md5, gss, sspi, scram-sha-256, none"
#define TLS_LEAST "TLSv1.2" /* libpq's own minimum */

/* What libpq's connectOptions2() accepts; parameters that it does not know cannot be read at all.
 * NULL: a whole number. */
static const struct rule {
	const char *keyword;
	const char *words;
} rules[] = {
	{ "connect_timeout", NULL },
	{ "keepalives", NULL },
	{ "keepalives_idle", NULL },
	{ "keepalives_interval", NULL },
	{ "keepalives_count", NULL },
	{ "tcp_user_timeout", NULL },
	{ "sslmode", "disable, allow, prefer, require, verify-ca, verify-full" },
	{ "sslcertmode", "disable, allow, require" },
	{ "sslnegotiation", "postgres, direct" },
	{ "ssl_min_protocol_version", TLS_VERSIONS },
	{ "ssl_max_protocol_version", TLS_VERSIONS },
	{ "gssencmode", "disable, prefer, require" },
	{ "channel_binding", "disable, prefer, require" },
	{ "load_balance_hosts", "disable, random" },
	{ "target_session_attrs", "any, read-write, read-only, primary, standby, prefer-standby" },
};

/* Empty values count as absent, as they do for PQconnectdbParams(). */
static struct span
value_of(const PQconninfoOption *options, const char *keyword)
{
	for (; options->keyword != NULL; options++)
		if (strcmp(options->keyword, keyword) == 0)
			return span_of(options->val == NULL ? "" : options->val);
	return SPAN("");
}

static void
forget(PQconninfoOption *options)
{
	for (PQconninfoOption *one = options; one != NULL && one->keyword != NULL; one++)
		if (one->val != NULL)
			digest_wipe(one->val, strlen(one->val));
	PQconninfoFree(options);
}

static bool
is_number(struct span text)
{
	int64_t number;

	if (span_starts(text, SPAN("-")))
		text = span_slice(text, 1, text.len);
	return digits_read(text, 10, &number) && number <= INT_MAX;
}

/* Its place in "a, b, c" from 1 on; 0: it is none of them. */
static int
place_among(struct span text, const char *words)
{
	struct span rest = span_of(words), word;

	for (int place = 1; span_cut(&rest, ',', &word); place++) {
		if (span_starts(word, SPAN(" ")))
			word = span_slice(word, 1, word.len);
		if (span_equal(text, word))
			return place;
	}
	return 0;
}

static bool
rules_hold(const PQconninfoOption *options, struct err *reterr)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		struct span value = value_of(options, rules[i].keyword);

		if (value.len == 0)
			continue;
		if (rules[i].words == NULL && !is_number(value))
			return err_set(reterr, "%s must be a whole number", rules[i].keyword);
		if (rules[i].words != NULL && place_among(value, rules[i].words) == 0)
			return err_set(
			    reterr, "%s must be one of %s", rules[i].keyword, rules[i].words);
	}
	return true;
}

/* Methods, or methods that are not to be used, each with "!" in front; no mixture. */
static bool
auth_fits(struct span list, struct err *reterr)
{
	bool first = true, negated = false;
	struct span one;

	while (list.len > 0 && span_cut(&list, ',', &one)) {
		bool negative = span_starts(one, SPAN("!"));

		if (negative)
			one = span_slice(one, 1, one.len);
		if (place_among(one, AUTH_METHODS) == 0 || (!first && negative != negated))
			return err_set(reterr, "require_auth must list some of " AUTH_METHODS
					       "; either all or none of them with \"!\" in front");
		negated = negative;
		first = false;
	}
	return true;
}

/* What holds between two of them. */
static bool
pairs_fit(const PQconninfoOption *options, struct err *reterr)
{
	struct span min = value_of(options, "ssl_min_protocol_version"),
		    max = value_of(options, "ssl_max_protocol_version"),
		    mode = value_of(options, "sslmode");

	if (min.len == 0)
		min = SPAN(TLS_LEAST);
	if (max.len > 0 && place_among(min, TLS_VERSIONS) > place_among(max, TLS_VERSIONS))
		return err_set(reterr,
		    "ssl_max_protocol_version is below ssl_min_protocol_version (" TLS_LEAST
		    " unless given)");
	if (span_is(value_of(options, "sslnegotiation"), "direct") &&
	    place_among(mode, "require, verify-ca, verify-full") == 0)
		return err_set(reterr, "sslnegotiation=direct needs sslmode=require or stricter");
	if (span_is(value_of(options, "sslrootcert"), "system") && mode.len > 0 &&
	    !span_is(mode, "verify-full"))
		return err_set(reterr, "sslrootcert=system needs sslmode=verify-full");
	/* The hosts of a service file would be resolved by libpq, without a time limit. */
	return value_of(options, "service").len == 0 ||
	       err_set(reterr, "service cannot be used: give the host itself");
}

/* --- hosts --- */

static size_t
count_of(struct span list)
{
	size_t count = 1;

	for (size_t i = 0; i < list.len; i++)
		count += list.at[i] == ',';
	return count;
}

static bool
is_port(struct span text)
{
	int64_t port;

	return text.len == 0 || (digits_read(text, 5, &port) && port >= 1 && port <= 65535);
}

/* An IPv6 address may have a scope, as in fe80::1%eth0. */
static bool
is_address(struct span text)
{
	char address[ADDRESS_ROOM];
	unsigned char bytes[16];
	size_t len = 0;

	while (len < text.len && text.at[len] != '%')
		len++;
	if (len >= sizeof(address))
		return false;
	memcpy(address, text.at, len);
	address[len] = '\0';
	return len == 0 || inet_pton(AF_INET, address, bytes) == 1 ||
	       inet_pton(AF_INET6, address, bytes) == 1;
}

static bool
each_is(struct span list, bool (*is)(struct span))
{
	struct span one;

	while (span_cut(&list, ',', &one))
		if (!is(one))
			return false;
	return true;
}

/* One port for all hosts, or one for each. */
static bool
hosts_fit(const PQconninfoOption *options, struct err *reterr)
{
	struct span host = value_of(options, "host"), addresses = value_of(options, "hostaddr"),
		    port = value_of(options, "port");
	size_t hosts = count_of(addresses.len > 0 ? addresses : host);

	if (!each_is(port, is_port))
		return err_set(reterr,
		    "the port must be 1..65535"
		    " (is anything special in user and password percent-encoded?)");
	if (!each_is(addresses, is_address))
		return err_set(reterr, "hostaddr must be a numeric address");
	if (host.len > 0 && count_of(host) != hosts)
		return err_set(reterr, "there must be as many addresses in hostaddr as hosts");
	return count_of(port) == 1 || count_of(port) == hosts ||
	       err_set(reterr, "there must be one port, or as many as hosts");
}

bool
postgres_url_check(const char *url, struct err *reterr)
{
	/* The error of libpq for an invalid URL repeats the URL, so it is not shown. */
	PQconninfoOption *options = PQconninfoParse(url, NULL);
	bool good;

	if (options == NULL)
		return err_set(reterr,
		    "must be a URL that libpq can read: postgresql://USER:PASSWORD@HOST/NAME, "
		    "with special characters in them percent-encoded");
	good = hosts_fit(options, reterr) && rules_hold(options, reterr) &&
	       auth_fits(value_of(options, "require_auth"), reterr) && pairs_fit(options, reterr);
	forget(options);
	return good;
}

/* --- files --- */

static bool
file_fits(const char *keyword, const char *path, struct err *reterr)
{
	struct buffer content;
	bool fits;

	buffer_init(&content, FILE_MAX);
	fits = file_read(path, &content, reterr);
	if (content.at != NULL)
		digest_wipe(content.at, content.len);
	buffer_done(&content);
	return fits || err_within(reterr, "%s", keyword);
}

bool
postgres_url_files_fit(const char *url, struct err *reterr)
{
	static const char *const keywords[] = { "sslrootcert", "sslcert", "sslkey", "sslcrl" };
	PQconninfoOption *options = PQconninfoParse(url, NULL);
	bool fits = true;

	if (options == NULL)
		return err_set(reterr, "no memory");
	for (size_t i = 0; fits && i < sizeof(keywords) / sizeof(keywords[0]); i++) {
		struct span path = value_of(options, keywords[i]);

		/* "system" and "ENGINE:KEY" are no files. */
		if (path.len > 0 && !span_is(path, "system") &&
		    (path.at[0] == '/' || memchr(path.at, ':', path.len) == NULL))
			fits = file_fits(keywords[i], path.at, reterr);
	}
	forget(options);
	return fits;
}
