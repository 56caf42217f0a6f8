/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/explain_question.h"

#include "base/clock.h"
#include "base/nearest.h"

/* The members that are texts, and where each goes. */
static const struct {
	const char *name;
	size_t offset;
} texts[] = {
	{ "method", offsetof(struct explain_question, method) },
	{ "path", offsetof(struct explain_question, path) },
	{ "issuer", offsetof(struct explain_question, issuer) },
	{ "client", offsetof(struct explain_question, client) },
	{ "user", offsetof(struct explain_question, user) },
	{ "certificate", offsetof(struct explain_question, certificate) },
	{ "peer", offsetof(struct explain_question, peer) },
	{ "host", offsetof(struct explain_question, host) },
};

const char *
explain_question_wrong(const struct explain_question *question)
{
	int ways = (question->token.at != NULL) + (question->claims != NULL) +
		   (question->client != NULL) + (question->user != NULL);

	if (ways > 1)
		return "give one of token, claims, client and user";
	if ((question->claims != NULL) != (question->issuer != NULL))
		return "claims and issuer go together";
	return NULL;
}

static bool
unknown(const char *name, struct err *reterr)
{
	struct nearest nearest = nearest_to(span_of(name));
	char hint[NEAREST_HINT];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		nearest_offer(&nearest, texts[i].name);
	nearest_offer(&nearest, "token");
	nearest_offer(&nearest, "claims");
	nearest_offer(&nearest, "at");
	return err_set(reterr, "unknown member \"%.64s\"%s", name, nearest_hint(&nearest, hint));
}

/* Read a member that is a text. */
static bool
read_text(const char *name, const json_t *value, const char **ret_text, struct err *reterr)
{
	if (!json_is_string(value) || strlen(json_string_value(value)) != json_string_length(value))
		return err_set(reterr, "\"%s\" must be a string", name);
	*ret_text = json_string_value(value);
	return true;
}

static bool
read_time(const json_t *value, int64_t *ret_s, struct err *reterr)
{
	if (json_is_integer(value) && json_integer_value(value) >= 0) {
		*ret_s = json_integer_value(value);
		return true;
	}
	return (json_is_string(value) && clock_parse(json_text(value), ret_s)) ||
	       err_set(reterr, "\"at\" must be Unix seconds or RFC 3339");
}

static bool
read_member(const char *name, json_t *value, struct explain_question *question, struct err *reterr)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(name, texts[i].name) == 0)
			return read_text(name, value,
			    (const char **)(void *)((char *)question + texts[i].offset), reterr);
	if (strcmp(name, "token") == 0) {
		question->token = json_text(value);
		return json_is_string(value) || err_set(reterr, "\"token\" must be a string");
	}
	if (strcmp(name, "at") == 0)
		return read_time(value, &question->now_s, reterr);
	if (strcmp(name, "claims") != 0)
		return unknown(name, reterr);
	question->claims = value;
	return json_is_object(value) || err_set(reterr, "\"claims\" must be an object");
}

bool
explain_question_read(json_t *root, struct explain_question *question, struct err *reterr)
{
	const char *name, *wrong;
	json_t *value;

	*question = (struct explain_question){ .method = "GET", .now_s = question->now_s };
	if (!json_is_object(root))
		return err_set(reterr, "the question must be an object");
	json_object_foreach(root, name, value)
	{
		if (!json_is_null(value) && !read_member(name, value, question, reterr))
			return false;
	}
	if (question->path == NULL || question->path[0] != '/')
		return err_set(reterr, "\"path\" must begin with /");
	wrong = explain_question_wrong(question);
	return wrong == NULL || err_set(reterr, "%s", wrong);
}
