/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/config/config.h"
#include "token/trust.h"

size_t
config_profile_named(const struct config *config, struct span issuer)
{
	size_t i;

	for (i = 0; i < config->profile_count; i++)
		if (config->profiles[i].issuer != NULL &&
		    span_is(issuer, config->profiles[i].issuer))
			break;
	return i;
}

size_t
config_profile(const struct config *config, struct span issuer)
{
	size_t i = config_profile_named(config, issuer);

	if (i < config->profile_count && trust_issuer(&config->profiles[i], issuer))
		return i;
	for (i = 0; i < config->profile_count; i++)
		if (trust_issuer(&config->profiles[i], issuer))
			break;
	return i;
}
