/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/key_wait.h"

#include "base/clock.h"
#include "proxy/io/wait.h"

/* Wait for the keys that are being fetched. False: the client has left. */
static bool
await_try(struct gate *gate, struct keyring *ring, const struct keyring_try *awaited)
{
	bool stays = true;

	(void)pthread_mutex_lock(&gate->keys_lock);
	while (stays && !keyring_tried(ring, awaited) && clock_mono_us() < awaited->until_us)
		stays = condition_wait(&gate->keys, &gate->keys_lock, awaited->until_us);
	(void)pthread_mutex_unlock(&gate->keys_lock);
	return stays;
}

/* The snapshot is released while waiting, and the current one is taken afterwards. */
bool
key_wait(struct gate *gate, struct transaction *transaction, size_t issuer_index)
{
	struct services *services = services_ref(transaction->snapshot->services);
	uint64_t serial = transaction->snapshot->serial;
	struct keyring_try awaited;
	struct wait_client client;
	bool stays = true;

	snapshot_release(transaction->snapshot);
	if (issuer_index < services->config->trusted_issuer_count &&
	    keyring_join(services->ring, issuer_index, clock_mono_s(), &awaited)) {
		wait_attend(&client, exchange_socket(transaction->exchange));
		stays = await_try(gate, services->ring, &awaited);
		wait_attend(NULL, -1);
		keyring_leave(services->ring, &awaited);
	}
	services_unref(services);
	transaction->snapshot = snapshot_take(gate->hold);
	if (!stays)
		transaction->reason = REASON_CLIENT_GONE;
	return stays && transaction->snapshot != NULL && transaction->snapshot->serial != serial;
}

void
key_wait_over(void *context)
{
	struct gate *gate = context;

	(void)pthread_mutex_lock(&gate->keys_lock);
	condition_broadcast(&gate->keys);
	(void)pthread_mutex_unlock(&gate->keys_lock);
}
