/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/store/postgres_connect.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/names.h"
#include "base/span.h"
#include "issuer/store/postgres_url.h"

#define NAME_MAX 1024
#define OPTIONS_MAX 80
#define MESSAGE_MAX 400
#define HOST_MAX 256
#define NAMES_US INT64_C(3000000)

/* Defaults that the URL can override. GSSAPI is off: it would need the network for every
 * connection, and passwords and certificates work without it. */
static const char *const ours[][2] = {
	{ "connect_timeout", "3" },
	{ "keepalives_idle", "5" },
	{ "keepalives_interval", "2" },
	{ "keepalives_count", "3" },
	{ "tcp_user_timeout", "10000" },
	{ "target_session_attrs", "read-write" },
	{ "gssencmode", "disable" },
	{ "application_name", "postern" },
	{ NULL, NULL },
};

/* Settings that override the URL. */
static const char *const always[][2] = {
	{ "client_encoding", "UTF8" },
	{ NULL, NULL },
};

/* Keywords and values as PQconnectdbParams() takes them; lent by the options they are from. */
struct params {
	const char *keywords[OPTIONS_MAX + 1];
	const char *values[OPTIONS_MAX + 1];
	size_t count;
};

/* NULL also when it is empty: then it has no effect on libpq. */
static const char *
option(const PQconninfoOption *options, const char *keyword)
{
	for (; options->keyword != NULL; options++)
		if (strcmp(options->keyword, keyword) == 0)
			return options->val != NULL && options->val[0] != '\0' ? options->val
									       : NULL;
	return NULL;
}

static void
put(struct params *params, const char *keyword, const char *value)
{
	if (params->count == OPTIONS_MAX)
		return;
	params->keywords[params->count] = keyword;
	params->values[params->count++] = value;
}

static void
fill(struct params *params, const PQconninfoOption *options)
{
	for (const PQconninfoOption *one = options; one->keyword != NULL; one++)
		if (one->val != NULL)
			put(params, one->keyword, one->val);
	for (size_t i = 0; ours[i][0] != NULL; i++)
		if (option(options, ours[i][0]) == NULL)
			put(params, ours[i][0], ours[i][1]);
	for (size_t i = 0; always[i][0] != NULL; i++)
		put(params, always[i][0], always[i][1]);
}

static char *
make_name(const PQconninfoOption *options)
{
	static const char *const parts[][2] = { { "", "user" }, { "@", "host" }, { ":", "port" },
		{ "/", "dbname" } };
	struct buffer buffer;
	char *name;

	buffer_init(&buffer, NAME_MAX);
	buffer_add_text(&buffer, "postgresql://");
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const char *value = option(options, parts[i][1]);

		if (value == NULL)
			continue;
		buffer_add_text(&buffer, parts[i][0]);
		buffer_add_text(&buffer, value);
	}
	name = buffer.failed ? strdup("postgresql://") : strdup(buffer.at);
	buffer_done(&buffer);
	return name;
}

/* Overwritten before they are given back: the password is among them. */
static void
forget(PQconninfoOption *options)
{
	for (PQconninfoOption *one = options; one != NULL && one->keyword != NULL; one++)
		if (one->val != NULL)
			digest_wipe(one->val, strlen(one->val));
	PQconninfoFree(options);
}

/* --- what may be told --- */

static bool
leaks(const char *message, const char *secret)
{
	return secret != NULL && secret[0] != '\0' && strstr(message, secret) != NULL;
}

/* Every option that libpq itself would mask. */
static bool
leaks_any(const char *message, const PGconn *conn)
{
	PQconninfoOption *options =
	    conn == NULL ? NULL : PQconninfo((PGconn *)(void *)(size_t)conn);
	bool found = false;

	for (PQconninfoOption *one = options; one != NULL && one->keyword != NULL; one++)
		if (one->dispchar[0] == '*' && leaks(message, one->val))
			found = true;
	forget(options);
	return found || (conn != NULL && leaks(message, PQpass(conn)));
}

bool
postgres_says(const char *name, const PGconn *conn, const char *message, struct err *reterr)
{
	char line[MESSAGE_MAX];
	size_t len = 0;

	for (; *message != '\0' && len + 1 < sizeof(line); message++) {
		bool blank = (unsigned char)*message <= ' ';

		if (!blank || (len > 0 && line[len - 1] != ' '))
			line[len++] = blank ? ' ' : *message;
	}
	while (len > 0 && line[len - 1] == ' ')
		len--;
	line[len] = '\0';
	if (len == 0)
		return err_set(reterr, "%s: the connection was lost", name);
	if (leaks_any(line, conn))
		return err_set(
		    reterr, "%s: failed; what the database says holds the password", name);
	return err_set(reterr, "%s: %s", name, line);
}

/* --- connecting --- */

/* libpq waits for a name server as long as the system does; connect_timeout does not count there.
 * Every name of a list is resolved, with one time limit for all. */
static bool
names_known(const PQconninfoOption *options, const char *name, struct err *reterr)
{
	struct span rest = span_of(option(options, "host")), one;
	int64_t deadline_us = clock_mono_us() + NAMES_US;
	char host[HOST_MAX];

	if (rest.at == NULL || option(options, "hostaddr") != NULL)
		return true;
	while (span_cut(&rest, ',', &one)) {
		/* A path is a Unix socket; no host name is this long. */
		if (one.len == 0 || one.at[0] == '/' || one.at[0] == '@' || one.len >= sizeof(host))
			continue;
		memcpy(host, one.at, one.len);
		host[one.len] = '\0';
		if (!names_answered(host, deadline_us, reterr))
			return err_within(reterr, "%s", name);
	}
	return true;
}

bool
postgres_connect(const char *url, char **ret_name, PGconn **ret_conn, struct err *reterr)
{
	PQconninfoOption *options;
	struct params params = { .count = 0 };
	PGconn *conn = NULL;
	bool done = false;

	if (!postgres_url_check(url, reterr))
		return err_within(reterr, "the URL of the database");
	options = PQconninfoParse(url, NULL);
	if (options == NULL)
		return err_set(reterr, "no memory");
	*ret_name = make_name(options);
	if (*ret_name == NULL) {
		(void)err_set(reterr, "no memory");
		goto out;
	}
	if (!names_known(options, *ret_name, reterr))
		goto out;
	fill(&params, options);
	conn = PQconnectdbParams(params.keywords, params.values, 0);
	if (conn == NULL)
		(void)err_set(reterr, "no memory");
	else if (PQstatus(conn) != CONNECTION_OK)
		(void)postgres_says(*ret_name, conn, PQerrorMessage(conn), reterr);
	else
		done = true;
	if (done)
		*ret_conn = conn;
	else
		PQfinish(conn);
out:
	forget(options);
	return done;
}
