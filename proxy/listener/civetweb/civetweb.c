/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listener/civetweb/civetweb.h"

#include "proxy/listener/civetweb/engine.h"
#include "proxy/listener/civetweb/selftest.h"

static bool
start(const struct listener_setup *setup, struct listener **ret_listener, struct err *reterr)
{
	static bool tested;

	if (!tested && !selftest_run(reterr))
		return false;
	tested = true;
	return engine_listen(setup, ret_listener, reterr);
}

const struct engine *
civetweb_engine(void)
{
	static struct engine engine;

	engine = *engine_untested();
	engine.start = start;
	return &engine;
}

bool
civetweb_has_ipv6(void)
{
	return engine_has_ipv6();
}

bool
civetweb_knows_method(struct span method)
{
	/* The methods of CivetWeb 1.15. Version 1.16 also reads COPY and MOVE, but these are not
	 * supported. */
	static const char *const methods[] = { "GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS",
		"PATCH", "CONNECT", "PROPFIND", "MKCOL", "LOCK", "UNLOCK", "PROPPATCH", "REPORT",
		NULL };

	for (size_t i = 0; methods[i] != NULL; i++)
		if (span_is(method, methods[i]))
			return true;
	return false;
}
