/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init_write - several new files, all of them or none.
 *
 * Uses:   base (err, span).
 * Shell:  the file system; while it writes, signals that would end the process wait.
 */
#ifndef POSTERN_CLI_INIT_WRITE_H
#define POSTERN_CLI_INIT_WRITE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"
#include "base/err.h"
#include "base/span.h"

#define INIT_WRITE_FILES 4
#define INIT_WRITE_PATH 4096

/* A file to be made in the folder: its name, without "/", and its content. Borrowed. */
struct init_write_file {
	const char *name;
	struct span text;
};

/* Files that are being made. */
struct init_write {
	char folder[INIT_WRITE_PATH];
	char paths[INIT_WRITE_FILES][INIT_WRITE_PATH];
	size_t made;      /* of `paths` */
	bool made_folder; /* it was not there before */
	sigset_t before;
};

/* "FOLDER/NAME", or NAME alone in ".". False: too long. */
MUST_CHECK bool init_write_path(
    const char *folder, const char *name, char path[INIT_WRITE_PATH], struct err *reterr);

/*
 * Make the files, and the folder if it is not there. Nothing is overwritten, not even a symbolic
 * link that leads nowhere. On success end with init_write_keep() or init_write_undo(). False: what
 * was made is gone again, and the error names the file.
 */
MUST_CHECK bool init_write_begin(struct init_write *write, const char *folder,
    const struct init_write_file *files, struct err *reterr);

/* The files stay. */
void init_write_keep(struct init_write *write);

/* They go again, and so does the folder if it was made for them. */
void init_write_undo(struct init_write *write);

#endif
