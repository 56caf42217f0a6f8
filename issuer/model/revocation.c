/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/model/revocation.h"

bool
revocation_fits(const struct revocation *revocation, const struct revoked_question *question)
{
	struct span value = { 0 };

	if (revocation->kind == REVOKE_TOKEN)
		value = question->jti;
	else if (revocation->kind == REVOKE_CLIENT)
		value = question->client;
	else if (revocation->kind == REVOKE_SUBJECT)
		value = question->subject;
	else
		value = SPAN("");
	if (!span_is(question->issuer, revocation->issuer) || value.at == NULL ||
	    !span_is(value, revocation->value))
		return false;
	return revocation->kind == REVOKE_TOKEN || !question->has_issued ||
	       question->issued_s <= revocation->before_s;
}
