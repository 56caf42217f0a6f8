/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/reload.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/thread.h"

#define MISTAKES_MAX (256u << 10)

struct reload {
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t changed;
	uint64_t asked, begun, ended; /* requests by their number */
	bool closed;
	struct reload_state state;
};

struct reload *
reload_new(void)
{
	struct reload *reload = calloc(1, sizeof(*reload));

	if (reload == NULL)
		return NULL;
	(void)pthread_mutex_init(&reload->lock, NULL);
	thread_cond_init(&reload->changed);
	buffer_init(&reload->state.mistakes, MISTAKES_MAX);
	return reload;
}

void
reload_free(struct reload *reload)
{
	if (reload == NULL)
		return;
	buffer_done(&reload->state.mistakes);
	(void)pthread_cond_destroy(&reload->changed);
	(void)pthread_mutex_destroy(&reload->lock);
	free(reload);
}

uint64_t
reload_ask(struct reload *reload)
{
	uint64_t asked;

	(void)pthread_mutex_lock(&reload->lock);
	asked = ++reload->asked;
	(void)pthread_mutex_unlock(&reload->lock);
	return asked;
}

/* The lock is held. */
static void
copy_state(const struct reload *reload, struct reload_state *ret_state)
{
	*ret_state = reload->state;
	buffer_init(&ret_state->mistakes, MISTAKES_MAX);
	buffer_add(&ret_state->mistakes, buffer_span(&reload->state.mistakes));
	if (reload->state.mistakes.failed)
		ret_state->mistakes.failed = true;
}

bool
reload_await(
    struct reload *reload, uint64_t asked, int64_t timeout_ms, struct reload_state *ret_state)
{
	int64_t until_us = clock_mono_us() + timeout_ms * INT64_C(1000);
	bool ended;

	(void)pthread_mutex_lock(&reload->lock);
	while (reload->ended < asked && !reload->closed && clock_mono_us() < until_us)
		thread_wait_us(&reload->changed, &reload->lock, until_us - clock_mono_us());
	ended = reload->ended >= asked;
	copy_state(reload, ret_state);
	(void)pthread_mutex_unlock(&reload->lock);
	return ended;
}

void
reload_now(struct reload *reload, struct reload_state *ret_state)
{
	(void)pthread_mutex_lock(&reload->lock);
	copy_state(reload, ret_state);
	(void)pthread_mutex_unlock(&reload->lock);
}

bool
reload_wanted(struct reload *reload)
{
	bool wanted;

	(void)pthread_mutex_lock(&reload->lock);
	wanted = reload->asked > reload->ended;
	(void)pthread_mutex_unlock(&reload->lock);
	return wanted;
}

/* A request that arrives from now on may be about a file that was read already: it waits for the
 * next reload.
 */
void
reload_begin(struct reload *reload)
{
	(void)pthread_mutex_lock(&reload->lock);
	reload->begun = reload->asked;
	(void)pthread_mutex_unlock(&reload->lock);
}

static void
list_mistakes(struct buffer *list, const struct config *config)
{
	const struct mistake *mistake = config == NULL ? NULL : config->mistakes.first;

	buffer_reset(list);
	buffer_add_byte(list, '[');
	for (; mistake != NULL; mistake = mistake->next) {
		if (list->len > 1)
			buffer_add_byte(list, ',');
		buffer_add_json(list, span_of(mistake->text));
	}
	buffer_add_byte(list, ']');
	if (!list->failed)
		return;
	buffer_reset(list); /* thousands of them; the log has them all */
	buffer_add_text(list, "[]");
}

static void
name_configuration(struct reload_state *state, const struct config *config)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char digest[DIGEST_BYTES];

	state->configuration[0] = '\0';
	if (!inputs_digest(&config->mistakes.inputs, digest))
		return;
	for (size_t i = 0; i < DIGEST_BYTES; i++) {
		state->configuration[2 * i] = digits[digest[i] >> 4];
		state->configuration[2 * i + 1] = digits[digest[i] & 15];
	}
	state->configuration[2 * DIGEST_BYTES] = '\0';
}

void
reload_end(struct reload *reload, const struct config *config, const struct err *err)
{
	struct reload_state *state = &reload->state;

	(void)pthread_mutex_lock(&reload->lock);
	state->successful = err == NULL;
	state->err = err == NULL ? (struct err){ "" } : *err;
	list_mistakes(&state->mistakes, config);
	if (state->successful && config != NULL) {
		state->success_s = clock_now_s();
		name_configuration(state, config);
	}
	reload->ended = reload->begun;
	(void)pthread_cond_broadcast(&reload->changed);
	(void)pthread_mutex_unlock(&reload->lock);
}

void
reload_close(struct reload *reload)
{
	(void)pthread_mutex_lock(&reload->lock);
	reload->closed = true;
	(void)pthread_cond_broadcast(&reload->changed);
	(void)pthread_mutex_unlock(&reload->lock);
}
