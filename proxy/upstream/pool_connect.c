/* SPDX-License-Identifier: Apache-2.0 */
/* New connections of pool.h. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "proxy/io/watch.h"
#include "proxy/upstream/pool.h"
#include "proxy/upstream/race.h"

static enum reason
fail(struct upstream *upstream, enum upstream_failure failure)
{
	upstream_count_failure(&upstream->count, failure);
	return failure == UPSTREAM_TIMEOUT ? REASON_UPSTREAM_TIMEOUT : REASON_UPSTREAM_UNREACHABLE;
}

/* Start with the address that worked last, so that the wait for a dead one happens only once. */
static void
put_good_first(struct upstream *upstream, struct resolve_answer *answer)
{
	struct resolve_address good, first = answer->addresses[0];

	(void)pthread_mutex_lock(&upstream->lock);
	good = upstream->good;
	(void)pthread_mutex_unlock(&upstream->lock);
	for (size_t i = 1; i < answer->count; i++) {
		if (answer->addresses[i].len == good.len &&
		    memcmp(&answer->addresses[i].address, &good.address, good.len) == 0) {
			answer->addresses[0] = answer->addresses[i];
			answer->addresses[i] = first;
			return;
		}
	}
}

static bool
find_addresses(struct upstream *upstream, struct race *race, struct err *reterr)
{
	race->resolve = upstream->resolve;
	if (upstream->resolve != NULL) {
		if (!resolve_get(upstream->resolve, race->deadline_us, &race->answer, reterr))
			return false;
		put_good_first(upstream, &race->answer);
		return true;
	}
	race->answer.addresses[0] = upstream->unix_address;
	race->answer.count = 1;
	return true;
}

/* Make a connection of the socket that won the race: with TLS if the upstream uses it. */
static bool
make_ready(struct upstream *upstream, struct upstream_conn *conn, const struct race *race,
    struct err *reterr)
{
	int64_t now_us = clock_mono_us();

	/* While there are other addresses, limit the TLS handshake so that time is left for
	 * them. */
	conn->deadline_us =
	    race_goes_on(race) ? now_us + (race->deadline_us - now_us) / 2 : race->deadline_us;
	return upstream->tls == NULL || upstream_tls_connect(upstream->tls, conn, reterr);
}

/* Race for a connection, and repeat without the winner if it turns out to be unusable. */
enum reason
pool_connect(
    struct upstream *upstream, struct upstream_conn *conn, int64_t deadline_us, struct err *reterr)
{
	struct race race = { .deadline_us = deadline_us };
	enum reason reason;

	if (!find_addresses(upstream, &race, reterr))
		return fail(upstream, UPSTREAM_DNS);
	do {
		reason = race_run(&race, &conn->socket);
		if (reason == REASON_UPSTREAM_TIMEOUT) {
			(void)err_set(reterr, "%s: no connection in time", upstream->url);
			return fail(upstream, UPSTREAM_TIMEOUT);
		}
		if (reason != REASON_OK) {
			(void)err_errno(reterr, race.failure, "%s: cannot connect", upstream->url);
			return fail(upstream, UPSTREAM_CONNECT);
		}
		if (make_ready(upstream, conn, &race, reterr)) {
			conn->address = race.won;
			conn->generation = race.answer.generation;
			return REASON_OK;
		}
		watch_close(conn->socket);
	} while (race_goes_on(&race) && clock_mono_us() < deadline_us);
	return fail(upstream, clock_mono_us() >= deadline_us ? UPSTREAM_TIMEOUT : UPSTREAM_TLS);
}
