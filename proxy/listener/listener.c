/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listener/listener.h"

#include "proxy/listener/engine.h"

bool
listener_start(
    const struct listener_setup *setup, struct listener **ret_listener, struct err *reterr)
{
	return setup->engine->start(setup, ret_listener, reterr);
}

void
listener_secure(struct listener *listener, struct tls_server *tls)
{
	listener->engine->secure(listener, tls);
}

void
listener_drain(struct listener *listener)
{
	atomic_store(&listener->draining, true);
	listener->engine->drain(listener);
}

int
listener_port(const struct listener *listener)
{
	return listener->engine->port(listener);
}

int
listener_busy(const struct listener *listener)
{
	if (listener->leaves && atomic_load(&listener->draining))
		return listener_connections(listener);
	return listener_count(listener, LISTENER_SERVING);
}

int
listener_connections(const struct listener *listener)
{
	return atomic_load(&listener->connections);
}

void
listener_stop(struct listener *listener)
{
	if (listener == NULL)
		return;
	listener_drain(listener);
	listener->engine->stop(listener);
}

int
listener_count(const struct listener *listener, enum listener_state state)
{
	return listener->engine->count(listener, state);
}

const char *
listener_state_word(enum listener_state state)
{
	static const char *const words[LISTENER_STATES] = {
		[LISTENER_READING] = "reading",
		[LISTENER_SURPLUS] = "surplus",
		[LISTENER_IDLE] = "idle",
		[LISTENER_SERVING] = "serving",
		[LISTENER_LINGERING] = "lingering",
	};

	return words[state];
}

bool
listener_drops(const struct listener *listener, uint64_t *ret_drops)
{
	return listener->engine->drops != NULL && listener->engine->drops(listener, ret_drops);
}
