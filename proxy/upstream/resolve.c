/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/upstream/resolve.h"

#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/worker.h"
#include "proxy/io/condition.h"

/* How long an answer is used, and how soon a failure is tried again. */
#define FRESH_US (10 * INT64_C(1000000))
#define AGAIN_US INT64_C(1000000)

/* How soon to resolve again when no address can be reached. */
#define RENEW_US (200 * INT64_C(1000))

struct resolve {
	char *host, *port;
	struct worker *worker; /* NULL for a numeric address */
	pthread_mutex_t lock;
	struct condition changed;
	struct resolve_address addresses[RESOLVE_MAX];
	size_t count;
	atomic_uint_fast64_t generation;
	uint64_t begun, ended; /* look-ups */
	int64_t asked_us;      /* when the last one began */
	bool refused;          /* name servers say that there is no such name */
	struct err last;       /* of the last try; "" after a success and before the first */
};

static size_t
copy_answer(const struct addrinfo *answer, struct resolve_address *addresses)
{
	size_t count = 0;

	for (; answer != NULL && count < RESOLVE_MAX; answer = answer->ai_next) {
		if (answer->ai_addrlen > sizeof(addresses[count].address))
			continue;
		memset(&addresses[count], 0, sizeof(addresses[count]));
		memcpy(&addresses[count].address, answer->ai_addr, answer->ai_addrlen);
		addresses[count++].len = answer->ai_addrlen;
	}
	return count;
}

static bool
same_address(const struct resolve_address *a, const struct resolve_address *b)
{
	return a->len == b->len && memcmp(&a->address, &b->address, a->len) == 0;
}

static bool
among(const struct resolve_address *addresses, size_t count, const struct resolve_address *one)
{
	for (size_t i = 0; i < count; i++)
		if (same_address(&addresses[i], one))
			return true;
	return false;
}

/* The same addresses in another order, as name servers rotate them, are no change. */
static bool
same_set(const struct resolve *resolve, const struct resolve_address *addresses, size_t count)
{
	if (count != resolve->count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!among(resolve->addresses, count, &addresses[i]))
			return false;
	return true;
}

static void
take_answer(struct resolve *resolve, const struct resolve_address *addresses, size_t count)
{
	if (!same_set(resolve, addresses, count)) {
		memcpy(resolve->addresses, addresses, count * sizeof(addresses[0]));
		resolve->count = count;
		atomic_fetch_add(&resolve->generation, 1);
	}
	resolve->refused = false;
	resolve->last.text[0] = '\0';
}

/* Does this failure mean that name servers answered, and that there is nothing? */
static bool
is_refusal(int failure)
{
	return failure == EAI_NONAME || failure == EAI_FAIL || failure == 0
#ifdef EAI_NODATA
	       || failure == EAI_NODATA
#endif
	    ;
}

static bool
look_up(struct resolve *resolve, int flags)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = flags };
	struct resolve_address addresses[RESOLVE_MAX];
	struct addrinfo *answer = NULL;
	int failure = getaddrinfo(resolve->host, resolve->port, &hints, &answer);
	size_t count = failure == 0 ? copy_answer(answer, addresses) : 0;

	if (failure == 0)
		freeaddrinfo(answer);
	(void)pthread_mutex_lock(&resolve->lock);
	if (count > 0) {
		take_answer(resolve, addresses, count);
	} else if ((flags & AI_NUMERICHOST) == 0) {
		resolve->refused = is_refusal(failure);
		(void)err_set(&resolve->last, "%s: %s", resolve->host,
		    failure == 0 ? "no address" : gai_strerror(failure));
	}
	resolve->ended = resolve->begun;
	condition_broadcast(&resolve->changed);
	(void)pthread_mutex_unlock(&resolve->lock);
	return count > 0;
}

static int64_t
step(void *context)
{
	struct resolve *resolve = context;

	(void)pthread_mutex_lock(&resolve->lock);
	resolve->asked_us = clock_mono_us();
	resolve->begun++;
	(void)pthread_mutex_unlock(&resolve->lock);
	return look_up(resolve, AI_ADDRCONFIG) ? FRESH_US : AGAIN_US;
}

static void
destroy(void *context)
{
	struct resolve *resolve = context;

	condition_done(&resolve->changed);
	(void)pthread_mutex_destroy(&resolve->lock);
	free(resolve->host);
	free(resolve->port);
	free(resolve);
}

bool
resolve_start(const char *host, const char *port, struct resolve **ret_resolve, struct err *reterr)
{
	struct resolve *resolve = calloc(1, sizeof(*resolve));

	if (resolve == NULL)
		return err_set(reterr, "out of memory");
	(void)pthread_mutex_init(&resolve->lock, NULL);
	condition_init(&resolve->changed);
	resolve->host = strdup(host);
	resolve->port = strdup(port);
	if (resolve->host == NULL || resolve->port == NULL) {
		destroy(resolve);
		return err_set(reterr, "out of memory");
	}
	if (!look_up(resolve, AI_NUMERICHOST) &&
	    !worker_start(step, resolve, &resolve->worker, reterr)) {
		destroy(resolve);
		return false;
	}
	*ret_resolve = resolve;
	return true;
}

void
resolve_stop(struct resolve *resolve)
{
	if (resolve != NULL)
		worker_let_go(resolve->worker, destroy, resolve);
}

/* Is there nothing to wait for? The lock is held. */
static bool
settled(const struct resolve *resolve)
{
	return resolve->count > 0 || resolve->refused || resolve->worker == NULL;
}

bool
resolve_get(struct resolve *resolve, int64_t deadline_us, struct resolve_answer *ret_answer,
    struct err *reterr)
{
	int64_t now_us = clock_mono_us();
	bool client = true; /* it is there still */

	if (deadline_us > now_us + RESOLVE_FIRST_US)
		deadline_us = now_us + RESOLVE_FIRST_US;
	(void)pthread_mutex_lock(&resolve->lock);
	while (!settled(resolve) && clock_mono_us() < deadline_us && client)
		client = condition_wait(&resolve->changed, &resolve->lock, deadline_us);
	ret_answer->count = resolve->count;
	ret_answer->generation = atomic_load(&resolve->generation);
	memcpy(ret_answer->addresses, resolve->addresses,
	    resolve->count * sizeof(resolve->addresses[0]));
	if (resolve->count == 0 && resolve->last.text[0] == '\0')
		(void)err_set(reterr, "%s: no answer from a name server in time", resolve->host);
	else if (resolve->count == 0)
		*reterr = resolve->last;
	(void)pthread_mutex_unlock(&resolve->lock);
	return ret_answer->count > 0;
}

/* Was it not asked just now? Or it is being asked. The lock is held. */
static bool
may_ask(const struct resolve *resolve)
{
	return resolve->begun != resolve->ended || clock_mono_us() - resolve->asked_us >= RENEW_US;
}

bool
resolve_renew(struct resolve *resolve, uint64_t generation, int64_t until_us)
{
	bool client = true;
	uint64_t awaited;

	if (resolve->worker == NULL)
		return false;
	(void)pthread_mutex_lock(&resolve->lock);
	while (!may_ask(resolve) && clock_mono_us() < until_us && client)
		client = condition_wait(
		    &resolve->changed, &resolve->lock, clock_mono_us() + RENEW_US / 4);
	awaited = resolve->begun;
	if (may_ask(resolve) && resolve->begun == resolve->ended) {
		awaited++;
		worker_wake(resolve->worker);
	}
	while (resolve->ended < awaited && clock_mono_us() < until_us && client)
		client = condition_wait(&resolve->changed, &resolve->lock, until_us);
	(void)pthread_mutex_unlock(&resolve->lock);
	return resolve_generation(resolve) != generation;
}

uint64_t
resolve_generation(const struct resolve *resolve)
{
	return atomic_load_explicit(&resolve->generation, memory_order_relaxed);
}

bool
resolve_has(struct resolve *resolve, const struct resolve_address *address)
{
	bool has;

	(void)pthread_mutex_lock(&resolve->lock);
	has = among(resolve->addresses, resolve->count, address);
	(void)pthread_mutex_unlock(&resolve->lock);
	return has;
}
