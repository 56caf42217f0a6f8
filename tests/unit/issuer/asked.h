/* SPDX-License-Identifier: Apache-2.0 */
/* asked - requests to the token endpoint of a running issuer. */
#ifndef POSTERN_TESTS_ISSUER_ASKED_H
#define POSTERN_TESTS_ISSUER_ASKED_H

#include "running.h"

#define NOW_S 1760000000
#define FORM "application/x-www-form-urlencoded"
#define GRANT "grant_type=client_credentials"

static struct running running;

static inline int
setup(void **state)
{
	(void)state;
	running_init(&running, "http://127.0.0.1:8080");
	return 0;
}

static inline int
teardown(void **state)
{
	(void)state;
	running_done(&running);
	return 0;
}

/* Put the client's id for "{id}" and its secret for "{secret}". */
static inline void
fill(const char *template, char *out)
{
	size_t len = 0;

	while (*template != 0) {
		const char *with = NULL;

		if (strncmp(template, "{id}", 4) == 0) {
			with = running.made.id;
			template += 4;
		} else if (strncmp(template, "{secret}", 8) == 0) {
			with = running.made.secret;
			template += 8;
		}
		if (with != NULL)
			len += (size_t)snprintf(out + len, 64, "%s", with);
		else
			out[len++] = *template ++;
		assert_true(len < 1000);
	}
	out[len] = 0;
}

static inline void
encode_basic(const char *text, char out[1024])
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t i, n = strlen(text), len = 6;
	unsigned bits;

	memcpy(out, "Basic ", 6);
	for (i = 0; i < n; i += 3) {
		bits = (unsigned)(unsigned char)text[i] << 16;
		bits |= i + 1 < n ? (unsigned)(unsigned char)text[i + 1] << 8 : 0;
		bits |= i + 2 < n ? (unsigned)(unsigned char)text[i + 2] : 0;
		out[len++] = alphabet[bits >> 18];
		out[len++] = alphabet[bits >> 12 & 63];
		out[len++] = i + 1 < n ? alphabet[bits >> 6 & 63] : '=';
		out[len++] = i + 2 < n ? alphabet[bits & 63] : '=';
	}
	out[len] = 0;
}

/* basic: what is encoded into the header, NULL: no header. */
static inline void
post_to(const char *path, const char *basic, const char *body, struct endpoint_answer *answer)
{
	char header[1024], filled[1024], content[4096];
	struct endpoint_request request = { .method = SPAN("POST"),
		.path = span_of(path),
		.content_type = SPAN(FORM),
		.peer = SPAN("127.0.0.1") };

	if (basic != NULL) {
		fill(basic, filled);
		encode_basic(filled, header);
		request.authorization = span_of(header);
	}
	fill(body, content);
	request.body = span_of(content);
	issuer_answer(running.issuer, &request, NOW_S, answer);
}

/* To the token endpoint. */
static inline void
post(const char *basic, const char *body, struct endpoint_answer *answer)
{
	post_to("/oauth/token", basic, body, answer);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

#endif
