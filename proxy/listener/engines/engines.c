/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listener/engines/engines.h"

#include "proxy/listener/civetweb/civetweb.h"
#include "proxy/listener/events/events.h"

enum answer { NO, YES, LIBRARY };

#define ENGINES_ROW(name, events, civetweb, row) { events, civetweb },
static const enum answer table[ENGINES_ABILITIES][ENGINES_COUNT] = { ENGINES_TABLE(ENGINES_ROW) };
#undef ENGINES_ROW

#ifdef POSTERN_CIVETWEB

const struct engine *
engines_find(enum engines_name name)
{
	return name == ENGINES_EVENTS ? events_engine() : civetweb_engine();
}

static bool
library_can(enum engines_ability ability)
{
	return ability == ENGINES_IPV6 && civetweb_has_ipv6();
}

bool
engines_know_method(enum engines_name name, struct span method)
{
	return name == ENGINES_EVENTS || civetweb_knows_method(method);
}

#else

const struct engine *
engines_find(enum engines_name name)
{
	return name == ENGINES_EVENTS ? events_engine() : NULL;
}

static bool
library_can(enum engines_ability ability)
{
	(void)ability;
	return false;
}

bool
engines_know_method(enum engines_name name, struct span method)
{
	(void)method;
	return name == ENGINES_EVENTS;
}

#endif

bool
engines_can(enum engines_name name, enum engines_ability ability)
{
	enum answer answer = table[ability][name];

	return answer == YES || (answer == LIBRARY && library_can(ability));
}
