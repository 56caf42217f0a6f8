/* SPDX-License-Identifier: Apache-2.0 */
/* Run a fuzzer's target on each file of a folder, and speak TAP about it. */
#include <dirent.h>
#include <stdio.h>

#include "fuzz.h"

#define MOST (1u << 20)

static int
replay(const char *folder, const char *name)
{
	static uint8_t bytes[MOST];
	char path[4096];
	size_t size;
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "rb");
	if (file == NULL)
		return -1;
	size = fread(bytes, 1, sizeof(bytes), file);
	(void)fclose(file);
	/* a copy of the very size, so that a sanitizer sees the first byte beyond it */
	uint8_t *exact = malloc(size + (size == 0));

	if (exact == NULL)
		return -1;
	for (size_t i = 0; i < size; i++)
		exact[i] = bytes[i];
	(void)LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	return 0;
}

int
main(int argc, char **argv)
{
	struct dirent *entry;
	DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
	int count = 0, failed = 0;

	if (folder == NULL) {
		(void)fputs("usage: replay FOLDER\n", stderr);
		return 2;
	}
	while ((entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		count++;
		if (replay(argv[1], entry->d_name) == 0) {
			(void)printf("ok %d - %s\n", count, entry->d_name);
		} else {
			(void)printf("not ok %d - %s\n", count, entry->d_name);
			failed++;
		}
	}
	(void)closedir(folder);
	(void)printf("1..%d\n", count);
	return count == 0 || failed > 0;
}
