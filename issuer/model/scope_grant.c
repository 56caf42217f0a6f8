/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/model/scope_grant.h"

#include "base/buffer.h"

#define SCOPE_MAX 128
#define SCOPES_MAX (32u << 10)

bool
scope_grant_scope_valid(struct span scope)
{
	size_t i;

	for (i = 0; i < scope.len; i++) {
		if (scope.at[i] < 0x21 || scope.at[i] > 0x7e || scope.at[i] == '"' ||
		    scope.at[i] == '\\')
			return false;
	}
	return scope.len >= 1 && scope.len <= SCOPE_MAX;
}

static bool
allowed(const struct texts *scopes, struct span scope)
{
	size_t i;

	for (i = 0; i < scopes->count; i++) {
		if (span_is(scope, scopes->at[i]))
			return true;
	}
	return false;
}

/* Is `scope` one of the words of `list`? */
static bool
holds(struct span list, struct span scope)
{
	struct span piece;

	while (span_cut(&list, ' ', &piece)) {
		if (span_equal(piece, scope))
			return true;
	}
	return false;
}

static void
add_scope(struct buffer *list, struct span scope)
{
	if (list->len > 0)
		buffer_add_byte(list, ' ');
	buffer_add(list, scope);
}

static bool
narrow(const struct scope_request *request, struct buffer *list)
{
	struct span rest = request->scope, piece;

	if (span_ends(rest, SPAN(" ")))
		return false;
	while (span_cut(&rest, ' ', &piece)) {
		if (!scope_grant_scope_valid(piece) || !allowed(&request->client->scopes, piece))
			return false;
		if (!holds(buffer_span(list), piece))
			add_scope(list, piece);
	}
	return true;
}

static void
add_all(const struct scope_request *request, struct buffer *list)
{
	size_t i;

	for (i = 0; i < request->client->scopes.count; i++)
		add_scope(list, span_of(request->client->scopes.at[i]));
}

bool
scope_grant_decide(
    const struct scope_request *request, struct arena *arena, struct scope_grant *ret_granted)
{
	struct scope_grant granted = { .lifetime_s = request->client->token_lifetime_s };
	struct buffer list;
	bool done = true;

	if (granted.lifetime_s == 0)
		granted.lifetime_s = request->default_lifetime_s;
	buffer_init(&list, SCOPES_MAX);
	if (request->scope.at != NULL)
		done = narrow(request, &list);
	else
		add_all(request, &list);
	if (list.failed)
		done = false;
	if (done && list.len > 0) {
		granted.scope = arena_text(arena, buffer_span(&list));
		done = granted.scope != NULL;
	}
	buffer_done(&list);
	if (done)
		*ret_granted = granted;
	return done;
}
