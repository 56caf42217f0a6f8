/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log_queue.h"

/* A key that would make the line longer is left out completely. */
#define LOG_LINE_MAX (1u << 20)
#define END_BYTES 2
#define LINE_LONG (LOG_LINE_MAX / 2) /* here the end need not be looked at */
#define MESSAGE_MAX 8192
#define LOG_STOP_US (10 * INT64_C(1000000))

static const char lost_line[] = "{\"event\":\"log_line_lost\"}\n";
static const char *const level_words[] = { "error", "warn", "info", "debug" };

static atomic_int chosen_format = LOG_JSON;
static atomic_int chosen_level = LOG_INFO;

/* write() is atomic up to PIPE_BUF bytes, even to a full pipe; a longer line could be interleaved
 * with others. So short lines share the lock and only long ones take it exclusively. */
static pthread_rwlock_t lock = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;

/* One for each of standard output and standard error, once log_start() was called; the first for
 * both where they are one file, so that their lines stay in order. */
static struct log_queue queues[2] = { LOG_QUEUE_INIT, LOG_QUEUE_INIT };
static atomic_bool one_file;

void
log_setup(enum log_format format, enum log_level level)
{
	atomic_store(&chosen_format, (int)format);
	atomic_store(&chosen_level, (int)level);
}

bool
log_wants(enum log_level level)
{
	return (int)level <= atomic_load_explicit(&chosen_level, memory_order_relaxed);
}

static bool
is_bare(struct span value)
{
	for (size_t i = 0; i < value.len; i++) {
		char byte = value.at[i];

		if (!(byte >= 'a' && byte <= 'z') && byte != '_' &&
		    (i == 0 || byte < '0' || byte > '9'))
			return false;
	}
	return value.len > 0;
}

static void
add_quoted(struct buffer *buffer, struct span value)
{
	buffer_add_byte(buffer, '"');
	for (size_t i = 0; i < value.len; i++) {
		unsigned char byte = (unsigned char)value.at[i];

		if (byte == '"' || byte == '\\')
			buffer_add_byte(buffer, '\\');
		if (byte < ' ' || byte > '~')
			buffer_format(buffer, "\\x%02x", byte);
		else
			buffer_add_byte(buffer, (char)byte);
	}
	buffer_add_byte(buffer, '"');
}

/* Our own words are written without quotes, everything else is quoted. */
static void
add_value(struct log_line *line, struct span value)
{
	if (line->format == LOG_JSON)
		buffer_add_json(&line->buffer, value);
	else if (is_bare(value))
		buffer_add(&line->buffer, value);
	else
		add_quoted(&line->buffer, value);
}

static void
add_key(struct log_line *line, const char *key)
{
	bool first = line->buffer.len <= 1;
	size_t len = strlen(key);
	char *at;

	if (line->format == LOG_TEXT) {
		buffer_add_text(&line->buffer, first ? "" : " ");
		buffer_add_text(&line->buffer, key);
		buffer_add_byte(&line->buffer, '=');
		return;
	}
	at = buffer_extend(&line->buffer, len + (first ? 3 : 4));
	if (at == NULL)
		return;
	if (!first)
		*at++ = ',';
	*at++ = '"';
	at = mempcpy(at, key, len); /* our own word: nothing in it needs an escape */
	*at++ = '"';
	*at = ':';
}

/* Remove a key that did not fit, so that the rest is still a valid line. */
static void
keep_or_cut(struct log_line *line, size_t before)
{
	struct buffer *buffer = &line->buffer;

	if (!buffer->failed && buffer->len <= LOG_LINE_MAX - END_BYTES)
		return;
	if (buffer->at == NULL)
		return;
	buffer->len = before;
	buffer->at[before] = '\0';
	buffer->failed = false;
}

static void
begin(struct log_line *line)
{
	line->format = (enum log_format)atomic_load_explicit(&chosen_format, memory_order_relaxed);
	buffer_init_within(&line->buffer, LOG_LINE_MAX, line->start, sizeof(line->start));
	if (line->format == LOG_JSON)
		buffer_add_byte(&line->buffer, '{');
	log_text(line, "time", span_of(clock_text_now()));
}

void
log_begin(struct log_line *line, const char *event)
{
	begin(line);
	log_text(line, "event", span_of(event));
}

/* A key of our own and a value in which nothing needs an escape, as nearly all are, in one step.
 * False: it is to be added in the other way. */
static bool
add_plain(struct log_line *line, const char *key, struct span value)
{
	size_t len = strlen(key);
	char *at;

	if (line->format != LOG_JSON || line->buffer.len <= 1 || value.len > sizeof(line->start) ||
	    !buffer_json_plain(value))
		return false;
	at = buffer_extend(&line->buffer, len + value.len + sizeof(",\"\":\"\"") - 1);
	if (at == NULL)
		return false;
	*at++ = ',';
	*at++ = '"';
	at = mempcpy(at, key, len);
	*at++ = '"';
	*at++ = ':';
	*at++ = '"';
	at = mempcpy(at, value.at, value.len);
	*at = '"';
	return true;
}

void
log_text(struct log_line *line, const char *key, struct span value)
{
	size_t before = line->buffer.len;

	if (value.len == 0 || (before < LINE_LONG && add_plain(line, key, value)))
		return;
	add_key(line, key);
	add_value(line, value);
	keep_or_cut(line, before);
}

void
log_number(struct log_line *line, const char *key, int64_t value)
{
	size_t before = line->buffer.len;

	add_key(line, key);
	buffer_add_number(&line->buffer, value);
	keep_or_cut(line, before);
}

void
log_texts(struct log_line *line, const char *key, const struct span *texts, size_t count)
{
	size_t before = line->buffer.len;

	add_key(line, key);
	if (line->format == LOG_JSON)
		buffer_add_byte(&line->buffer, '[');
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buffer_add_byte(&line->buffer, ',');
		if (line->format == LOG_JSON)
			buffer_add_json(&line->buffer, texts[i]);
		else
			add_quoted(&line->buffer, texts[i]);
	}
	if (line->format == LOG_JSON)
		buffer_add_byte(&line->buffer, ']');
	keep_or_cut(line, before);
}

static struct log_queue *
queue_of(int fd)
{
	return &queues[fd == STDERR_FILENO && !atomic_load(&one_file)];
}

/* A log that cannot be written (disk full, reader gone) must not stop the gate. */
static void
write_now(int fd, struct span bytes)
{
	if (bytes.len > PIPE_BUF)
		(void)pthread_rwlock_wrlock(&lock);
	else
		(void)pthread_rwlock_rdlock(&lock);
	if (log_queue_write(fd, bytes).len > 0)
		atomic_fetch_add(&queue_of(fd)->dropped, 1);
	(void)pthread_rwlock_unlock(&lock);
}

static void
write_line(int fd, struct log_line *line)
{
	struct span bytes;

	buffer_add_text(&line->buffer, line->format == LOG_JSON ? "}\n" : "\n");
	bytes = line->buffer.failed ? span_of(lost_line) : buffer_span(&line->buffer);
	if (!log_queue_put(queue_of(fd), bytes))
		write_now(fd, bytes);
	buffer_done(&line->buffer);
}

void
log_end_request(struct log_line *line)
{
	write_line(STDOUT_FILENO, line);
}

void
log_end(struct log_line *line, enum log_level level)
{
	if (!log_wants(level)) {
		buffer_done(&line->buffer);
		return;
	}
	log_text(line, "level", span_of(level_words[level]));
	write_line(STDERR_FILENO, line);
}

void
log_event(enum log_level level, const char *event, const char *format, ...)
{
	struct log_line line;
	char *message = NULL;
	va_list args;
	int len;

	if (!log_wants(level))
		return;
	va_start(args, format);
	len = vasprintf(&message, format, args);
	va_end(args);
	begin(&line);
	log_text(&line, "level", span_of(level_words[level]));
	log_text(&line, "event", span_of(event));
	if (len >= 0)
		log_text(&line, "message",
		    (struct span){ message, len > MESSAGE_MAX ? MESSAGE_MAX : (size_t)len });
	write_line(STDERR_FILENO, &line);
	if (len >= 0)
		free(message);
}

/* The line that the log shows in place of dropped lines. */
static void
say_dropped(struct buffer *text, uint64_t dropped)
{
	struct log_line line;

	log_begin(&line, "log_dropped");
	log_number(&line, "dropped", (int64_t)dropped);
	log_text(&line, "message", SPAN("lines were dropped here: the reader was too slow"));
	log_text(&line, "level", span_of(level_words[LOG_WARN]));
	buffer_add_text(&line.buffer, line.format == LOG_JSON ? "}\n" : "\n");
	buffer_add(text, buffer_span(&line.buffer));
	buffer_done(&line.buffer);
}

static bool
same_file(int a, int b)
{
	struct stat of_a, of_b;

	return fstat(a, &of_a) == 0 && fstat(b, &of_b) == 0 && of_a.st_dev == of_b.st_dev &&
	       of_a.st_ino == of_b.st_ino;
}

bool
log_start(struct err *reterr)
{
	bool one = same_file(STDOUT_FILENO, STDERR_FILENO);

	atomic_store(&one_file, one);
	if (!log_queue_start(&queues[0], STDOUT_FILENO, say_dropped, reterr))
		return false;
	return one || log_queue_start(&queues[1], STDERR_FILENO, say_dropped, reterr);
}

void
log_stop(void)
{
	int64_t until_us = clock_mono_us() + LOG_STOP_US;

	for (int i = 0; i < 2; i++)
		log_queue_stop(&queues[i], until_us);
}

bool
log_crowded(void)
{
	return log_queue_crowded(&queues[0]) || log_queue_crowded(&queues[1]);
}

uint64_t
log_dropped(void)
{
	return atomic_load(&queues[0].dropped) + atomic_load(&queues[1].dropped);
}
