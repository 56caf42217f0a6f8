/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay DIRECTORY - run a fuzz target on every file of a directory, and speak TAP about it.
 *
 * A file's name tells the verdict: good-* must be accepted, bad-* refused, found-* (what a fuzzer
 * found) only has to keep the invariants. Fails when there is no file, or one of another name.
 */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/file.h"

#define MAX_BYTES (16u << 20)

/* The target sees exactly the file's bytes, so that a sanitizer sees one read too many. */
static bool
run(const char *path)
{
	struct buffer buffer;
	struct err err;
	uint8_t *bytes;
	bool done;

	buffer_init(&buffer, MAX_BYTES);
	done = file_read(path, &buffer, &err);
	if (!done)
		(void)fprintf(stderr, "%s\n", err.text);
	bytes = malloc(buffer.len > 0 ? buffer.len : 1);
	done = done && bytes != NULL;
	if (done) {
		if (buffer.len > 0)
			memcpy(bytes, buffer.at, buffer.len);
		fuzz_accepted = false;
		(void)LLVMFuzzerTestOneInput(bytes, buffer.len);
	}
	free(bytes);
	buffer_done(&buffer);
	return done;
}

static bool
verdict_fits(struct span name)
{
	if (span_starts(name, SPAN("good-")))
		return fuzz_accepted;
	if (span_starts(name, SPAN("bad-")))
		return !fuzz_accepted;
	return span_starts(name, SPAN("found-"));
}

static bool
replay(const char *directory, const char *name)
{
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	/* said before, for the run that does not come back */
	(void)printf("# %s\n", name);
	(void)fflush(stdout);
	if (!run(path))
		return false;
	if (!verdict_fits(span_of(name)))
		(void)printf("# it was %s\n", fuzz_accepted ? "accepted" : "refused");
	return verdict_fits(span_of(name));
}

int
main(int count, char **arguments)
{
	const char *directory = count == 2 ? arguments[1] : ".";
	DIR *files = opendir(directory);
	const struct dirent *file;
	size_t ran = 0, failed = 0;
	bool good;

	if (files == NULL) {
		perror(directory);
		return 1;
	}
	while ((file = readdir(files)) != NULL) {
		if (file->d_name[0] == '.')
			continue;
		good = replay(directory, file->d_name);
		failed += !good;
		(void)printf("%s %zu - %s\n", good ? "ok" : "not ok", ++ran, file->d_name);
	}
	(void)closedir(files);
	(void)printf("1..%zu\n", ran);
	return ran == 0 || failed > 0;
}
