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
	return atomic_load(&listener->busy);
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
