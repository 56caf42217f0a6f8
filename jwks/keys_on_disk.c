/* SPDX-License-Identifier: Apache-2.0 */
#include "jwks/keys_on_disk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base64url.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/json.h"
#include "jwks/keyset.h"

#define PATH_ROOM 4096
#define KEYS_ON_DISK_MAX_BYTES (2 * KEYSET_MAX_BYTES + 8192)
#define SUM_ROOM (BASE64URL_ENCODED(DIGEST_BYTES) + 1)

static const char *
text_or_none(const char *text)
{
	return text == NULL ? "" : text;
}

/* The operator chooses the issuer's name, so it can contain anything; only plain characters go into
 * the file name. */
static bool
path_of(const struct keys_on_disk *keys, char path[PATH_ROOM])
{
	char name[256];
	size_t len = 0;

	for (const char *at = keys->source->name; *at != '\0' && len + 4 < sizeof(name); at++) {
		bool plain = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
			     (*at >= '0' && *at <= '9') || *at == '-' || *at == '_';

		len += (size_t)snprintf(
		    name + len, sizeof(name) - len, plain ? "%c" : "%%%02x", (unsigned char)*at);
	}
	return snprintf(path, PATH_ROOM, "%s/keys/%s.json", keys->state_dir, name) < PATH_ROOM;
}

/* The digest is over every stored field, so a corrupted time cannot make old keys look fresh. */
static bool
checksum(const struct source *source, struct span json, int64_t good_s, char sum[SUM_ROOM])
{
	unsigned char digest[DIGEST_BYTES];
	struct buffer all;
	bool done;

	buffer_init(&all, KEYS_ON_DISK_MAX_BYTES);
	buffer_format(&all, "%s\n%s\n%lld\n", text_or_none(source->issuer),
	    text_or_none(source->place), (long long)good_s);
	buffer_add(&all, json);
	done = !all.failed && digest_sha256(buffer_span(&all), digest);
	buffer_done(&all);
	if (done)
		sum[base64url_encode((struct span){ (const char *)digest, DIGEST_BYTES }, sum)] =
		    '\0';
	return done;
}

static bool
make_directory(const char *state_dir, struct err *reterr)
{
	char directory[PATH_ROOM];

	(void)snprintf(directory, sizeof(directory), "%s/keys", state_dir);
	if (mkdir(directory, 0700) == 0 || errno == EEXIST)
		return true;
	return err_errno(reterr, errno, "%s: cannot be made", directory);
}

bool
keys_on_disk_write(
    const struct keys_on_disk *keys, struct span json, int64_t good_s, struct err *reterr)
{
	const struct source *source = keys->source;
	char path[PATH_ROOM], sum[SUM_ROOM];
	struct buffer text;
	bool done;

	if (!path_of(keys, path))
		return err_set(reterr, "the name of the file for the keys is too long");
	if (!checksum(source, json, good_s, sum))
		return err_set(reterr, "%s: the checksum cannot be computed", path);
	if (!make_directory(keys->state_dir, reterr))
		return false;
	buffer_init(&text, KEYS_ON_DISK_MAX_BYTES);
	buffer_add_text(&text, "{\"issuer\":");
	buffer_add_json(&text, span_of(text_or_none(source->issuer)));
	buffer_add_text(&text, ",\"place\":");
	buffer_add_json(&text, span_of(text_or_none(source->place)));
	buffer_format(
	    &text, ",\"good_s\":%lld,\"sha256\":\"%s\",\"jwks\":", (long long)good_s, sum);
	buffer_add_json(&text, json);
	buffer_add_text(&text, "}\n");
	done = text.failed ? err_set(reterr, "%s: too large", path)
			   : file_write(path, buffer_span(&text), 0600, reterr);
	buffer_done(&text);
	return done;
}

/* Check the owner first: the checksum includes the names that are configured now. */
static bool
check_kept(const json_t *root, const struct source *source, const char *path, struct err *reterr)
{
	const json_t *good_s = json_object_get(root, "good_s");
	struct span json = json_text(json_object_get(root, "jwks"));
	struct span issuer = json_text(json_object_get(root, "issuer"));
	struct span place = json_text(json_object_get(root, "place"));
	char sum[SUM_ROOM];

	if (json.at == NULL || issuer.at == NULL || place.at == NULL || !json_is_integer(good_s))
		return err_set(reterr, "%s: damaged", path);
	if (!span_is(issuer, text_or_none(source->issuer)))
		return err_set(reterr, "%s: belongs to another issuer", path);
	if (!span_is(place, text_or_none(source->place)))
		return err_set(reterr, "%s: comes from another URL", path);
	if (!checksum(source, json, json_integer_value(good_s), sum) ||
	    !span_is(json_text(json_object_get(root, "sha256")), sum))
		return err_set(reterr, "%s: damaged", path);
	return true;
}

bool
keys_on_disk_read(
    const struct keys_on_disk *keys, struct buffer *json, int64_t *ret_good_s, struct err *reterr)
{
	char path[PATH_ROOM];
	json_t *root = NULL;
	bool done;

	reterr->text[0] = '\0';
	if (!path_of(keys, path) || access(path, F_OK) != 0)
		return false;
	if (!json_read_file(path, KEYS_ON_DISK_MAX_BYTES, &root, reterr))
		return false;
	done = check_kept(root, keys->source, path, reterr);
	if (done) {
		buffer_add(json, json_text(json_object_get(root, "jwks")));
		*ret_good_s = json_integer_value(json_object_get(root, "good_s"));
	}
	json_decref(root);
	return done && !json->failed;
}
