/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log - one line per event on standard output (requests) or standard error (everything else).
 *
 * Uses:   buffer, clock, log_queue.
 * Threads: any; a line is written whole.
 *
 * A line starts with our own words and contains outside text only as escaped strings. Never log a
 * token, a secret or a password.
 */
#ifndef POSTERN_BASE_LOG_H
#define POSTERN_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "base/span.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };
enum log_format { LOG_JSON, LOG_TEXT };

/* Set once at start and at reload. */
void log_setup(enum log_format format, enum log_level level);

/*
 * From now on lines are queued and written by background threads, so that a blocked reader cannot
 * block the gate: see log_queue.h. Without this call, as in most commands, the thread that logs a
 * line writes it. Call once.
 */
MUST_CHECK bool log_start(struct err *reterr);

/* Flush the queue while the reader accepts data, for 10 s at most. After this, lines are written
 * directly again, or dropped if the reader is blocked. */
void log_stop(void);

/* Lines dropped so far, because the reader was too slow or they could not be written. */
uint64_t log_dropped(void);

/* May the next line have to wait, since the reader of standard output or standard error is slow?
 * Then whoever must not wait lets another thread write it. */
bool log_crowded(void);

/* Are lines of that level written? Check before making an expensive one. */
bool log_wants(enum log_level level);

/* A line being made. */
struct log_line {
	struct buffer buffer;
	enum log_format format;
	char start[1024]; /* of the buffer: room for nearly every line */
};

/* Start a line: time and `event` come first. */
void log_begin(struct log_line *line, const char *event);

/* Add one key. Text is escaped; an empty text is left out, and so is one that would make the line
 * longer than 1 MiB. */
void log_text(struct log_line *line, const char *key, struct span value);
void log_number(struct log_line *line, const char *key, int64_t value);

/* The same with a list: an array in JSON; in text its members quoted, with commas. An empty one is
 * written, too. */
void log_texts(struct log_line *line, const char *key, const struct span *texts, size_t count);

/* Write it and free the line. Requests go to standard output, the rest to standard error with
 * their level as the last key, if that level is wanted. */
void log_end_request(struct log_line *line);
void log_end(struct log_line *line, enum log_level level);

/* One event with a message: {"time":…,"level":"error","event":…,"message":…}. */
void log_event(enum log_level level, const char *event, const char *format, ...) PRINTF_LIKE(3, 4);

#endif
