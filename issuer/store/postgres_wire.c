/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/store/postgres_wire.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>

#include "base/clock.h"

#define VALUES_MAX 24
#define NUMBER_ROOM 24
/* Of pg_type, fixed for ever. */
#define OID_INT8 20
#define OID_TEXT 25

/* Parameters as libpq takes them. */
struct values {
	Oid types[VALUES_MAX];
	const char *texts[VALUES_MAX];
	char numbers[VALUES_MAX][NUMBER_ROOM];
};

static bool
set_values(struct values *values, const struct sql_query *query)
{
	if (query->count > VALUES_MAX)
		return false;
	for (size_t i = 0; i < query->count; i++) {
		const struct sql_value *value = &query->values[i];

		values->types[i] = value->text != NULL ? OID_TEXT : OID_INT8;
		values->texts[i] = value->text != NULL ? value->text : values->numbers[i];
		if (value->text == NULL)
			(void)snprintf(
			    values->numbers[i], NUMBER_ROOM, "%lld", (long long)value->number);
	}
	return true;
}

bool
postgres_send(PGconn *conn, const struct sql_query *query)
{
	struct values values;

	return set_values(&values, query) && PQsendQueryParams(conn, query->text, (int)query->count,
						 values.types, values.texts, NULL, NULL, 0) != 0;
}

/* False: the time is over. */
static bool
wait_for(PGconn *conn, short events, int64_t until_us)
{
	struct pollfd fd = { .fd = PQsocket(conn), .events = events };
	int64_t left_us = until_us - clock_mono_us();
	int got;

	if (left_us <= 0 || fd.fd < 0)
		return false;
	got = poll(&fd, 1, (int)(left_us / 1000) + 1);
	return got > 0 || (got < 0 && errno == EINTR);
}

bool
postgres_flush(PGconn *conn, int64_t until_us)
{
	int left;

	/* The server may be waiting for us to read before it reads more. */
	while ((left = PQflush(conn)) > 0)
		if (!wait_for(conn, POLLIN | POLLOUT, until_us) || PQconsumeInput(conn) == 0)
			return false;
	return left == 0;
}

bool
postgres_next(PGconn *conn, int64_t until_us, PGresult **ret_result)
{
	while (PQisBusy(conn))
		if (!wait_for(conn, POLLIN, until_us) || PQconsumeInput(conn) == 0)
			return false;
	*ret_result = PQgetResult(conn);
	return true;
}
