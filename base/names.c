/* SPDX-License-Identifier: Apache-2.0 */
#include "base/names.h"

#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/thread.h"
#include "base/worker.h"

struct look_up {
	char *host;
	struct worker *worker;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool answered;
};

static bool
ask(const char *host, int flags)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = flags };
	struct addrinfo *answer = NULL;
	int failure = getaddrinfo(host, NULL, &hints, &answer);

	if (failure == 0)
		freeaddrinfo(answer);
	return failure == 0;
}

static int64_t
step(void *context)
{
	struct look_up *look_up = context;

	(void)ask(look_up->host, AI_ADDRCONFIG);
	(void)pthread_mutex_lock(&look_up->lock);
	look_up->answered = true;
	(void)pthread_cond_signal(&look_up->changed);
	(void)pthread_mutex_unlock(&look_up->lock);
	return WORKER_UNTIL_WOKEN;
}

static void
destroy(void *context)
{
	struct look_up *look_up = context;

	(void)pthread_cond_destroy(&look_up->changed);
	(void)pthread_mutex_destroy(&look_up->lock);
	free(look_up->host);
	free(look_up);
}

bool
names_answered(const char *host, int64_t deadline_us, struct err *reterr)
{
	struct look_up *look_up;
	bool answered;

	if (ask(host, AI_NUMERICHOST))
		return true;
	look_up = calloc(1, sizeof(*look_up));
	if (look_up == NULL)
		return err_set(reterr, "out of memory");
	(void)pthread_mutex_init(&look_up->lock, NULL);
	thread_cond_init(&look_up->changed);
	look_up->host = strdup(host);
	if (look_up->host == NULL)
		(void)err_set(reterr, "out of memory");
	if (look_up->host == NULL || !worker_start(step, look_up, &look_up->worker, reterr)) {
		destroy(look_up);
		return false;
	}
	(void)pthread_mutex_lock(&look_up->lock);
	while (!look_up->answered && clock_mono_us() < deadline_us)
		thread_wait_us(&look_up->changed, &look_up->lock, deadline_us - clock_mono_us());
	answered = look_up->answered;
	(void)pthread_mutex_unlock(&look_up->lock);
	worker_let_go(look_up->worker, destroy, look_up);
	return answered || err_set(reterr, "%s: no answer from a name server in time", host);
}
