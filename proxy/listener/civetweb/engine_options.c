/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listener/civetweb/engine_options.h"

#include <stdio.h>

/* Threads in addition to the configured connections: they answer "overloaded", so that clients do
 * not wait without a response. */
#define SPARE_THREADS 8

/* By default CivetWeb serves files, scripts and CORS answers, and decodes URLs that we must see
 * undecoded. It accepts "tcp_nodelay" only as exactly "1". */
static const char *const fixed[] = {
	"connection_queue",
	"128",
	"listen_backlog",
	"4096",
	"enable_keep_alive",
	"yes",
	"tcp_nodelay",
	"1",
	"decode_url",
	"no",
	"decode_query_string",
	"no",
	"enable_auth_domain_check",
	"no",
	"enable_directory_listing",
	"no",
	"allow_sendfile_call",
	"no",
	"cgi_pattern",
	"",
	"ssi_pattern",
	"",
	"index_files",
	"",
	"access_control_allow_origin",
	"",
	"access_control_allow_methods",
	"",
};

static void
number(char text[24], int64_t value)
{
	(void)snprintf(text, 24, "%lld", (long long)value);
}

void
engine_options_make(struct engine_options *options, const struct listener_setup *setup)
{
	const char *made[] = {
		"listening_ports",
		setup->address,
		"num_threads",
		options->threads,
		"max_request_size",
		options->head_bytes,
		"request_timeout_ms",
		options->head_ms,
		"keep_alive_timeout_ms",
		options->idle_ms,
	};
	size_t count = 0;

	number(options->threads, setup->connections + SPARE_THREADS);
	number(options->head_bytes, setup->header_bytes);
	number(options->head_ms, setup->header_timeout_ms);
	number(options->idle_ms, setup->idle_timeout_ms);
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
		options->list[count++] = made[i];
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		options->list[count++] = fixed[i];
	options->list[count] = NULL;
}
