/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool - the internals of an upstream, shared by upstream.c and pool_connect.c only.
 *
 * Uses:   upstream, resolve, upstream_tls.
 */
#ifndef POSTERN_PROXY_UPSTREAM_POOL_H
#define POSTERN_PROXY_UPSTREAM_POOL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/check.h"
#include "base/err.h"
#include "proxy/upstream/resolve.h"
#include "proxy/upstream/upstream_tls.h"
#include "proxy/upstream/upstream.h"

struct upstream {
	char *url;
	struct resolve *resolve; /* NULL for unix sockets */
	struct resolve_address unix_address;
	struct upstream_tls *tls; /* NULL but for https */
	atomic_int references;
	pthread_mutex_t lock;
	struct upstream_conn *kept; /* newest first */
	int kept_count;
	struct resolve_address good; /* the last that took a connection */
	int64_t tended_us;
	struct upstream_count count;
};

/*
 * Connect a new connection's socket to one of the addresses, with TLS if the upstream uses it;
 * records the address. On any reason but OK the failure is counted and reterr describes it.
 */
MUST_CHECK enum reason pool_connect(
    struct upstream *upstream, struct upstream_conn *conn, int64_t deadline_us, struct err *reterr);

#endif
