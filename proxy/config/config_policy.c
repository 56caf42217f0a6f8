/* SPDX-License-Identifier: Apache-2.0 */
#include "base/listing.h"
#include "issuer/oauth/endpoint.h"
#include "policy/merge.h"
#include "proxy/config/config.h"
#include "proxy/http/request.h"

/* More than LISTING_MAX paths of any length that a file system has. */
#define LISTING_MAX_BYTES (8u << 20)
#define OWN_MAX (ENDPOINT_COUNT + 2)

static bool
civetweb_serves(struct span method)
{
	return request_method_served(method) && engines_know_method(ENGINES_CIVETWEB, method);
}

/* The paths that the gate answers before it looks at the policy: the metadata of the resource and
 * the endpoints of the local issuer. False: no memory. */
static bool
place_own(struct config *config, struct texts *ret_paths)
{
	struct endpoint_paths endpoints;

	*ret_paths = (struct texts){ .at = arena_array(&config->arena, OWN_MAX, sizeof(char *)) };
	if (ret_paths->at == NULL)
		return false;
	ret_paths->at[ret_paths->count++] = PROTECTED_RESOURCE_PATH;
	if (config->resource.path != NULL &&
	    strcmp(config->resource.path, PROTECTED_RESOURCE_PATH) != 0)
		ret_paths->at[ret_paths->count++] = config->resource.path;
	if (!config->has_local)
		return true;
	if (!endpoint_place(config->local.issuer, &config->arena, &endpoints))
		return false;
	for (int i = 0; i < ENDPOINT_COUNT; i++)
		ret_paths->at[ret_paths->count++] = endpoints.at[i];
	return true;
}

/* ret_root  NULL: it has mistakes. */
static bool
read_one(struct config *config, const char *path, struct node **ret_root, struct err *reterr)
{
	if (!document_read(path, &config->mistakes, ret_root, reterr))
		return false;
	if (*ret_root == NULL && config->mistakes.errors == 0)
		return err_set(reterr, "%s: is empty", path);
	return true;
}

/* All files that the path means, as one document. */
static bool
read_files(struct config *config, struct span files, struct node **ret_root, struct err *reterr)
{
	for (struct span path; files.len > 0; files = span_slice(files, path.len + 1, files.len)) {
		struct node *root = NULL;

		path = span_slice(files, 0, span_find(files, '\0'));
		if (!read_one(config, path.at, &root, reterr))
			return false;
		if (*ret_root == NULL)
			*ret_root = root;
		else if (root != NULL)
			merge(*ret_root, root, &config->mistakes);
	}
	return true;
}

static bool
read_several(struct config *config, const char *path, struct node **ret_root, struct err *reterr)
{
	struct buffer files;
	bool done;

	buffer_init(&files, LISTING_MAX_BYTES);
	done = listing_read(path, &files, reterr);
	inputs_note(&config->mistakes.inputs, &config->arena,
	    (struct input){ .path = path, .readable = done, .listing = true }, buffer_span(&files));
	done = done && read_files(config, buffer_span(&files), ret_root, reterr);
	buffer_done(&files);
	return done;
}

/* A module whose metadata would be where the gate's is has the gate's URL. */
static void
check_resources(struct config *config, const struct policy *policy)
{
	const struct protected_resource *own = config->resource.own;

	for (const struct module *one = policy->modules; one != NULL && own != NULL;
	    one = one->next)
		if (one->resource != NULL && protected_resource_clashes(one->resource, own))
			mistake_at(&config->mistakes, one->resource->node,
			    "has its metadata at %s, as resource.url of postern.yaml (%s) has",
			    own->path, own->url);
}

static bool
read_file(struct config *config, const char *path, struct policy *policy, struct err *reterr)
{
	struct texts own_paths;
	struct policy_names names = {
		.trusted_issuers = config->trusted_issuers,
		.trusted_issuer_count = config->trusted_issuer_count,
		.local_issuer = config->has_local ? LOCAL_NAME : NULL,
		.own_paths = &own_paths,
		.client_certificates = config->tls.client_certificate != TLS_CLIENT_NONE,
		.method_served =
		    config->engine == ENGINES_CIVETWEB ? civetweb_serves : request_method_served,
	};
	struct node *root = NULL;

	if (!(listing_is(path) ? read_several(config, path, &root, reterr)
			       : read_one(config, path, &root, reterr)))
		return false;
	if (root == NULL)
		return true;
	if (!place_own(config, &own_paths))
		return err_set(reterr, "%s: out of memory", path);
	policy_read(root, &names, policy, &config->mistakes);
	check_resources(config, policy);
	return true;
}

/* Everything but the policy is the same, so that a request can be judged by it as well. */
static bool
read_next(struct config *config, struct err *reterr)
{
	struct config *next = arena_alloc(&config->arena, sizeof(*next));
	struct policy policy = { 0 };

	if (next == NULL)
		return err_set(reterr, "%s: out of memory", config->next_path);
	if (!read_file(config, config->next_path, &policy, reterr))
		return false;
	*next = *config;
	next->policy = policy;
	next->policy_path = config->next_path;
	config->next = next;
	return true;
}

bool
config_policy_read(struct config *config, struct err *reterr)
{
	if (!read_file(config, config->policy_path, &config->policy, reterr))
		return false;
	config_own_check(config);
	return config->next_path == NULL || read_next(config, reterr);
}
