/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/accounts/store_sync_news.h"

#include <poll.h>

#include "base/clock.h"
#include "base/thread.h"

void
store_sync_news_init(struct store_sync_news *news, int fd)
{
	*news = (struct store_sync_news){ .reader = NULL };
	atomic_store(&news->fd, fd);
	(void)pthread_mutex_init(&news->lock, NULL);
	thread_cond_init(&news->read);
}

void
store_sync_news_done(struct store_sync_news *news)
{
	(void)pthread_cond_destroy(&news->read);
	(void)pthread_mutex_destroy(&news->lock);
}

void
store_sync_news_reader(struct store_sync_news *news, struct worker *reader)
{
	(void)pthread_mutex_lock(&news->lock);
	news->reader = reader;
	(void)pthread_cond_broadcast(&news->read);
	(void)pthread_mutex_unlock(&news->lock);
}

bool
store_sync_news_waits(const struct store_sync_news *news)
{
	struct pollfd one = { .fd = atomic_load(&news->fd), .events = POLLIN };

	return one.fd >= 0 && poll(&one, 1, 0) > 0;
}

void
store_sync_news_reading(struct store_sync_news *news, bool reading)
{
	(void)pthread_mutex_lock(&news->lock);
	news->since_us = reading ? clock_mono_us() : 0;
	(void)pthread_cond_broadcast(&news->read);
	(void)pthread_mutex_unlock(&news->lock);
}

void
store_sync_news_await(struct store_sync_news *news)
{
	int64_t until_us = clock_mono_us() + STORE_SYNC_PATIENCE_US, now_us;

	(void)pthread_mutex_lock(&news->lock);
	while (news->reader != NULL && (now_us = clock_mono_us()) < until_us) {
		if (news->since_us > 0) {
			if (news->since_us + STORE_SYNC_PATIENCE_US < until_us)
				until_us = news->since_us + STORE_SYNC_PATIENCE_US;
		} else if (store_sync_news_waits(news)) {
			worker_wake(news->reader);
		} else {
			break;
		}
		if (now_us < until_us)
			thread_wait_us(&news->read, &news->lock, until_us - now_us);
	}
	(void)pthread_mutex_unlock(&news->lock);
}
