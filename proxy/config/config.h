/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config - postern.yaml and the policy file it names, read and checked as one snapshot.
 *
 * Uses:   issuer (local), policy, token (trusted_issuer), base.
 * Shell:  opens the files; the result never changes.
 */
#ifndef POSTERN_PROXY_CONFIG_CONFIG_H
#define POSTERN_PROXY_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/document.h"
#include "base/err.h"
#include "base/log.h"
#include "base/schema.h"
#include "issuer/local/local.h"
#include "policy/policy.h"
#include "proxy/http/asked.h"
#include "proxy/http/forwarded_client.h"
#include "proxy/http/headers.h"
#include "proxy/io/tls_server.h"
#include "proxy/listener/engines/engines.h"
#include "token/trusted_issuer.h"

/* The most addresses of `listen`. */
#define CONFIG_LISTENERS 8

/* One of forward.headers: a name and where its value comes from. */
struct config_header {
	const char *name;
	const char *from; /* JSON Pointer into the claims, or a word of enum identity_word */
	int word;         /* IDENTITY_…, or IDENTITY_CLAIM for a pointer */
};

enum identity_word {
	IDENTITY_ROLES,
	IDENTITY_SCOPES,
	IDENTITY_CLIENT,
	IDENTITY_ISSUER,
	IDENTITY_SUBJECT,
	IDENTITY_CLAIM
};

struct config_limits {
	int64_t header_bytes, body_bytes, connections;
	int64_t header_timeout_ms, body_timeout_ms, upstream_timeout_ms, stream_timeout_ms,
	    idle_timeout_ms, write_timeout_ms;
	int64_t body_min_rate; /* bytes a second; 0: none */
	int64_t token_cache_bytes;
};

/* This gate as a protected resource (RFC 9728). */
struct config_resource {
	const char *url;      /* as clients know it; NULL: the host of the request */
	const char *metadata; /* URL of its metadata; NULL without `url` */
	const char *path;     /* of the same */
	const struct protected_resource *own; /* of `url`; NULL without it */
	struct texts authorization_servers;   /* names of issuers, in order */
};

/* Files of a certificate and its key. */
struct config_certificate {
	const char *certificate, *key;
	const struct node *node; /* for messages */
};

/* `listen.tls`. */
struct config_tls {
	const struct node *node; /* NULL: the listener is in plain */
	struct config_certificate certificates[TLS_SERVER_CERTIFICATES];
	size_t count;
	const char *client_ca; /* file; NULL: none */
	enum tls_client_certificate client_certificate;
	struct tls_server *server; /* made of the files by CONFIG_WHOLE; a reference */
};

/* `forward_auth`. */
struct config_forward_auth {
	const char *address; /* NULL: none */
	enum asked_form form;
	struct cidr_set proxies; /* who may ask */
};

/* How far reading goes. */
enum config_reading {
	CONFIG_TEXT,   /* both files and the secrets that they name: for commands, which must work
			* even if a key file is bad */
	CONFIG_WHOLE,  /* and everything else that `serve` needs, see prepare.h */
	CONFIG_OFFLINE /* as CONFIG_WHOLE, but skips secrets, key files and directories, and names
			* each of them */
};

/* How to read, and with which policy files; borrowed. */
struct config_instead {
	enum config_reading how;
	const char *policy, *next; /* in place of `policy` and `policy_next`; NULL: as configured */
};

/* All texts are lent by the arena. */
struct config {
	struct arena arena;
	const char *path; /* of postern.yaml */
	struct config_instead instead;
	const struct node *root; /* its tree; NULL: it is not valid YAML */
	struct texts listen;     /* addresses */
	enum engines_name engine;
	struct config_tls tls;
	int threads;            /* of engine events; 0: one for each processor */
	mode_t socket_mode;     /* of the files of Unix sockets */
	const char *admin;      /* address */
	const char *metrics;    /* address; NULL: none */
	int64_t explain_recent; /* decisions that are kept */
	struct config_forward_auth forward_auth;
	const struct backend *upstream; /* NULL when every module has its own */
	const char *policy_path;
	const char *next_path; /* of `policy_next`; NULL: none */
	/* This configuration with that policy, for judging alone: its `arena` and `mistakes` are
	 * not to be used. NULL: none */
	const struct config *next;
	const char *state; /* absolute */
	struct trusted_issuer
	    *trusted_issuers; /* third-party issuers, then the local issuer's if there is one */
	size_t trusted_issuer_count;
	bool has_local;
	size_t local_index; /* of the local issuer */
	struct local local;
	struct policy policy;
	struct headers_rules rules;
	struct config_header *headers;
	size_t header_count;
	struct config_limits limits;
	int log_format, log_level;
	bool log_caller;    /* log.caller: full */
	bool answer_detail; /* answers.detail: public */
	const char *answer_type_base;
	struct config_resource resource;
	struct forwarded_rules forwarded; /* listen.trusted_proxies and trusted_headers */
	bool proxy_protocol;              /* those proxies begin connections with its header */

	struct mistakes mistakes; /* warnings remain here */
	bool stopped;             /* a file could not be read, as the err of config_read() says */
};

/* The default of answers.type_base. */
#define CONFIG_TYPE_BASE "urn:postern:reason:"

/* The most of explain.recent. */
#define CONFIG_RECENT_MAX 100000

/*
 * Read both files. False when a file cannot be read (reterr reports it) or has mistakes (reterr
 * counts them). Then *ret_config is given as well, so that the mistakes can be listed and the files
 * watched (`mistakes.inputs`).
 *
 * ret_config  given when not NULL: config_free() it.
 */
MUST_CHECK bool config_read(
    const char *path, enum config_reading how, struct config **ret_config, struct err *reterr);

/* The same with other policies than those that the file names. */
MUST_CHECK bool config_read_instead(const char *path, const struct config_instead *instead,
    struct config **ret_config, struct err *reterr);

/* The upstream of a module, or of what has no module (NULL). NULL: none is configured. */
const struct backend *config_backend(const struct config *config, const struct module *module);

/* Accepts NULL. */
void config_free(struct config *config);

/* The sections that name addresses; each may be NULL. */
struct config_listen_maps {
	const struct node *listen, *admin, *metrics, *forward_auth;
};

/* Read them. For config.c. */
void config_listen_read(struct config *config, const struct config_listen_maps *maps);

/* Is everything the same that takes effect at a start only? */
bool config_listen_same(const struct config *a, const struct config *b);

/* Read `listen.tls` (NULL: not given). For config_listen.c. */
void config_tls_read(struct config *config, const struct node *map);

/* Read networks of proxies, and the word unix, into `set`, which is zeroed. */
void config_proxies_read(struct config *config, const struct texts *texts, struct cidr_set *set);

/* Read `listen.trusted_proxies` and `listen.trusted_headers`, after the engine and
 * `proxy_protocol`. For config_listen.c. */
void config_trusted_read(
    struct config *config, const struct texts *proxies, const struct texts *headers);

/* The keys of the sections. */
const struct field *config_listen_schema(void);
const struct field *config_tls_schema(void);
const struct field *config_tls_pair_schema(void);
const struct field *config_admin_schema(void);
const struct field *config_metrics_schema(void);
const struct field *config_forward_auth_schema(void);
const struct field *config_log_schema(void);

/* Read `log` (NULL: not given). For config.c. */
void config_log_read(struct config *config, const struct node *map);

/* Read `forward_auth` (NULL: not given). For config_listen.c. */
void config_forward_auth_read(struct config *config, const struct node *map);

/* Read the policy file, and that of `policy_next`; all the rest must be read before. Reports every
 * mistake; false only when a file cannot be read, or without memory. */
MUST_CHECK bool config_policy_read(struct config *config, struct err *reterr);

/* Warn of upstreams that are listeners of the gate: `admin` would be open to callers. Call it when
 * the policy was read. */
void config_own_check(struct config *config);

/* Read `issuers`, in the order of the file; a pattern becomes an issuer for each of its tenants.
 * Names and `iss` are unique, since the `iss` of a token alone selects its issuer. Reports every
 * mistake. */
void config_issuers_read(const struct node *issuers, struct config *config);

/* Read `resource`; the issuers must be read before. Reports every mistake. */
void config_resource_read(const struct node *map, struct config *config);

/* The rows of `resource`, for the manual. */
const struct field *config_resource_schema(void);

/* The schema of the whole file, for the manual: NULL-terminated list of its sections. */
const struct schema_section *config_sections(void);

#endif
