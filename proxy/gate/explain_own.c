/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/explain_own.h"

#include "issuer/oauth/endpoint.h"
#include "proxy/gate/resource.h"

struct explain_own
explain_own(const struct config *config, const struct request *request, const struct target *target,
    struct arena *arena)
{
	const struct endpoint_request asked = {
		.method = request->method, .path = target->path, .has_query = target->has_query
	};
	const struct resource_line resource = resource_read_line(config, target, request->method);
	struct explain_own own = { 0 };
	struct endpoint_paths paths;
	struct endpoint_line line;

	if (resource.status != 0) {
		own.status = resource.status;
		if (own.status != 200)
			own.detail = arena_format(arena, "%s%s", resource.told, resource.wanted);
		return own;
	}
	if (!config->has_local)
		return own;
	if (!endpoint_place(config->local.issuer, arena, &paths))
		return (struct explain_own){ 500, "no memory" };
	line = endpoint_read_line(&paths, &asked);
	if (line.endpoint == ENDPOINT_COUNT)
		return own;
	own.status = line.status;
	if (line.status != 200)
		own.detail = arena_format(arena, "%s%s", line.told, line.wanted);
	return own;
}
