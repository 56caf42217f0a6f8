/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/upstream/pool.h"

#include <stdlib.h>

#include "base/clock.h"
#include "proxy/io/watch.h"

/* Idle connections of a thread beyond this number are closed, and so are those idle for longer than
 * most servers keep them open. */
#define KEPT_MAX 1024
#define KEPT_US (15 * INT64_C(1000000))

static void
destroy(struct upstream_conn *conn)
{
	tls_close(conn->tls);
	watch_close(conn->socket);
	free(conn);
}

void
pool_close(struct upstream *upstream, struct upstream_conn *conn)
{
	upstream_count_one(&upstream->count, UPSTREAM_CLOSED);
	destroy(conn);
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

bool
pool_may_use(const struct upstream *upstream, struct upstream_conn *conn)
{
	return clock_tick_us() - conn->kept_us <= KEPT_US && !retired(upstream, conn);
}

/* This thread's pool; the lock is taken if others share it. */
static struct pool *
enter(struct upstream *upstream)
{
	int loop = loop_index();

	if (loop >= 0)
		return &upstream->pools[loop];
	(void)pthread_mutex_lock(&upstream->lock);
	return &upstream->pools[LOOP_MAX];
}

static void
leave(struct upstream *upstream)
{
	if (loop_index() < 0)
		(void)pthread_mutex_unlock(&upstream->lock);
}

struct upstream_conn *
pool_take(struct upstream *upstream)
{
	struct pool *pool = enter(upstream);
	struct upstream_conn *conn = pool->kept;

	if (conn != NULL) {
		pool->kept = conn->next;
		atomic_fetch_sub_explicit(&pool->count, 1, memory_order_relaxed);
	}
	leave(upstream);
	return conn;
}

void
pool_put(struct upstream *upstream, struct upstream_conn *conn)
{
	struct pool *pool = enter(upstream);
	bool room = atomic_load_explicit(&pool->count, memory_order_relaxed) < KEPT_MAX &&
		    !retired(upstream, conn);

	conn->kept_us = clock_tick_us();
	if (room) {
		conn->next = pool->kept;
		pool->kept = conn;
		atomic_fetch_add_explicit(&pool->count, 1, memory_order_relaxed);
	}
	leave(upstream);
	if (!room)
		pool_close(upstream, conn);
}

/* Take those out that must not be kept. */
static struct upstream_conn *
take_stale(struct upstream *upstream, struct pool *pool)
{
	struct upstream_conn **at = &pool->kept, *stale = NULL;

	while (*at != NULL) {
		struct upstream_conn *conn = *at;

		if (pool_may_use(upstream, conn)) {
			at = &conn->next;
			continue;
		}
		*at = conn->next;
		conn->next = stale;
		stale = conn;
		atomic_fetch_sub_explicit(&pool->count, 1, memory_order_relaxed);
	}
	return stale;
}

void
pool_tend(struct upstream *upstream)
{
	struct upstream_conn *stale = take_stale(upstream, enter(upstream));

	leave(upstream);
	while (stale != NULL) {
		struct upstream_conn *next = stale->next;

		pool_close(upstream, stale);
		stale = next;
	}
}

static void
close_list(struct upstream_conn *conn)
{
	while (conn != NULL) {
		struct upstream_conn *next = conn->next;

		destroy(conn);
		conn = next;
	}
}

static void
close_here(struct loop_post *post)
{
	close_list(
	    (struct upstream_conn *)(void *)((char *)post - offsetof(struct upstream_conn, post)));
}

/* A socket is closed by the thread that watches it. */
void
pool_clear(struct upstream *upstream)
{
	for (int i = 0; i <= LOOP_MAX; i++) {
		struct upstream_conn *kept = upstream->pools[i].kept;

		if (kept == NULL)
			continue;
		if (i < loop_count() && i != loop_index()) {
			kept->post.run = close_here;
			loop_post(i, &kept->post);
		} else {
			close_list(kept);
		}
	}
}
