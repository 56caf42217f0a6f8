/* SPDX-License-Identifier: Apache-2.0 */
/* The section `listen.tls`, and the files that it names. */
#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "proxy/config/config.h"
#include "proxy/config/prepare.h"

struct pair {
	const char *certificate, *key;
};

struct tls_section {
	struct pair first;
	const struct node *certificates;
	const char *client_ca;
	int client_certificate;
};

/* In the order of enum tls_client_certificate. */
static const char *const client_words[] = { "none", "optional", "required", NULL };

static const struct field pair_fields[] = {
	{ .key = "certificate",
	    .type = FIELD_PATH,
	    .offset = offsetof(struct pair, certificate),
	    .required = true,
	    .help = "file of a certificate and its chain (PEM)" },
	{ .key = "key",
	    .type = FIELD_PATH,
	    .offset = offsetof(struct pair, key),
	    .required = true,
	    .help = "file of its private key (PEM)" },
	{ 0 },
};

static const struct field tls_fields[] = {
	{ .key = "certificate",
	    .type = FIELD_PATH,
	    .offset = offsetof(struct tls_section, first.certificate),
	    .required = true,
	    .help = "file of the certificate and its chain (PEM)" },
	{ .key = "key",
	    .type = FIELD_PATH,
	    .offset = offsetof(struct tls_section, first.key),
	    .required = true,
	    .help = "file of its private key (PEM)" },
	{ .key = "certificates",
	    .type = FIELD_LIST,
	    .offset = offsetof(struct tls_section, certificates),
	    .help = "further {certificate, key}, by the name that a client asks for" },
	{ .key = "client_ca",
	    .type = FIELD_PATH,
	    .offset = offsetof(struct tls_section, client_ca),
	    .help = "file of the certificates that may sign clients' certificates (PEM)" },
	{ .key = "client_certificate",
	    .type = FIELD_WORD,
	    .offset = offsetof(struct tls_section, client_certificate),
	    .words = client_words,
	    .default_value = "none",
	    .help = "must a client have a certificate?" },
	{ 0 },
};

const struct field *
config_tls_schema(void)
{
	return tls_fields;
}

const struct field *
config_tls_pair_schema(void)
{
	return pair_fields;
}

static void
read_further(struct config *config, const struct node *list)
{
	struct config_tls *tls = &config->tls;

	if (list == NULL)
		return;
	if (list->count >= TLS_SERVER_CERTIFICATES)
		mistake_at_key(&config->mistakes, list, "at most %d certificates",
		    TLS_SERVER_CERTIFICATES - 1);
	for (const struct node *node = list->first;
	    node != NULL && tls->count < TLS_SERVER_CERTIFICATES; node = node->next) {
		struct pair pair = { 0 };

		schema_read(node, pair_fields, &pair, &config->mistakes);
		tls->certificates[tls->count++] =
		    (struct config_certificate){ pair.certificate, pair.key, node };
	}
}

void
config_tls_read(struct config *config, const struct node *map)
{
	struct config_tls *tls = &config->tls;
	struct tls_section section = { 0 };

	if (map == NULL)
		return;
	schema_read(map, tls_fields, &section, &config->mistakes);
	tls->node = map;
	tls->certificates[tls->count++] =
	    (struct config_certificate){ section.first.certificate, section.first.key, map };
	read_further(config, section.certificates);
	tls->client_ca = section.client_ca;
	tls->client_certificate = (enum tls_client_certificate)section.client_certificate;
	if (section.client_certificate != TLS_CLIENT_NONE && section.client_ca == NULL)
		mistake_at(&config->mistakes, document_get(map, "client_certificate"),
		    "\"client_ca\" must name the file of those who sign clients' certificates");
	if (section.client_certificate == TLS_CLIENT_NONE && section.client_ca != NULL)
		mistake_by(&config->mistakes,
		    mistake_place_at_key(document_get(map, "client_ca"), MISTAKE_CLIENT_CA_UNUSED),
		    "clients are not asked for a certificate: \"client_certificate\" is none");
	if (!engines_can(config->engine, ENGINES_TLS))
		mistake_at_key(&config->mistakes, map,
		    "the engine civetweb has no TLS; \"engine\": events has");
}

/* ---- the files ---- */

/* Read one that the key `name` of a map names. False: there is none, or it was reported. */
static bool
read_file(struct config *config, const struct node *map, const char *name, struct buffer *bytes)
{
	const struct node *node = document_get(map, name);
	const char *path = node == NULL || node->kind != NODE_SCALAR
			       ? NULL
			       : document_path(&config->arena, node, node->text.at);
	struct err err;
	bool done;

	buffer_init(bytes, TLS_IDENTITY_MAX_BYTES);
	if (path == NULL || node->text.len == 0)
		return false;
	done = file_read(path, bytes, &err);
	inputs_note(&config->mistakes.inputs, &config->arena,
	    (struct input){ .path = path, .readable = done, .secret = strcmp(name, "key") == 0 },
	    buffer_span(bytes));
	if (!done)
		mistake_at_key(&config->mistakes, node, "%s", err.text);
	return done;
}

static void
report(struct config *config, const struct node *node, const char *path, const struct err *err)
{
	mistake_at_key(&config->mistakes, node, "%s: %s", path, err->text);
}

static void
check_dates(struct config *config, const struct config_certificate *files,
    const struct tls_identity *identity)
{
	const struct node *node = document_get(files->node, "certificate");
	int64_t from_s, until_s, now_s = clock_now_s();
	struct tm parts;
	time_t when;
	char date[32];

	tls_identity_valid(identity, &from_s, &until_s);
	when = (time_t)(now_s < from_s ? from_s : until_s);
	if ((now_s >= from_s && now_s <= until_s) || gmtime_r(&when, &parts) == NULL ||
	    strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
		return;
	mistake_by(&config->mistakes, mistake_place_at_key(node, MISTAKE_CERTIFICATE_DATES),
	    "%s: the certificate %s %s", files->certificate,
	    now_s < from_s ? "is not valid before" : "has expired on", date);
}

/* One certificate with its key; NULL: there are mistakes. */
static struct tls_identity *
read_identity(struct config *config, const struct config_certificate *files)
{
	struct tls_identity *identity = NULL;
	struct buffer pem, key;
	struct err err;
	bool done = read_file(config, files->node, "certificate", &pem), has_key;

	if (done && !tls_identity_new(buffer_span(&pem), &identity, &err))
		report(config, document_get(files->node, "certificate"), files->certificate, &err);
	has_key = read_file(config, files->node, "key", &key);
	done = identity != NULL && has_key;
	if (done && !tls_identity_key(identity, buffer_span(&key), &err)) {
		report(config, document_get(files->node, "key"), files->key, &err);
		done = false;
	}
	buffer_done(&pem);
	buffer_wipe(&key);
	if (done)
		check_dates(config, files, identity);
	if (done)
		return identity;
	tls_identity_free(identity);
	return NULL;
}

static void
leave_out(struct config *config, const struct node *map, const char *name)
{
	const struct node *node = document_get(map, name);

	if (node != NULL && node->kind == NODE_SCALAR)
		mistake_left_out_at(&config->mistakes, node, "the file %s", node->text.at);
}

static void
leave_all_out(struct config *config)
{
	const struct config_tls *tls = &config->tls;

	for (size_t i = 0; i < tls->count; i++) {
		leave_out(config, tls->certificates[i].node, "certificate");
		leave_out(config, tls->certificates[i].node, "key");
	}
	leave_out(config, tls->node, "client_ca");
}

static bool
read_authorities(struct config *config, struct buffer *pem)
{
	struct config_tls *tls = &config->tls;
	struct err err;

	if (!read_file(config, tls->node, "client_ca", pem))
		return tls->client_ca == NULL;
	if (tls_server_ca_check(buffer_span(pem), &err))
		return true;
	report(config, document_get(tls->node, "client_ca"), tls->client_ca, &err);
	return false;
}

/* Whatever is read is checked, so that all mistakes are reported at once. */
void
config_tls_prepare(struct config *config)
{
	struct config_tls *tls = &config->tls;
	struct tls_server_setup setup = { .client_certificate = tls->client_certificate };
	struct buffer authorities;
	struct err err;
	bool sound;

	if (tls->node == NULL)
		return;
	if (config->mistakes.offline) {
		leave_all_out(config);
		return;
	}
	for (size_t i = 0; i < tls->count; i++) {
		struct tls_identity *identity = read_identity(config, &tls->certificates[i]);

		if (identity != NULL)
			setup.identities[setup.identity_count++] = identity;
	}
	sound = read_authorities(config, &authorities) && setup.identity_count == tls->count;
	setup.client_ca = buffer_span(&authorities);
	if (!sound || config->mistakes.errors > 0)
		tls_server_drop(&setup);
	else if (!tls_server_new(&setup, &tls->server, &err))
		mistake_at_key(&config->mistakes, tls->node, "%s", err.text);
	buffer_done(&authorities);
}
