/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/config/config.h"
#include "token/issuer_match.h"

size_t
config_trusted_issuer_named(const struct config *config, struct span issuer)
{
	size_t i;

	for (i = 0; i < config->trusted_issuer_count; i++)
		if (config->trusted_issuers[i].issuer != NULL &&
		    span_is(issuer, config->trusted_issuers[i].issuer))
			break;
	return i;
}

size_t
config_trusted_issuer(const struct config *config, struct span issuer)
{
	size_t i = config_trusted_issuer_named(config, issuer);

	if (i < config->trusted_issuer_count && issuer_match(&config->trusted_issuers[i], issuer))
		return i;
	for (i = 0; i < config->trusted_issuer_count; i++)
		if (issuer_match(&config->trusted_issuers[i], issuer))
			break;
	return i;
}
