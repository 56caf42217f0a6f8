/* SPDX-License-Identifier: Apache-2.0 */
#include "base/thread.h"

#include <sched.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

/* Of the first thread, which nobody binds. */
static bool
processors(cpu_set_t *ret_set)
{
	return sched_getaffinity(getpid(), sizeof(*ret_set), ret_set) == 0;
}

int
thread_processors(void)
{
	cpu_set_t set;

	return processors(&set) ? CPU_COUNT(&set) : 1;
}

void
thread_bind(int index)
{
	cpu_set_t set, one;

	if (!processors(&set))
		return;
	CPU_ZERO(&one);
	for (size_t cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; cpu++)
		if (CPU_ISSET(cpu, &set) && index-- == 0)
			CPU_SET(cpu, &one);
	(void)pthread_setaffinity_np(pthread_self(), sizeof(one), &one);
}

/* Not on what binds the thread that starts it. Nothing is asked where nothing binds it: the system
 * may not allow to. */
static int
create(pthread_t *thread, void *(*run)(void *), void *context)
{
	pthread_attr_t attributes;
	cpu_set_t set, own;
	int failure;

	(void)pthread_attr_init(&attributes);
	if (processors(&set) && sched_getaffinity(0, sizeof(own), &own) == 0 &&
	    !CPU_EQUAL(&set, &own))
		(void)pthread_attr_setaffinity_np(&attributes, sizeof(set), &set);
	failure = pthread_create(thread, &attributes, run, context);
	(void)pthread_attr_destroy(&attributes);
	return failure;
}

bool
thread_start(pthread_t *thread, void *(*run)(void *), void *context, struct err *reterr)
{
	sigset_t all, before;
	int failure;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	failure = create(thread, run, context);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return failure == 0 || err_errno(reterr, failure, "cannot start a thread");
}

void
thread_cond_init(pthread_cond_t *condition)
{
	pthread_condattr_t attributes;

	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_cond_init(condition, &attributes);
	(void)pthread_condattr_destroy(&attributes);
}

void
thread_wait_us(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t us)
{
	struct timespec until;

	if (us <= 0)
		return;
	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(us / 1000000);
	until.tv_nsec += (long)(us % 1000000) * 1000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	(void)pthread_cond_timedwait(condition, lock, &until);
}

bool
thread_lock_us(pthread_mutex_t *lock, int64_t us)
{
	clockid_t clock = CLOCK_MONOTONIC;
	struct timespec until;

#if defined(__SANITIZE_THREAD__)
	clock = CLOCK_REALTIME; /* ThreadSanitizer does not see pthread_mutex_clocklock() */
#endif
	(void)clock_gettime(clock, &until);
	us += until.tv_nsec / 1000;
	until.tv_sec += (time_t)(us / 1000000);
	until.tv_nsec = (long)(us % 1000000) * 1000;
#if defined(__SANITIZE_THREAD__)
	return pthread_mutex_timedlock(lock, &until) == 0;
#else
	return pthread_mutex_clocklock(lock, clock, &until) == 0;
#endif
}
