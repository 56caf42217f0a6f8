/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/judge.h"

#include "base/host_name.h"

enum reason
judge_target(const struct request *request, struct arena *arena, struct decision *decision)
{
	enum reason reason = target_read(request->target, arena, &decision->target);

	decision->target.host =
	    request->host.len == 0 ? SPAN("") : host_name_read(request->host, arena);
	decision->verdict.detail = decision->target.detail;
	return decision->verdict.reason = reason;
}
