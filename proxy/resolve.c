/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/resolve.h"

#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/thread.h"

/* How long an answer is used, and how soon a failure is tried again. */
#define FRESH_S 30
#define AGAIN_S 1

struct resolve {
	char *host, *port;
	pthread_t thread;
	bool threaded, stopping;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct resolve_address addresses[RESOLVE_MAX];
	size_t count;
	struct err last; /* of the last try; "" after a success */
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
		memcpy(resolve->addresses, addresses, count * sizeof(addresses[0]));
		resolve->count = count;
		resolve->last.text[0] = '\0';
	} else {
		(void)err_set(&resolve->last, "%s: %s", resolve->host, gai_strerror(failure));
	}
	(void)pthread_cond_broadcast(&resolve->changed);
	(void)pthread_mutex_unlock(&resolve->lock);
	return count > 0;
}

static void *
run(void *context)
{
	struct resolve *resolve = context;
	bool good, stopping = false;

	while (!stopping) {
		good = look_up(resolve, AI_ADDRCONFIG);
		(void)pthread_mutex_lock(&resolve->lock);
		if (!resolve->stopping)
			thread_wait_us(&resolve->changed, &resolve->lock,
			    (good ? FRESH_S : AGAIN_S) * INT64_C(1000000));
		stopping = resolve->stopping;
		(void)pthread_mutex_unlock(&resolve->lock);
	}
	return NULL;
}

bool
resolve_start(const char *host, const char *port, struct resolve **ret_resolve, struct err *reterr)
{
	struct resolve *resolve = calloc(1, sizeof(*resolve));

	if (resolve == NULL)
		return err_set(reterr, "out of memory");
	(void)pthread_mutex_init(&resolve->lock, NULL);
	thread_cond_init(&resolve->changed);
	resolve->host = strdup(host);
	resolve->port = strdup(port);
	if (resolve->host == NULL || resolve->port == NULL) {
		resolve_stop(resolve);
		return err_set(reterr, "out of memory");
	}
	if (!look_up(resolve, AI_NUMERICHOST)) {
		resolve->threaded = thread_start(&resolve->thread, run, resolve, reterr);
		if (!resolve->threaded) {
			resolve_stop(resolve);
			return false;
		}
	}
	*ret_resolve = resolve;
	return true;
}

void
resolve_stop(struct resolve *resolve)
{
	if (resolve == NULL)
		return;
	(void)pthread_mutex_lock(&resolve->lock);
	resolve->stopping = true;
	(void)pthread_cond_broadcast(&resolve->changed);
	(void)pthread_mutex_unlock(&resolve->lock);
	if (resolve->threaded)
		(void)pthread_join(resolve->thread, NULL);
	(void)pthread_cond_destroy(&resolve->changed);
	(void)pthread_mutex_destroy(&resolve->lock);
	free(resolve->host);
	free(resolve->port);
	free(resolve);
}

size_t
resolve_get(struct resolve *resolve, int64_t deadline_us,
    struct resolve_address addresses[RESOLVE_MAX], struct err *reterr)
{
	size_t count;

	(void)pthread_mutex_lock(&resolve->lock);
	while (resolve->count == 0 && resolve->threaded && clock_mono_us() < deadline_us &&
	       resolve->last.text[0] == '\0')
		thread_wait_us(&resolve->changed, &resolve->lock, deadline_us - clock_mono_us());
	count = resolve->count;
	memcpy(addresses, resolve->addresses, count * sizeof(addresses[0]));
	if (count == 0)
		*reterr = resolve->last;
	(void)pthread_mutex_unlock(&resolve->lock);
	return count;
}
