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
#include <unistd.h>

#include "base/clock.h"
#include "base/span.h"
#include "base/url.h"
#include "proxy/upstream/pool.h"
#include "proxy/upstream/upstream_tls.h"

/* Idle connections beyond this number are closed, and so are those idle for longer than most
 * servers keep them open. */
#define KEPT_MAX 1024
#define KEPT_US (15 * INT64_C(1000000))
#define TEND_US INT64_C(1000000)

static bool
open_tcp(struct upstream *upstream, const struct url *url, struct err *reterr)
{
	char port[8];

	(void)snprintf(port, sizeof(port), "%u", url->port);
	if (url->scheme == URL_HTTPS && !upstream_tls_new(url->host, &upstream->tls, reterr))
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

bool
upstream_new(const char *url, struct upstream **ret_upstream, struct err *reterr)
{
	struct upstream *upstream = calloc(1, sizeof(*upstream));
	struct url parts;
	bool good;

	if (upstream == NULL || (upstream->url = strdup(url)) == NULL) {
		free(upstream);
		return err_set(reterr, "out of memory");
	}
	atomic_store(&upstream->references, 1);
	(void)pthread_mutex_init(&upstream->lock, NULL);
	good = url_read(span_of(url), URL_SOCKET, &parts, reterr);
	if (good && parts.scheme == URL_UNIX)
		open_unix(upstream, parts.path);
	else if (good)
		good = open_tcp(upstream, &parts, reterr);
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

static void
destroy(struct upstream *upstream, struct upstream_conn *conn)
{
	atomic_fetch_sub_explicit(&upstream->count.open, 1, memory_order_relaxed);
	if (conn->tls != NULL)
		upstream_tls_close(conn->tls);
	(void)close(conn->socket);
	free(conn);
}

void
upstream_unref(struct upstream *upstream)
{
	if (upstream == NULL || atomic_fetch_sub(&upstream->references, 1) > 1)
		return;
	while (upstream->kept != NULL) {
		struct upstream_conn *conn = upstream->kept;

		upstream->kept = conn->next;
		destroy(upstream, conn);
	}
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

struct upstream_count *
upstream_count(struct upstream *upstream)
{
	return &upstream->count;
}

int
upstream_idle(struct upstream *upstream)
{
	int idle;

	(void)pthread_mutex_lock(&upstream->lock);
	idle = upstream->kept_count;
	(void)pthread_mutex_unlock(&upstream->lock);
	return idle;
}

/* Does it lead to an address that the name no longer has? */
static bool
retired(const struct upstream *upstream, struct upstream_conn *conn)
{
	uint64_t generation;

	if (upstream->resolve == NULL)
		return false;
	generation = resolve_generation(upstream->resolve);
	if (conn->generation == generation)
		return false;
	if (!resolve_has(upstream->resolve, &conn->address))
		return true;
	conn->generation = generation;
	return false;
}

static bool
too_old(const struct upstream_conn *conn, int64_t now_us)
{
	return now_us - conn->kept_us > KEPT_US;
}

/* Remove connections that must not stay in the pool. The lock is held. */
static struct upstream_conn *
take_stale(struct upstream *upstream, int64_t now_us)
{
	struct upstream_conn **at = &upstream->kept, *stale = NULL;

	while (*at != NULL) {
		struct upstream_conn *conn = *at;

		if (too_old(conn, now_us) || retired(upstream, conn)) {
			*at = conn->next;
			conn->next = stale;
			stale = conn;
			upstream->kept_count--;
		} else {
			at = &conn->next;
		}
	}
	return stale;
}

void
upstream_tend(struct upstream *upstream)
{
	int64_t now_us = clock_mono_us();
	struct upstream_conn *stale = NULL;

	(void)pthread_mutex_lock(&upstream->lock);
	if (now_us - upstream->tended_us >= TEND_US) {
		upstream->tended_us = now_us;
		stale = take_stale(upstream, now_us);
	}
	(void)pthread_mutex_unlock(&upstream->lock);
	while (stale != NULL) {
		struct upstream_conn *next = stale->next;

		destroy(upstream, stale);
		stale = next;
	}
}

/* Take the newest connection of the pool. */
static struct upstream_conn *
take_kept(struct upstream *upstream)
{
	struct upstream_conn *conn;

	(void)pthread_mutex_lock(&upstream->lock);
	conn = upstream->kept;
	if (conn != NULL) {
		upstream->kept = conn->next;
		upstream->kept_count--;
	}
	(void)pthread_mutex_unlock(&upstream->lock);
	return conn;
}

/* Is it still open, with nothing to read? An unexpected byte cannot belong to our next answer. */
static bool
still_good(const struct upstream *upstream, struct upstream_conn *conn)
{
	char byte;

	return !too_old(conn, clock_mono_us()) && !retired(upstream, conn) &&
	       recv(conn->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
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
	atomic_fetch_add_explicit(&upstream->count.opened, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&upstream->count.open, 1, memory_order_relaxed);
	conn->deadline_us = deadline_us;
	upstream_ref(upstream);
	conn->upstream = upstream;
	*ret_conn = conn;
	return REASON_OK;
}

enum reason
upstream_conn_open(struct upstream *upstream, int64_t deadline_us, struct upstream_conn **ret_conn,
    struct err *reterr)
{
	struct upstream_conn *conn = NULL;

	while ((conn = take_kept(upstream)) != NULL && !still_good(upstream, conn))
		destroy(upstream, conn);
	if (conn == NULL)
		return upstream_conn_open_fresh(upstream, deadline_us, ret_conn, reterr);
	atomic_fetch_add_explicit(&upstream->count.reused, 1, memory_order_relaxed);
	upstream_ref(upstream);
	conn->upstream = upstream;
	conn->reused = true;
	conn->deadline_us = deadline_us;
	*ret_conn = conn;
	return REASON_OK;
}

/* A pooled connection holds no reference to the upstream, or neither would ever be freed. */
void
upstream_conn_keep(struct upstream_conn *conn)
{
	struct upstream *upstream = conn->upstream;
	struct upstream_conn *surplus = NULL;

	conn->upstream = NULL;
	conn->kept_us = clock_mono_us();
	(void)pthread_mutex_lock(&upstream->lock);
	if (upstream->kept_count < KEPT_MAX && !retired(upstream, conn)) {
		conn->next = upstream->kept;
		upstream->kept = conn;
		upstream->kept_count++;
	} else {
		surplus = conn;
	}
	(void)pthread_mutex_unlock(&upstream->lock);
	if (surplus != NULL)
		destroy(upstream, surplus);
	upstream_unref(upstream);
}

void
upstream_conn_close(struct upstream_conn *conn)
{
	struct upstream *upstream;

	if (conn == NULL)
		return;
	upstream = conn->upstream;
	destroy(upstream, conn);
	upstream_unref(upstream);
}
