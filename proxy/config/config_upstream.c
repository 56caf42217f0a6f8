/* SPDX-License-Identifier: Apache-2.0 */
/* The upstreams of a configuration, and what their `tls` holds. */
#include "proxy/config/config.h"
#include "proxy/config/prepare.h"
#include "proxy/io/tls_identity.h"

const struct backend *
config_backend(const struct config *config, const struct module *module)
{
	return module != NULL && module->upstream != NULL ? module->upstream : config->upstream;
}

static void
check_identity(struct config *config, const struct backend *backend, const struct node *tls)
{
	struct tls_identity *identity = NULL;
	struct err err;

	if (!tls_identity_new(span_of(backend->certificate), &identity, &err))
		mistake_at_key(&config->mistakes, document_get(tls, "certificate"), "%s", err.text);
	else if (!tls_identity_key(identity, span_of(backend->key), &err))
		mistake_at_key(&config->mistakes, document_get(tls, "key"), "%s", err.text);
	tls_identity_free(identity);
}

/* Texts are missing where `offline` left them out. */
static void
check(struct config *config, const struct backend *backend)
{
	const struct node *tls = document_get(backend == NULL ? NULL : backend->node, "tls");
	struct err err;

	if (tls == NULL)
		return;
	if (backend->ca != NULL && !tls_server_ca_check(span_of(backend->ca), &err))
		mistake_at_key(&config->mistakes, document_get(tls, "ca_file"), "%s", err.text);
	if (backend->certificate != NULL && backend->key != NULL)
		check_identity(config, backend, tls);
}

void
config_upstream_prepare(struct config *config)
{
	check(config, config->upstream);
	for (const struct module *module = config->policy.modules; module != NULL;
	    module = module->next)
		check(config, module->upstream);
}
