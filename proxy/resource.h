/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resource - the metadata of the protected resource (RFC 9728).
 *
 * Uses:   job, answer, config.
 * Shell:  writes the answer.
 */
#ifndef POSTERN_PROXY_RESOURCE_H
#define POSTERN_PROXY_RESOURCE_H

#include "proxy/config.h"
#include "proxy/job.h"

#define RESOURCE_PATH "/.well-known/oauth-protected-resource"

/* Answer GET and HEAD with {resource, authorization_servers, scopes_supported,
 * bearer_methods_supported}; other methods with 405. The resource is the host that was asked. */
void resource_serve(struct job *job, const struct config *config);

#endif
