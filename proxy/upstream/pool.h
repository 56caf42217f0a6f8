/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool - the internals of an upstream, shared by upstream.c, pool.c and pool_connect.c only.
 *
 * Each loop has a pool of its own, which only its thread touches; all other threads share one under
 * a lock.
 *
 * Uses:   upstream, resolve, upstream_tls, loop.
 */
#ifndef POSTERN_PROXY_UPSTREAM_POOL_H
#define POSTERN_PROXY_UPSTREAM_POOL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/check.h"
#include "base/digest.h"
#include "base/err.h"
#include "proxy/io/loop.h"
#include "proxy/upstream/resolve.h"
#include "proxy/upstream/upstream_tls.h"
#include "proxy/upstream/upstream.h"

struct pool {
	_Alignas(SHARD_LINE_BYTES) struct upstream_conn *kept; /* newest first */
	atomic_int count;
	struct loop_post tend; /* asks the loop to look after it */
	atomic_bool asked;
	struct upstream *upstream;
};

struct upstream {
	char *url;
	struct span authority;               /* in `url` */
	unsigned char trusted[DIGEST_BYTES]; /* of struct upstream_trust */
	struct resolve *resolve;             /* NULL for unix sockets */
	struct resolve_address unix_address;
	struct upstream_tls *tls; /* NULL but for https */
	atomic_int references;
	pthread_mutex_t lock;        /* of `good`, and of the last pool */
	struct resolve_address good; /* the last that took a connection */
	int64_t tended_us;
	struct upstream_count count;
	struct health health;
	_Alignas(SHARD_LINE_BYTES) atomic_int busy; /* requests under way */
	struct pool pools[LOOP_MAX + 1];            /* by loop; the last is the other threads' */
};

/* The newest idle connection of this thread's pool; NULL: none. given. */
MUST_CHECK struct upstream_conn *pool_take(struct upstream *upstream);

/* taken: keep it idle in this thread's pool, or close it. */
void pool_put(struct upstream *upstream, struct upstream_conn *conn);

/* May an idle connection be used, or kept, still? */
bool pool_may_use(const struct upstream *upstream, struct upstream_conn *conn);

/* Close those idle connections of this thread's pool that must not be kept any longer. */
void pool_tend(struct upstream *upstream);

/* Close all idle connections; the upstream is about to be freed. */
void pool_clear(struct upstream *upstream);

/* taken: close a connection of this thread. */
void pool_close(struct upstream *upstream, struct upstream_conn *conn);

/*
 * Connect a new connection's socket to one of the addresses, with TLS if the upstream uses it;
 * records the address. On any reason but OK the failure is counted and reterr describes it.
 */
MUST_CHECK enum reason pool_connect(
    struct upstream *upstream, struct upstream_conn *conn, int64_t deadline_us, struct err *reterr);

#endif
