/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/caller.h"

#include "base/buffer.h"
#include "base/json.h"
#include "base/json_number.h"

#define IDENTITY_MAX 4096

/* Append a text after one separator; the text must not contain the separator. */
static void
join(struct buffer *buffer, struct span text, char separator)
{
	if (buffer->len > 0)
		buffer_add_byte(buffer, separator);
	buffer_add(buffer, text);
}

/* False: no memory. */
static bool
join_array(struct buffer *buffer, const json_t *array)
{
	bool plain = true;
	size_t i;
	json_t *member;

	json_array_foreach(array, i, member)
	{
		struct span text = json_text(member);

		if (text.at == NULL || span_find(text, ',') < text.len)
			plain = false;
	}
	if (!plain) {
		char *dump = json_dumps(array, JSON_COMPACT | JSON_ENSURE_ASCII);

		if (dump != NULL)
			buffer_add_text(buffer, dump);
		free(dump);
		return dump != NULL;
	}
	json_array_foreach(array, i, member) join(buffer, json_text(member), ',');
	return true;
}

/* False: no memory. */
static bool
put_claim(struct buffer *buffer, const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_STRING:
		buffer_add(buffer, json_text(value));
		break;
	case JSON_INTEGER:
		buffer_format(buffer, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		break;
	case JSON_TRUE:
		buffer_add_text(buffer, "true");
		break;
	case JSON_FALSE:
		buffer_add_text(buffer, "false");
		break;
	case JSON_ARRAY:
		return join_array(buffer, value);
	default:
		buffer_add(buffer, json_number_text(value));
		break;
	}
	return true;
}

static void
put_roles(struct buffer *buffer, const struct config *config, const struct principal *principal)
{
	for (size_t i = 0; i < config->policy.role_count; i++)
		if (principal_has(principal, i))
			join(buffer, span_of(config->policy.roles[i].name), ',');
}

/* The values that a caller without a token has instead of claims. */
static void
put_without_claims(struct buffer *buffer, const char *pointer, const struct principal *principal)
{
	if (strcmp(pointer, "/sub") == 0)
		buffer_add(buffer, principal->subject);
}

static void
put_value(struct buffer *buffer, const struct config *config, const struct config_header *header,
    const struct caller *caller)
{
	const struct principal *principal = &caller->principal;

	switch (header->word) {
	case IDENTITY_ROLES:
		put_roles(buffer, config, principal);
		break;
	case IDENTITY_SCOPES:
		for (size_t i = 0; i < principal->scopes.count; i++)
			join(buffer, principal->scopes.at[i], ' ');
		break;
	case IDENTITY_CLIENT:
		buffer_add(buffer, principal->client);
		break;
	case IDENTITY_ISSUER:
		if (principal->issuer != NULL)
			buffer_add_text(buffer, principal->issuer);
		break;
	case IDENTITY_SUBJECT:
		buffer_add(buffer, principal->subject);
		break;
	default:
		break;
	}
}

bool
caller_identify(
    const struct config *config, const json_t *payload, struct caller *caller, struct arena *arena)
{
	struct buffer buffer;
	bool done = false;

	/* Reserve all of the room first: a later failure then means "too long", never "no memory".
	 */
	buffer_init(&buffer, IDENTITY_MAX);
	buffer_reserve(&buffer, IDENTITY_MAX);
	caller->identity_count = 0;
	caller->identity = arena_array(arena, config->header_count + 1, sizeof(struct header));
	if (caller->identity == NULL || buffer.failed)
		goto out;
	for (size_t i = 0; i < config->header_count; i++) {
		const struct config_header *header = &config->headers[i];
		struct header *identity = &caller->identity[caller->identity_count];
		const json_t *claim = NULL;

		buffer_reset(&buffer);
		if (header->word != IDENTITY_CLAIM)
			put_value(&buffer, config, header, caller);
		else if (payload == NULL)
			put_without_claims(&buffer, header->from, &caller->principal);
		else if ((claim = json_at(payload, span_of(header->from))) != NULL &&
			 !put_claim(&buffer, claim))
			goto out;
		if (buffer.failed || buffer.len == 0 || !header_value_safe(buffer_span(&buffer)))
			continue;
		identity->name = span_of(header->name);
		identity->value =
		    (struct span){ arena_text(arena, buffer_span(&buffer)), buffer.len };
		if (identity->value.at == NULL)
			goto out;
		caller->identity_count++;
	}
	done = true;
out:
	buffer_done(&buffer);
	return done;
}

bool
caller_next_roles(const struct config *config, const struct principal_inputs *who,
    struct caller *caller, struct arena *arena)
{
	const struct policy *policy;
	struct principal principal;
	bool done;

	if (config->next == NULL)
		return true;
	policy = &config->next->policy;
	if (who->claims != NULL)
		done = principal_of_claims(policy, who, &principal, arena);
	else if (who->store != NULL)
		done = principal_of_user(policy, who, &principal, arena);
	else
		done = principal_of_certificate(policy, who, &principal, arena);
	if (!done)
		return false;
	caller->next_roles = principal.roles;
	caller->next_unsure = principal.unsure;
	caller->next_words = policy->role_words;
	caller->next_matched = principal.matched;
	caller->next_matched_count = principal.matched_count;
	return true;
}
