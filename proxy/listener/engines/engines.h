/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engines - the engines that `listen.engine` names, and what each of them can do.
 *
 * Uses:   civetweb, events.
 */
#ifndef POSTERN_PROXY_LISTENER_ENGINES_ENGINES_H
#define POSTERN_PROXY_LISTENER_ENGINES_ENGINES_H

#include <stdbool.h>

#include "base/span.h"

struct engine;

/* In the order of the words of `listen.engine` and of the table's columns. */
enum engines_name { ENGINES_EVENTS, ENGINES_CIVETWEB, ENGINES_COUNT };

/* What one of them cannot do: rows of the manual's table "The two engines", in its words. LIBRARY:
 * it depends on how CivetWeb was built. Tests compare the two tables, and leave out by name what
 * the engine under test cannot do. */
/* clang-format off */
/*           name                events civetweb  in the manual */
#define ENGINES_TABLE(ABILITY) \
	ABILITY(IPV6,               YES, LIBRARY, "IPv6") \
	ABILITY(UNIX,               YES, NO,      "Unix sockets") \
	ABILITY(ACTIVATION,         YES, NO,      "sockets that systemd hands over") \
	ABILITY(TLS,                YES, NO,      "TLS: `listen.tls`") \
	ABILITY(PROXY_PROTOCOL,     YES, NO,      "the PROXY protocol: `listen.proxy_protocol`") \
	ABILITY(METHODS,            YES, NO,      "methods") \
	ABILITY(CONNECTION_OPTIONS, YES, NO,      "`Connection` with options other than `close`") \
	ABILITY(WHITE_SPACE,        YES, NO,      "a tab in or around a header's value; an empty line before a request") \
	ABILITY(OTHER_TARGETS,      YES, NO,      "an absolute target for another port, `OPTIONS *`") \
	ABILITY(LEAVING,            YES, NO,      "a client that leaves while the gate waits for keys or a slow call")
/* clang-format on */

#define ENGINES_ENUM(name, events, civetweb, row) ENGINES_##name,
enum engines_ability { ENGINES_TABLE(ENGINES_ENUM) ENGINES_ABILITIES };
#undef ENGINES_ENUM

/* Its operations; NULL: this build has not got it. */
const struct engine *engines_find(enum engines_name name);

/* Can it do that, on this machine? */
bool engines_can(enum engines_name name, enum engines_ability ability);

/* Does it read requests with this method at all? It refuses others as not HTTP/1.1. */
bool engines_know_method(enum engines_name name, struct span method);

#endif
