/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/model/revocation.h"

bool
revocation_until_now(const struct revocation *revocation)
{
	return revocation->kind != REVOKE_TOKEN && revocation->before_s == revocation->created_s;
}

bool
revocation_date(struct revocation *revocation, bool fresh, int64_t now_s)
{
	int64_t before_s = revocation->before_s;
	bool behind = fresh && before_s < now_s;

	if (!revocation_until_now(revocation) ||
	    (!behind && before_s <= now_s + REVOCATION_AHEAD_S))
		return false;
	revocation->instead_s = before_s;
	revocation->before_s = now_s;
	revocation->created_s = now_s;
	if (revocation->until_s != 0)
		revocation->until_s += now_s - before_s;
	return true;
}

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
