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

#define RESOURCE_METHODS "GET, HEAD"

/* Is this the path of the metadata? CONFIG_RESOURCE_PATH always is; so is the path of
 * `resource.url` below it (RFC 9728 section 3.1). */
bool resource_path(const struct config *config, struct span path);

/* The status of the answer: 200, or 405 for a wrong method (RFC 9110 section 15.5.6). */
int resource_status(struct span method);

/* The URL of this gate for clients: `resource.url`, else the host of the request; NULL: that host
 * is not a valid name or address. Lent by the configuration or the arena. */
const char *resource_name(
    const struct config *config, const struct request *request, struct arena *arena);

/* Answer GET and HEAD with {resource, authorization_servers, scopes_supported,
 * bearer_methods_supported}; other methods with 405. The resource is resource_name(). */
void resource_serve(struct transaction *transaction, const struct config *config);

#endif
