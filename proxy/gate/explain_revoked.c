/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/explain_revoked.h"

#include "base/clock.h"
#include "issuer/store/store.h"

static json_t *
text_or_null(struct span text)
{
	json_t *value = text.at == NULL ? NULL : json_stringn(text.at, text.len);

	return value == NULL ? json_null() : value;
}

json_t *
explain_revoked_keep(const struct revoked_question *question)
{
	return json_pack("{s:{s:o, s:o, s:o, s:o, s:o}}", "revoked", "iss",
	    text_or_null(question->issuer), "jti", text_or_null(question->jti), "client",
	    text_or_null(question->client), "sub", text_or_null(question->subject), "iat",
	    question->has_issued ? json_integer(question->issued_s) : json_null());
}

bool
explain_revoked_kept(const json_t *said, struct revoked_question *ret_question)
{
	const json_t *kept = json_object_get(said, "revoked");
	const json_t *issued = json_object_get(kept, "iat");

	*ret_question = (struct revoked_question){
		.issuer = json_text(json_object_get(kept, "iss")),
		.jti = json_text(json_object_get(kept, "jti")),
		.client = json_text(json_object_get(kept, "client")),
		.subject = json_text(json_object_get(kept, "sub")),
		.issued_s = json_integer_value(issued),
		.has_issued = json_is_integer(issued),
	};
	return ret_question->issuer.at != NULL;
}

/* The latest one that fits; NULL: none does. */
static const struct revocation *
latest(const struct store_revocations *found, const struct revoked_question *question)
{
	const struct revocation *last = NULL;

	for (const struct revocation *one = found->first; one != NULL; one = one->next)
		if (revocation_fits(one, question))
			last = one;
	return last;
}

static json_t *
told(const struct revocation *revocation)
{
	static const char *const what[] = {
		[REVOKE_TOKEN] = "this token",
		[REVOKE_CLIENT] = "every token of client ",
		[REVOKE_SUBJECT] = "every token of subject ",
		[REVOKE_ALL] = "every token of this issuer",
	};
	bool names = revocation->kind == REVOKE_CLIENT || revocation->kind == REVOKE_SUBJECT;
	char at[32];

	clock_format(revocation->created_s * 1000000, at);
	return json_pack("{s:s, s:s, s:s+}", "by", revocation->by, "at", at, "of",
	    what[revocation->kind], names ? revocation->value : "");
}

bool
explain_revoked(const struct explain_revoked *asked, json_t *said, struct err *reterr)
{
	struct store_revocations found = { 0 };
	const struct revocation *last = NULL;
	struct store *store = NULL;
	bool done =
	    !asked->config->has_local ||
	    (store_open_again(asked->config->local.database, &store, reterr) &&
		store_revocations(store, &(struct store_after){ 0, asked->arena }, &found, reterr));

	if (done)
		last = latest(&found, asked->question);
	if (json_object_set_new(said, "revoked", last == NULL ? json_null() : told(last)) != 0)
		done = err_set(reterr, "out of memory");
	store_close(store);
	return done;
}
