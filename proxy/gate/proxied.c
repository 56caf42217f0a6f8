/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/proxied.h"

#include "proxy/gate/gate.h"

/* Without a snapshot every request is refused. */
bool
proxied_greets(void *context, struct span peer)
{
	struct gate *gate = context;
	struct snapshot *snapshot = snapshot_take(gate->hold);
	bool greets = snapshot != NULL && snapshot->config->proxy_protocol &&
		      cidr_set_has(&snapshot->config->forwarded.proxies, peer);

	snapshot_release(snapshot);
	return greets;
}
