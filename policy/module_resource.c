/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/module_resource.h"

#include <string.h>

#include "policy/pattern.h"
#include "policy/reader.h"

/* Where a privilege is, seen from the module. */
enum nearness { ELSEWHERE, WIDER, WITHIN };

static enum nearness
path_nearness(const struct module *module, struct span path)
{
	enum nearness near = ELSEWHERE;

	for (size_t i = 0; i < module->paths.count; i++) {
		struct span own = span_of(module->paths.at[i]);

		if (pattern_within(path, own))
			return WITHIN;
		if (pattern_within(own, path))
			near = WIDER;
	}
	return near;
}

static enum nearness
nearness(const struct module *module, const struct privilege *privilege)
{
	enum nearness nearest = ELSEWHERE;

	if (reader_texts_hold(&privilege->modules, module->name))
		return WITHIN;
	for (size_t i = 0; i < privilege->paths.count; i++) {
		enum nearness near = path_nearness(module, span_of(privilege->paths.at[i]));

		if (near > nearest)
			nearest = near;
	}
	return nearest;
}

/* The nearest of the modules that are one resource. */
static enum nearness
resource_nearness(
    const struct policy *policy, const struct module *module, const struct privilege *privilege)
{
	enum nearness nearest = ELSEWHERE;

	for (const struct module *one = policy->modules; one != NULL; one = one->next) {
		enum nearness near = ELSEWHERE;

		if (one == module || (one->resource != NULL && module->resource != NULL &&
					 strcmp(one->resource->url, module->resource->url) == 0))
			near = nearness(one, privilege);
		if (near > nearest)
			nearest = near;
	}
	return nearest;
}

const struct texts *
module_resource_audiences(const struct module *module)
{
	return module == NULL || module->resource == NULL ? NULL : &module->resource->audiences;
}

bool
module_resource_same(const struct module *a, const struct module *b)
{
	const struct texts *one = module_resource_audiences(a);
	const struct texts *other = module_resource_audiences(b);

	return one == NULL || other == NULL ? one == other : schema_texts_same(one, other);
}

bool
module_resource_opened(
    const struct policy *policy, const struct module *module, const struct privilege *privilege)
{
	enum nearness near = resource_nearness(policy, module, privilege);

	if (near != WIDER)
		return near == WITHIN;
	for (const struct privilege *one = policy->privileges; one != NULL; one = one->next)
		if (resource_nearness(policy, module, one) == WITHIN)
			return false;
	return true;
}
