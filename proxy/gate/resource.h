/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resource - the metadata of the protected resource (RFC 9728).
 *
 * Uses:   transaction, answer, config.
 * Shell:  writes the answer.
 */
#ifndef POSTERN_PROXY_GATE_RESOURCE_H
#define POSTERN_PROXY_GATE_RESOURCE_H

#include "proxy/config/config.h"
#include "proxy/gate/transaction.h"

/* What the first line of a request asks of the metadata. */
struct resource_line {
	int status; /* 200; 404: the path is exactly `wanted`; 405: the methods are `wanted`; 0:
		       the path is not about the metadata */
	const char *told, *wanted;   /* what is wrong, in two parts; empty */
	const struct module *module; /* whose `resource` it is about; NULL: the gate's */
};

/* PROTECTED_RESOURCE_PATH is always the path of metadata; so are the paths of `resource.url` and of
 * `resource` of each module below it (RFC 9728 section 3.1). One that differs from all in case or
 * by a slash at the end is told so. Where several have the path of the target, the one decides
 * whose URL has its host, or else the first. Lent by the configuration. */
struct resource_line resource_read_line(
    const struct config *config, const struct target *target, struct span method);

/* The URL of this gate for clients: `resource.url`, else the host of the request; NULL: that host
 * is not a valid name or address. Lent by the configuration or the arena. A module's `resource` is
 * never taken from the request. */
const char *resource_name(
    const struct config *config, const struct request *request, struct arena *arena);

/* Answer with {resource, authorization_servers, scopes_supported, bearer_methods_supported,
 * tls_client_certificate_bound_access_tokens} of the module's `resource` or resource_name(), or
 * with a problem of that status (RFC 9457). Those of a module have its `cors`. */
void resource_serve(
    struct transaction *transaction, const struct config *config, const struct resource_line *line);

#endif
