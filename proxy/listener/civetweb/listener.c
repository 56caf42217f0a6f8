/* SPDX-License-Identifier: Apache-2.0 */
/* What exchange.h says of listeners, where it is more than CivetWeb's own. */
#include "proxy/listener/civetweb/engine.h"
#include "proxy/listener/civetweb/selftest.h"

bool
listener_start(
    const struct listener_setup *setup, struct listener **ret_listener, struct err *reterr)
{
	static bool tested;

	if (!tested && !selftest_run(reterr))
		return false;
	tested = true;
	return engine_listen(setup, ret_listener, reterr);
}

bool
listener_knows_method(struct span method)
{
	/* Those of CivetWeb 1.15; 1.16 reads COPY and MOVE, too, which nobody should rely on. */
	static const char *const methods[] = { "GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS",
		"PATCH", "CONNECT", "PROPFIND", "MKCOL", "LOCK", "UNLOCK", "PROPPATCH", "REPORT",
		NULL };

	for (size_t i = 0; methods[i] != NULL; i++)
		if (span_is(method, methods[i]))
			return true;
	return false;
}
