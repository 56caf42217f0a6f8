/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin - the operator's listener: /livez, /readyz, /metrics, POST /reload; and that of probes and
 * scrapers, with the first three alone.
 *
 * Uses:   gate, admin_guard, admin_page, keyring.
 * Shell:  writes answers.
 */
#ifndef POSTERN_PROXY_GATE_ADMIN_H
#define POSTERN_PROXY_GATE_ADMIN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "proxy/config/address.h"
#include "proxy/listener/listener.h"
#include "proxy/gate/gate.h"
#include "proxy/gate/reload.h"

struct admin {
	struct gate *gate;
	struct listener *const *listeners; /* the public ones */
	size_t listener_count;
	atomic_bool draining;
	struct reload *reload;
	struct address address; /* that is listened on; its name is not looked at */
};

/* listener_setup.serve and .refuse: `context` is the admin. */
void admin_serve(void *context, struct exchange *exchange);
void admin_serve_metrics(void *context, struct exchange *exchange);
void admin_refuse(void *context, struct exchange *exchange, enum reason reason, const char *detail);

#endif
