/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/upstream/upstream.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/clock.h"
#include "base/span.h"
#include "base/url.h"
#include "proxy/io/watch.h"
#include "proxy/upstream/pool.h"
#include "proxy/upstream/upstream_tls.h"

#define TEND_US INT64_C(1000000)

static bool
open_tcp(struct upstream *upstream, const struct url *url, const struct upstream_trust *trust,
    struct err *reterr)
{
	char port[8];

	(void)snprintf(port, sizeof(port), "%u", url->port);
	if (url->scheme == URL_HTTPS && !upstream_tls_new(url->host, trust, &upstream->tls, reterr))
		return false;
	return resolve_start(url->host, port, &upstream->resolve, reterr);
}

/* url_read() has checked that the path fits. */
static void
open_unix(struct upstream *upstream, struct span path)
{
	struct sockaddr_un *to = (struct sockaddr_un *)&upstream->unix_address.address;

	upstream->unix_address.len = sizeof(*to);
	to->sun_family = AF_UNIX;
	memcpy(to->sun_path, path.at, path.len);
}

/* Secrets need not be kept to know whether they are the same after a reload. */
static bool
fingerprint(const struct upstream_trust *trust, unsigned char into[DIGEST_BYTES])
{
	const char *const texts[] = { trust->ca, trust->certificate, trust->key,
		trust->server_name };
	unsigned char each[4][DIGEST_BYTES] = { { 0 } };

	for (size_t i = 0; i < 4; i++)
		if (texts[i] != NULL && !digest_sha256(span_of(texts[i]), each[i]))
			return false;
	return digest_sha256((struct span){ (const char *)each, sizeof(each) }, into);
}

bool
upstream_new(const char *url, const struct upstream_trust *trust, struct upstream **ret_upstream,
    struct err *reterr)
{
	struct upstream *upstream = aligned_alloc(_Alignof(struct upstream), sizeof(*upstream));
	struct url parts;
	bool good;

	if (upstream != NULL)
		*upstream = (struct upstream){ 0 };
	if (upstream == NULL || (upstream->url = strdup(url)) == NULL) {
		free(upstream);
		return err_set(reterr, "out of memory");
	}
	atomic_store(&upstream->references, 1);
	(void)pthread_mutex_init(&upstream->lock, NULL);
	good = fingerprint(trust, upstream->trusted) || err_set(reterr, "out of memory");
	good = good && url_read(span_of(upstream->url), URL_SOCKET, &parts, reterr);
	upstream->authority = good ? parts.authority : (struct span){ 0 };
	if (good && parts.scheme == URL_UNIX)
		open_unix(upstream, parts.path);
	else if (good)
		good = open_tcp(upstream, &parts, trust, reterr);
	if (!good) {
		upstream_unref(upstream);
		return false;
	}
	*ret_upstream = upstream;
	return true;
}

void
upstream_ref(struct upstream *upstream)
{
	atomic_fetch_add_explicit(&upstream->references, 1, memory_order_relaxed);
}

void
upstream_unref(struct upstream *upstream)
{
	if (upstream == NULL || atomic_fetch_sub(&upstream->references, 1) > 1)
		return;
	pool_clear(upstream);
	resolve_stop(upstream->resolve);
	upstream_tls_free(upstream->tls);
	(void)pthread_mutex_destroy(&upstream->lock);
	free(upstream->url);
	free(upstream);
}

const char *
upstream_url(const struct upstream *upstream)
{
	return upstream->url;
}

struct span
upstream_authority(const struct upstream *upstream)
{
	return upstream->authority;
}

bool
upstream_is(const struct upstream *upstream, const char *url, const struct upstream_trust *trust)
{
	unsigned char trusted[DIGEST_BYTES];

	return strcmp(upstream->url, url) == 0 && fingerprint(trust, trusted) &&
	       memcmp(trusted, upstream->trusted, sizeof(trusted)) == 0;
}

struct upstream_count *
upstream_count(struct upstream *upstream)
{
	return &upstream->count;
}

void
upstream_begin(struct upstream *upstream)
{
	atomic_fetch_add_explicit(&upstream->busy, 1, memory_order_relaxed);
}

void
upstream_end(struct upstream *upstream)
{
	atomic_fetch_sub_explicit(&upstream->busy, 1, memory_order_relaxed);
}

int
upstream_busy(const struct upstream *upstream)
{
	return atomic_load_explicit(&upstream->busy, memory_order_relaxed);
}

struct health *
upstream_health(struct upstream *upstream)
{
	return &upstream->health;
}

void
upstream_answered(struct upstream *upstream, int64_t first_byte_us)
{
	upstream_count_answer(&upstream->count, first_byte_us);
	health_answered(&upstream->health);
}

void
upstream_failed(struct upstream *upstream, enum upstream_failure failure)
{
	upstream_count_failure(&upstream->count, failure);
	health_failed(&upstream->health, clock_mono_us());
}

int
upstream_idle(struct upstream *upstream)
{
	int idle = 0;

	for (int i = 0; i <= LOOP_MAX; i++)
		idle += atomic_load_explicit(&upstream->pools[i].count, memory_order_relaxed);
	return idle;
}

static void
tend_here(struct loop_post *post)
{
	struct pool *pool = (struct pool *)(void *)((char *)post - offsetof(struct pool, tend));
	struct upstream *upstream = pool->upstream;

	pool_tend(upstream);
	atomic_store(&pool->asked, false);
	upstream_unref(upstream);
}

/* Each loop looks after its own pool, asked for it once at a time. */
static void
ask_loops(struct upstream *upstream)
{
	int loops = loop_count();

	for (int i = 0; i < loops; i++) {
		struct pool *pool = &upstream->pools[i];

		if (atomic_load(&pool->count) == 0 || atomic_exchange(&pool->asked, true))
			continue;
		pool->upstream = upstream;
		pool->tend.run = tend_here;
		upstream_ref(upstream);
		loop_post(i, &pool->tend);
	}
}

void
upstream_tend(struct upstream *upstream)
{
	int64_t now_us = clock_mono_us();

	if (now_us - upstream->tended_us < TEND_US)
		return;
	upstream->tended_us = now_us;
	pool_tend(upstream);
	ask_loops(upstream);
}

/* Is it still open, with nothing to read? An unexpected byte cannot belong to our next answer, even
 * one that TLS has read already. A loop has been told when there was one. */
static bool
still_open(const struct upstream_conn *conn)
{
	char byte;

	if (upstream_conn_pending(conn))
		return false;
	if (watch_has(conn->socket) && (watch_ready(conn->socket) & WATCH_IN) == 0)
		return true;
	return recv(conn->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
	       (errno == EAGAIN || errno == EWOULDBLOCK);
}

enum reason
upstream_conn_open_fresh(struct upstream *upstream, int64_t deadline_us,
    struct upstream_conn **ret_conn, struct err *reterr)
{
	struct upstream_conn *conn = calloc(1, sizeof(*conn));
	enum reason reason;

	if (conn == NULL)
		return REASON_OVERLOADED;
	reason = pool_connect(upstream, conn, deadline_us, reterr);
	if (reason != REASON_OK) {
		free(conn);
		return reason;
	}
	(void)pthread_mutex_lock(&upstream->lock);
	upstream->good = conn->address;
	(void)pthread_mutex_unlock(&upstream->lock);
	upstream_count_one(&upstream->count, UPSTREAM_OPENED);
	conn->deadline_us = deadline_us;
	conn->upstream = upstream;
	*ret_conn = conn;
	return REASON_OK;
}

enum reason
upstream_conn_open(struct upstream *upstream, int64_t deadline_us, struct upstream_conn **ret_conn,
    struct err *reterr)
{
	struct upstream_conn *conn = NULL;

	while ((conn = pool_take(upstream)) != NULL &&
	       !(pool_may_use(upstream, conn) && still_open(conn)))
		pool_close(upstream, conn);
	if (conn == NULL)
		return upstream_conn_open_fresh(upstream, deadline_us, ret_conn, reterr);
	upstream_count_one(&upstream->count, UPSTREAM_REUSED);
	conn->upstream = upstream;
	conn->reused = true;
	conn->deadline_us = deadline_us;
	*ret_conn = conn;
	return REASON_OK;
}

void
upstream_conn_keep(struct upstream_conn *conn)
{
	pool_put(conn->upstream, conn);
}

void
upstream_conn_close(struct upstream_conn *conn)
{
	if (conn != NULL)
		pool_close(conn->upstream, conn);
}
