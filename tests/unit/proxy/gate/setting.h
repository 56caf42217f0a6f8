/* SPDX-License-Identifier: Apache-2.0 */
/*
 * setting - a snapshot by which requests are judged, and the tokens to ask with: two identity
 * providers, one of which has no keys now, and a local issuer with clients and users. It is put
 * together of the parts that the gate has, without its threads; now is NOW_S.
 */
#ifndef POSTERN_TESTS_PROXY_SETTING_H
#define POSTERN_TESTS_PROXY_SETTING_H

#include "issuer/scratch.h"

#include "token/signer.h"
#include "base/file.h"
#include "proxy/gate/judge.h"

#define NOW_S 1000000
#define MONO_S 5000
#define IDP "https://idp.example"
#define EMPTY "https://empty.example"
#define LOCAL "http://127.0.0.1:1"

/* RFC 7914 section 12, the third vector: quick to check. */
#define PASSWORD "pleaseletmein"
#define HASH "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI"

/* The subject of a client certificate. */
#define PARTNER "CN=partner,O=Big"

/* A claim that binds a token to the certificate whose digest is 1 and 31 zeros. */
#define BOUND ",\"cnf\":{\"x5t#S256\":\"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}"

#define CONFIG                                                                                     \
	"listen: {address: \"127.0.0.1:1\"}\n"                                                     \
	"admin: {address: \"127.0.0.1:2\"}\n"                                                      \
	"upstream: http://127.0.0.1:3\n"                                                           \
	"policy: policy.yaml\n"                                                                    \
	"state: state\n"                                                                           \
	"limits: {body_bytes: 1000}\n"                                                             \
	"issuers:\n"                                                                               \
	"  idp: {issuer: \"" IDP "\", audience: api, jwks_file: keys.json, max_age: 1h}\n"         \
	"  empty: {issuer: \"" EMPTY "\", audience: api, jwks_file: empty.json}\n"                 \
	"local_issuer: {issuer: \"" LOCAL "\", audience: api}\n"

#define POLICY                                                                                     \
	"roles:\n"                                                                                 \
	"  reader: {granted_to: [{issuer: idp, group: readers}]}\n"                                \
	"  partner: {granted_to: [{certificate: \"cn=partner, O=Big\"}]}\n"                        \
	"  pinned: {granted_to: [{issuer: idp, certificate: \"" PARTNER "\"}, {user: ann, "        \
	"certificate: \"" PARTNER "\"}]}\n"                                                        \
	"modules:\n"                                                                               \
	"  plain: {paths: [\"/plain/*\"], basic: false}\n"                                         \
	"  live: {paths: [\"/live/*\"], tunnel_until_expiry: true}\n"                              \
	"  hosted: {hosts: GATE.test, paths: [\"/live/*\"], tunnel_until_expiry: true}\n"          \
	"  web: {paths: [\"/web/*\"], cors: {origins: [\"https://app.example\"], methods: "        \
	"[PUT]}}\n"                                                                                \
	"  rated: {paths: [\"/rated/*\"], rate: {limit: 3/d, by: subject}}\n"                      \
	"privileges:\n"                                                                            \
	"  hosted: {modules: [hosted]}\n"                                                          \
	"  read: {paths: [\"/orders/*\"], methods: [GET], roles: [reader]}\n"                      \
	"  plain: {modules: [plain]}\n"                                                            \
	"  live: {modules: [live]}\n"                                                              \
	"  web: {modules: [web]}\n"                                                                \
	"  any: {paths: [\"/any\"]}\n"                                                             \
	"  partner: {paths: [\"/partner\"], roles: [partner]}\n"                                   \
	"  pinned: {paths: [\"/pinned\"], roles: [pinned]}\n"                                      \
	"  scoped: {paths: [\"/scoped\"], scopes: [\"orders:read\"]}\n"                            \
	"  shadow: {paths: [\"/shadow\"], roles: [reader], shadow: true}\n"                        \
	"  rated: {modules: [rated], rate: {limit: 2/d}}\n"                                        \
	"  watched: {paths: [\"/rated/watched\"], shadow: true, rate: {limit: 1/d}}\n"             \
	"public: [\"/open\"]\n"

struct setting {
	struct scratch scratch;
	struct config *config;
	struct directory *directory;
	struct revoked *revoked;
	struct memory *memory;
	struct services services;
	struct snapshot snapshot;
	struct keyset *keys[3]; /* in the order of the configuration: idp, empty, local */
	char client[CLIENT_ID_ROOM], gone[CLIENT_ID_ROOM], user[CLIENT_ID_ROOM],
	    former[CLIENT_ID_ROOM]; /* incarnations */
};

static inline void
setting_put(const struct setting *setting, const char *name, const char *text)
{
	char path[SCRATCH_ROOM * 2];
	struct err err;

	scratch_path(&setting->scratch, name, path);
	if (!file_write(path, span_of(text), 0600, &err))
		fail_msg("%s", err.text);
}

/* What stays in the store counts: clients, users and their incarnations. */
static inline void
setting_accounts(struct setting *setting)
{
	static const char *roles[] = { "reader" };
	struct client shop = { .id = "id-shop", .name = "shop", .roles = { roles, 1, NULL } };
	struct client gone = { .id = "id-gone", .name = "gone", .disabled = true };
	struct user ann = { .id = "u-1", .name = "ann", .hash = HASH, .roles = { roles, 1, NULL } };
	struct user bob = { .id = "u-2", .name = "bob", .hash = HASH, .disabled = true };
	char path[SCRATCH_ROOM * 2];
	struct store *store = NULL;
	struct err err;

	scratch_path(&setting->scratch, "store.db", path);
	if (!store_open(path, &store, &err) || !store_add(store, &shop, &err) ||
	    !store_add(store, &gone, &err) || !store_user_add(store, &ann, &err) ||
	    !store_user_add(store, &bob, &err) || !directory_load(store, &setting->directory, &err))
		fail_msg("%s", err.text);
	store_close(store);
	(void)snprintf(setting->client, CLIENT_ID_ROOM, "%s",
	    directory_by_name(setting->directory, SPAN("shop"))->incarnation);
	(void)snprintf(setting->gone, CLIENT_ID_ROOM, "%s",
	    directory_by_name(setting->directory, SPAN("gone"))->incarnation);
	(void)snprintf(setting->user, CLIENT_ID_ROOM, "%s",
	    directory_user(setting->directory, SPAN("ann"))->incarnation);
	(void)snprintf(setting->former, CLIENT_ID_ROOM, "%s",
	    directory_user(setting->directory, SPAN("bob"))->incarnation);
}

static inline void
setting_revoked(struct setting *setting)
{
	struct revocation revocation = { .kind = REVOKE_TOKEN,
		.issuer = IDP,
		.value = "revoked",
		.by = "test",
		.until_s = NOW_S + 9000 };
	struct err err;

	setting->revoked = revoked_new();
	if (setting->revoked == NULL || !revoked_add(&setting->revoked, &revocation, NOW_S, &err))
		fail_msg("no revocation");
}

/* The key of signer `which`, called "k". */
static inline struct keyset *
setting_keys(size_t which)
{
	json_t *jwk = signer_jwk(signer_key(ALGORITHM_ES256, which), "k", NULL);
	char *text = signer_set(&jwk, 1);
	struct keyset *keys = NULL;
	struct err err;

	if (!keyset_parse(span_of(text), &keys, &err))
		fail_msg("%s", err.text);
	free(text);
	keyset_seen(keys, MONO_S - 1);
	return keys;
}

static inline void
setting_init(struct setting *setting)
{
	char path[SCRATCH_ROOM * 2];
	struct upstream *upstream = NULL;
	struct err err;

	memset(setting, 0, sizeof(*setting));
	scratch_init(&setting->scratch);
	setting_put(setting, "postern.yaml", CONFIG);
	setting_put(setting, "policy.yaml", POLICY);
	scratch_path(&setting->scratch, "postern.yaml", path);
	if (!config_read(path, CONFIG_TEXT, &setting->config, &err))
		fail_msg("%s: %s", err.text,
		    setting->config == NULL || setting->config->mistakes.first == NULL
			? ""
			: setting->config->mistakes.first->text);
	setting_accounts(setting);
	setting_revoked(setting);
	setting->memory = memory_new();
	setting->keys[0] = setting_keys(0);
	setting->keys[2] = setting_keys(1);
	setting->services = (struct services){ .config = setting->config };
	setting->services.group = group_new(-1);
	assert_non_null(setting->services.group);
	if (!upstream_new(setting->config->upstream->origins[0], &(struct upstream_trust){ 0 },
		&upstream, &err))
		fail_msg("%s", err.text);
	setting->services.limits = rate_limits_new(&setting->config->policy, NULL, 0);
	assert_non_null(setting->services.limits);
	group_add(setting->services.group, upstream, NULL);
	setting->services.groups =
	    calloc(setting->config->policy.module_count + 1, sizeof(struct group *));
	setting->snapshot = (struct snapshot){ .serial = 1,
		.services = &setting->services,
		.config = setting->config,
		.local_counts = true,
		.login = login_new(setting->memory, &setting->config->local.lockout),
		.local = { .directory = setting->directory,
		    .revoked = setting->revoked,
		    .keys = setting->keys[2] },
		.keys = setting->keys };
	assert_non_null(setting->snapshot.login);
}

static inline void
setting_done(struct setting *setting)
{
	login_free(setting->snapshot.login);
	memory_unref(setting->memory);
	rate_limits_free(setting->services.limits);
	group_free(setting->services.group);
	free(setting->services.groups);
	directory_unref(setting->directory);
	revoked_unref(setting->revoked);
	keyset_free(setting->keys[0]);
	keyset_free(setting->keys[2]);
	config_free(setting->config);
	scratch_done(&setting->scratch);
}

static inline struct judge_inputs
setting_inputs(const struct setting *setting)
{
	return (struct judge_inputs){ .snapshot = &setting->snapshot,
		.config = setting->config,
		.now_s = NOW_S,
		.mono_s = MONO_S };
}

/* "Bearer TOKEN" as a new C string. `claims`: members of the payload after `iss`. */
static inline char *
setting_bearer(const char *issuer, size_t signer, const char *claims)
{
	char payload[1024], *token, *bearer;
	size_t room;

	(void)snprintf(payload, sizeof(payload), "{\"iss\":\"%s\",%s}", issuer, claims);
	token = signer_token(signer_key(ALGORITHM_ES256, signer), ALGORITHM_ES256,
	    SPAN("{\"alg\":\"ES256\",\"kid\":\"k\",\"typ\":\"at+jwt\"}"), span_of(payload));
	room = strlen(token) + 8;
	bearer = malloc(room);
	assert_non_null(bearer);
	(void)snprintf(bearer, room, "Bearer %s", token);
	free(token);
	return bearer;
}

/* A request of one Authorization header, or of none: NULL. Both texts must outlive it. */
static inline void
setting_request(
    struct request *request, const char *method, const char *target, const char *authorization)
{
	*request = (struct request){ .method = span_of(method),
		.target = span_of(target),
		.version_minor = 1,
		.peer = "192.0.2.7" };
	request->headers[request->header_count++] =
	    (struct header){ SPAN("Host"), SPAN("gate.test") };
	if (authorization != NULL)
		request->headers[request->header_count++] =
		    (struct header){ SPAN("Authorization"), span_of(authorization) };
}

/* Who asks, as the gate finds it, but that nobody is remembered. */
struct setting_asking {
	struct arena *arena;
	const struct request *request;
};

/* What a gate does with a password that nobody asked for yet. */
static inline enum reason
setting_ask(const struct judge_inputs *inputs, struct decision *decision)
{
	struct login_outcome outcome;

	switch (login_check(inputs->snapshot->login, &decision->attempt, &outcome)) {
	case LOGIN_RIGHT:
		decision->right_hash = decision->attempt.hash;
		return REASON_OK;
	case LOGIN_WRONG:
		return REASON_BASIC_WRONG;
	case LOGIN_LOCKED:
		return REASON_LOCKED_OUT;
	default:
		return REASON_OVERLOADED;
	}
}

static inline enum reason
setting_find(void *context, const struct judge_inputs *inputs, struct decision *decision)
{
	const struct setting_asking *asking = context;
	struct caller *caller = NULL;
	enum reason reason = REASON_OK;

	if (decision->credentials.scheme == CREDENTIALS_BEARER)
		reason = judge_bearer(inputs, asking->arena, decision, &caller);
	else if (decision->credentials.scheme == CREDENTIALS_BASIC) {
		reason = judge_attempt(inputs, asking->request, asking->arena, decision);
		if (reason == REASON_OK)
			reason = judge_basic(inputs, asking->arena, decision, &caller);
		if (reason == REASON_BASIC_WRONG && decision->unasked)
			reason = setting_ask(inputs, decision);
		if (decision->right_hash != NULL)
			reason = judge_basic(inputs, asking->arena, decision, &caller);
	} else
		return judge_certificate(inputs, asking->arena, decision);
	decision->caller = reason == REASON_OK ? caller : NULL;
	return reason;
}

/* All the steps, from the head to the verdict. */
static inline enum reason
setting_judge(const struct judge_inputs *inputs, struct request *request, struct arena *arena,
    struct decision *decision)
{
	struct setting_asking asking = { arena, request };
	struct judge_who who = { setting_find, &asking, arena, request };
	enum reason reason = judge_admit(request, NULL, arena, decision);

	return reason == REASON_OK ? judge_steps(inputs, &who, decision) : reason;
}

#endif
