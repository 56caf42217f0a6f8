/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/config/config.h"

#include <stdlib.h>
#include <string.h>

#include "base/hide.h"
#include "proxy/config/identity.h"
#include "proxy/config/prepare.h"
#include "token/issuer_match.h"

#define CONFIG_MAX_BYTES (64u << 20)
#define TYPE_BASE_MAX 512

/* The top of the file, as written. */
struct top {
	const struct node *listen, *admin, *metrics, *forward_auth, *issuers, *local, *forward,
	    *limits, *log, *answers, *resource, *upstream, *explain;
	const char *policy, *policy_next, *state;
};

struct explain_section {
	int64_t recent;
};

struct answers_section {
	int detail;
	const char *type_base;
};

static const char *const detail_words[] = { "none", "public", NULL };

static const struct field top_fields[] = {
	{ .key = "listen",
	    .type = FIELD_MAP,
	    .offset = offsetof(struct top, listen),
	    .help = "where the gate listens" },
	{ .key = "admin",
	    .type = FIELD_MAP,
	    .offset = offsetof(struct top, admin),
	    .help = "health, metrics and explain; never on the public listener" },
	{ .key = "metrics",
	    .type = FIELD_MAP,
	    .offset = offsetof(struct top, metrics),
	    .help = "health and metrics alone, for probes and scrapers" },
	{ .key = "forward_auth",
	    .type = FIELD_MAP,
	    .offset = offsetof(struct top, forward_auth),
	    .help = "where a gateway in front asks whether its client may" },
	{ .key = "upstream",
	    .type = FIELD_NODE,
	    .offset = offsetof(struct top, upstream),
	    .help = "the API: http://, https:// or unix:/path, or a map; a module may name its "
		    "own" },
	{ .key = "policy",
	    .type = FIELD_PATH,
	    .offset = offsetof(struct top, policy),
	    .default_value = "policy.yaml",
	    .help = "the policy file, or several: policies/*.yaml" },
	{ .key = "policy_next",
	    .type = FIELD_PATH,
	    .offset = offsetof(struct top, policy_next),
	    .help = "a policy that is judged beside the live one, never enforced" },
	{ .key = "state",
	    .type = FIELD_PATH,
	    .offset = offsetof(struct top, state),
	    .default_value = "/var/lib/postern",
	    .help = "directory of the last good key sets and the embedded database" },
	{ .key = "issuers",
	    .type = FIELD_MAP,
	    .offset = offsetof(struct top, issuers),
	    .help = "trusted third-party identity providers, by a name you choose" },
	{ .key = "local_issuer",
	    .type = FIELD_MAP,
	    .offset = offsetof(struct top, local),
	    .help = "the local issuer" },
	{ .key = "forward",
	    .type = FIELD_MAP,
	    .offset = offsetof(struct top, forward),
	    .help = "what the upstream receives" },
	{ .key = "limits",
	    .type = FIELD_MAP,
	    .offset = offsetof(struct top, limits),
	    .help = "sizes, counts and timeouts" },
	{ .key = "explain",
	    .type = FIELD_MAP,
	    .offset = offsetof(struct top, explain),
	    .help = "what is kept of decisions" },
	{ .key = "log", .type = FIELD_MAP, .offset = offsetof(struct top, log), .help = "the log" },
	{ .key = "answers",
	    .type = FIELD_MAP,
	    .offset = offsetof(struct top, answers),
	    .help = "what refused clients learn" },
	{ .key = "resource",
	    .type = FIELD_MAP,
	    .offset = offsetof(struct top, resource),
	    .help = "what clients learn about this gate (RFC 9728)" },
	{ 0 },
};

static const struct field limits_fields[] = {
	{ .key = "header_bytes",
	    .type = FIELD_SIZE,
	    .offset = offsetof(struct config_limits, header_bytes),
	    .min = 1024,
	    .max = 65536,
	    .default_value = "16k",
	    .help = "maximum size of a request's head" },
	{ .key = "body_bytes",
	    .type = FIELD_SIZE,
	    .offset = offsetof(struct config_limits, body_bytes),
	    .default_value = "0",
	    .help = "maximum size of a request's body; 0: no limit" },
	{ .key = "connections",
	    .type = FIELD_COUNT,
	    .offset = offsetof(struct config_limits, connections),
	    .min = 1,
	    .max = 16384,
	    .default_value = "1024",
	    .help = "concurrent client connections" },
	{ .key = "header_timeout",
	    .type = FIELD_DURATION_MS,
	    .offset = offsetof(struct config_limits, header_timeout_ms),
	    .min = 100,
	    .max = 600000,
	    .default_value = "10s",
	    .help = "for the head of a request" },
	{ .key = "body_timeout",
	    .type = FIELD_DURATION_MS,
	    .offset = offsetof(struct config_limits, body_timeout_ms),
	    .min = 100,
	    .max = 86400000,
	    .default_value = "60s",
	    .help = "for each further part of a request's body" },
	{ .key = "body_min_rate",
	    .type = FIELD_SIZE,
	    .offset = offsetof(struct config_limits, body_min_rate),
	    .max = 1 << 20,
	    .default_value = "128",
	    .help =
		"bytes a second that a body must have had on average after body_timeout; 0: none" },
	{ .key = "upstream_timeout",
	    .type = FIELD_DURATION_MS,
	    .offset = offsetof(struct config_limits, upstream_timeout_ms),
	    .min = 100,
	    .max = 86400000,
	    .default_value = "60s",
	    .help = "to connect, and for each further sign of life from the upstream" },
	{ .key = "stream_timeout",
	    .type = FIELD_DURATION_MS,
	    .offset = offsetof(struct config_limits, stream_timeout_ms),
	    .min = 100,
	    .max = 86400000,
	    .default_value = "1h",
	    .help = "the longest silence of an event stream or a tunnel" },
	{ .key = "idle_timeout",
	    .type = FIELD_DURATION_MS,
	    .offset = offsetof(struct config_limits, idle_timeout_ms),
	    .min = 100,
	    .max = 86400000,
	    .default_value = "60s",
	    .help = "for a client's connection between requests" },
	{ .key = "write_timeout",
	    .type = FIELD_DURATION_MS,
	    .offset = offsetof(struct config_limits, write_timeout_ms),
	    .min = 100,
	    .max = 86400000,
	    .default_value = "60s",
	    .help = "the longest pause of a client that reads its answer (engine events)" },
	{ .key = "token_cache",
	    .type = FIELD_SIZE,
	    .offset = offsetof(struct config_limits, token_cache_bytes),
	    .min = 64 << 10,
	    .max = INT64_C(4) << 30,
	    .default_value = "32m",
	    .help = "memory for callers already verified, at most" },
	{ 0 },
};

static const struct field answers_fields[] = {
	{ .key = "detail",
	    .type = FIELD_WORD,
	    .offset = offsetof(struct answers_section, detail),
	    .default_value = "public",
	    .words = detail_words,
	    .help = "public: refused clients learn what was wrong; none: only the log does" },
	{ .key = "type_base",
	    .type = FIELD_TEXT,
	    .offset = offsetof(struct answers_section, type_base),
	    .default_value = CONFIG_TYPE_BASE,
	    .help = "what stands before the reason in `type` of a refusal: a URL of pages" },
	{ 0 },
};

static const struct field explain_fields[] = {
	{ .key = "recent",
	    .type = FIELD_COUNT,
	    .offset = offsetof(struct explain_section, recent),
	    .max = CONFIG_RECENT_MAX,
	    .default_value = "1000",
	    .help = "the last decisions, kept in memory for `explain --request-id`; 0: none" },
	{ 0 },
};

const struct schema_section *
config_sections(void)
{
	static struct schema_section sections[18 + LOCAL_SECTIONS + 1] = {
		{ "", top_fields },
		{ "/listen", NULL },
		{ "/listen/tls", NULL },
		{ "/admin", NULL },
		{ "/metrics", NULL },
		{ "/limits", limits_fields },
		{ "/log", NULL },
		{ "/answers", answers_fields },
		{ "/forward", NULL },
		{ "/issuers/NAME", NULL },
		{ "/issuers/NAME/claims", NULL },
		{ "/issuers/NAME/jwks", NULL },
		{ "/resource", NULL },
		{ "/upstream", backend_fields },
		{ "/upstream/tls", backend_tls_fields },
		{ "/forward_auth", NULL },
		{ "/explain", explain_fields },
		{ "/upstream/health_check", backend_check_fields },
	};

	sections[1].fields = config_listen_schema();
	sections[2].fields = config_tls_schema();
	sections[3].fields = config_admin_schema();
	sections[4].fields = config_metrics_schema();
	sections[6].fields = config_log_schema();
	sections[8].fields = identity_schema();
	sections[9].fields = trusted_issuer_schema();
	sections[10].fields = trusted_issuer_claims_schema();
	sections[11].fields = source_schema();
	sections[12].fields = config_resource_schema();
	sections[15].fields = config_forward_auth_schema();
	for (int i = 0; i < LOCAL_SECTIONS; i++)
		sections[18 + i] = local_sections[i];
	return sections;
}

static void
read_local(struct config *config, const struct top *top)
{
	struct trusted_issuer *local;

	if (config->trusted_issuers == NULL)
		return;
	if (top->local == NULL)
		return;
	local_read(top->local, config->state, &config->local, &config->mistakes);
	if (config->local.issuer == NULL || config->local.audience == NULL)
		return;
	if (issuer_match_find(config->trusted_issuers, config->trusted_issuer_count,
		span_of(config->local.issuer)) < config->trusted_issuer_count)
		mistake_at(&config->mistakes, top->local, "another issuer has the same \"issuer\"");
	if (config->local.accept == LOCAL_FALLBACK && config->trusted_issuer_count == 0)
		mistake_at(&config->mistakes, top->local, "accept: fallback needs \"issuers\"");
	config->local_index = config->trusted_issuer_count++;
	config->has_local = true;
	local = &config->trusted_issuers[config->local_index];
	trusted_issuer_local(local, config->local.issuer, config->local.audience);
}

/* Together with a word of ASCII it is a URI (RFC 3986, RFC 9457 section 3.1.1) that needs no
 * escaping in JSON. */
static void
check_type_base(struct config *config, const struct node *node)
{
	static const char *const schemes[] = { "https://", "http://", "urn:" };
	bool known = false, plain = true;

	if (node == NULL || node->kind != NODE_SCALAR)
		return;
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		known = known || span_starts(node->text, span_of(schemes[i]));
	for (size_t i = 0; i < node->text.len; i++)
		plain = plain && node->text.at[i] > ' ' && node->text.at[i] < 0x7f &&
			strchr("\"<>\\^`{|}", node->text.at[i]) == NULL;
	if (!known || !plain || node->text.len > TYPE_BASE_MAX)
		mistake_at(&config->mistakes, node,
		    "must be the beginning of a URI, https://… or urn:…, of at most %d characters",
		    TYPE_BASE_MAX);
}

static void
read_sections(struct config *config, const struct top *top)
{
	struct answers_section answers = { 0 };
	struct explain_section explain = { 0 };

	schema_read(top->limits, limits_fields, &config->limits, &config->mistakes);
	config_log_read(config, top->log);
	schema_read(top->answers, answers_fields, &answers, &config->mistakes);
	config_listen_read(config, &(struct config_listen_maps){
				       top->listen, top->admin, top->metrics, top->forward_auth });
	schema_read(top->explain, explain_fields, &explain, &config->mistakes);
	config->explain_recent = explain.recent;
	config->answer_detail = answers.detail == 1;
	config->answer_type_base = answers.type_base;
	check_type_base(config, document_get(top->answers, "type_base"));
	identity_read(config, top->forward);
}

static void
check_upstreams(struct config *config, const struct policy *policy, const struct node *root)
{
	for (const struct module *module = policy->modules; module != NULL; module = module->next)
		if (module->upstream == NULL)
			backend_check_paths(config->upstream, &module->paths, &config->mistakes);
	if (document_get(root, "upstream") != NULL)
		return;
	for (const struct module *module = policy->modules; module != NULL; module = module->next)
		if (module->upstream != NULL)
			return;
	mistake_at(&config->mistakes, root, "\"upstream\" is missing, and no module names one");
}

/* Read everything; false only for failures that are not mistakes in the files. */
static bool
read_all(struct config *config, struct err *reterr)
{
	struct top top = { 0 };
	struct node *root = NULL;

	if (!document_read(config->path, &config->mistakes, &root, reterr))
		return false;
	if (root == NULL && config->mistakes.errors == 0)
		return err_set(reterr, "%s: is empty", config->path);
	if (root == NULL)
		return true;
	config->root = root;
	schema_read(root, top_fields, &top, &config->mistakes);
	config->upstream = backend_read(top.upstream, &config->mistakes);
	config->state = top.state;
	config->policy_path = top.policy;
	config->next_path = top.policy_next;
	if (config->instead.policy != NULL) {
		config->policy_path = config->instead.policy;
		config->next_path = config->instead.next;
	}
	if (config->state == NULL || config->policy_path == NULL)
		return err_set(reterr, "%s: out of memory", config->path);
	read_sections(config, &top);
	config_issuers_read(top.issuers, config);
	read_local(config, &top);
	config_resource_read(top.resource, config);
	if (!config_policy_read(config, reterr))
		return false;
	check_upstreams(config, &config->policy, root);
	if (config->next != NULL)
		check_upstreams(config, &config->next->policy, root);
	return true;
}

/* Hide secrets in the error: it repeats the name of the file that cannot be read, and a secret may
 * have been put into "policy" by mistake. */
static bool
say_hidden(const struct config *config, struct err *reterr)
{
	struct span values[] = { span_of(config->path), span_of(config->policy_path),
		span_of(config->next_path) };
	struct buffer shown;

	buffer_init(&shown, 4 * sizeof(reterr->text));
	hide_sentence(span_of(reterr->text), values, sizeof(values) / sizeof(values[0]), &shown);
	(void)err_set(reterr, "%.*s", SPAN_ARG(buffer_span(&shown)));
	buffer_wipe(&shown);
	return false;
}

bool
config_read(
    const char *path, enum config_reading how, struct config **ret_config, struct err *reterr)
{
	return config_read_instead(
	    path, &(struct config_instead){ how, NULL, NULL }, ret_config, reterr);
}

bool
config_read_instead(const char *path, const struct config_instead *instead,
    struct config **ret_config, struct err *reterr)
{
	struct config *config = calloc(1, sizeof(*config));
	struct span name = span_of(path);
	size_t errors;

	*ret_config = NULL;
	if (config == NULL)
		return err_set(reterr, "out of memory");
	arena_init(&config->arena, CONFIG_MAX_BYTES);
	config->mistakes.arena = &config->arena;
	config->mistakes.offline = instead->how == CONFIG_OFFLINE;
	config->instead = *instead;
	config->path = arena_text(&config->arena, name);
	*ret_config = config;
	if (config->path == NULL)
		return err_set(reterr, "out of memory");
	config->stopped = !read_all(config, reterr);
	if (config->stopped)
		return say_hidden(config, reterr);
	if (instead->how != CONFIG_TEXT)
		prepare(config);
	errors = config->mistakes.errors;
	if (errors > 0)
		return err_set(reterr, "%s: %zu mistake%s", path, errors, errors == 1 ? "" : "s");
	return true;
}

void
config_free(struct config *config)
{
	if (config == NULL)
		return;
	tls_server_unref(config->tls.server);
	arena_done(&config->arena);
	free(config);
}
