/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/init_next.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/span.h"
#include "proxy/config/address.h"

static bool
is_harmless(const char *word)
{
	if (word[0] == '\0' || word[0] == '-' || word[0] == '~')
		return false;
	for (; *word != '\0'; word++)
		if (!isalnum((unsigned char)*word) && strchr("./_-+:@%,~", *word) == NULL)
			return false;
	return true;
}

/* One word of a shell's line, whatever is in it. */
static void
add_word(struct buffer *out, const char *word)
{
	if (is_harmless(word)) {
		buffer_add_text(out, word);
		return;
	}
	buffer_add_byte(out, '\'');
	for (; *word != '\0'; word++)
		if (*word == '\'')
			buffer_add_text(out, "'\\''");
		else
			buffer_add_byte(out, *word);
	buffer_add_byte(out, '\'');
}

static void
add_command(const struct init_next *next, const char *command, struct buffer *out)
{
	add_word(out, next->program);
	buffer_format(out, " %s", command);
	if (next->config == NULL)
		return;
	buffer_add_text(out, " -c ");
	add_word(out, next->config);
}

void
init_next_url(const char *listen, struct buffer *out)
{
	static const unsigned char any[sizeof(((struct address *)NULL)->bytes)];
	struct address address;
	struct err ignored;
	bool wildcard;

	if (!address_read(listen, &address, &ignored))
		return;
	wildcard = memcmp(address.bytes, any, address.kind == ADDRESS_IPV4 ? 4 : sizeof(any)) == 0;
	if (!wildcard)
		buffer_format(out, "http://%s", listen);
	else
		buffer_format(out, "http://%s:%u",
		    address.kind == ADDRESS_IPV4 ? "127.0.0.1" : "[::1]", (unsigned)address.port);
}

static void
add_url(const struct init_next *next, struct buffer *out)
{
	struct buffer url;

	buffer_init(&url, 256);
	init_next_url(next->answers->listen, &url);
	buffer_add_byte(&url, '/');
	add_word(out, url.at == NULL ? "/" : url.at);
	buffer_done(&url);
}

/* A client, and a call with a token of it. */
static void
add_local(const struct init_next *next, struct buffer *out)
{
	buffer_add_text(out, "  ");
	add_command(next, "client add " INIT_FILES_CLIENT " --role " INIT_FILES_ROLE, out);
	buffer_add_text(out, "\n  curl -i -H \"Authorization: Bearer $(");
	add_command(next, "token --client " INIT_FILES_CLIENT, out);
	buffer_add_text(out, ")\" ");
	add_url(next, out);
	buffer_add_byte(out, '\n');
}

/* A call that is refused, and one with a token of the provider. */
static void
add_trusted(const struct init_next *next, struct buffer *out)
{
	buffer_add_text(out, "  curl -i ");
	add_url(next, out);
	buffer_add_text(out, "\n  curl -i -H \"Authorization: Bearer $TOKEN\" ");
	add_url(next, out);
	buffer_add_byte(out, '\n');
}

void
init_next_lines(const struct init_next *next, struct buffer *out)
{
	buffer_add_text(out, "  ");
	add_command(next, "serve", out);
	buffer_add_byte(out, '\n');
	if (next->answers->provider->preset == NULL)
		add_local(next, out);
	else
		add_trusted(next, out);
}
