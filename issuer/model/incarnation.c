/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/model/incarnation.h"

#include "base/json.h"

bool
incarnation_new(char incarnation[INCARNATION_ROOM])
{
	return client_new_id(incarnation);
}

bool
incarnation_fits(const char *incarnation, const json_t *payload)
{
	const json_t *claim = json_object_get(payload, INCARNATION_CLAIM);

	if (claim == NULL)
		return incarnation[0] == '\0';
	return json_is_string(claim) && span_equal(json_text(claim), span_of(incarnation));
}
