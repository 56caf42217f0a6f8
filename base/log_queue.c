/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log_queue.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/thread.h"

/* The writer collects lines for this long, or until this many bytes are queued: fewer wake-ups and
 * system calls per line. */
#define LINGER_US 5000
#define GATHERED_BYTES (256u << 10)

#define SAID_MAX 512

/* The bytes of one write(): whole lines. */
struct log_block {
	struct log_block *next;
	size_t len, room;
	uint64_t said;   /* the number of dropped lines that it reports */
	size_t said_end; /* where that report ends */
	char at[];
};

struct span
log_queue_write(int fd, struct span bytes)
{
	while (bytes.len > 0) {
		ssize_t put = write(fd, bytes.at, bytes.len);

		if (put >= 0) {
			bytes = span_slice(bytes, (size_t)put, bytes.len);
		} else if (errno == EAGAIN) {
			struct pollfd ready = { .fd = fd, .events = POLLOUT };

			(void)poll(&ready, 1, -1);
		} else if (errno != EINTR) {
			break;
		}
	}
	return bytes;
}

static uint64_t
count_lines(struct span bytes)
{
	uint64_t lines = 0;

	for (size_t i = 0; i < bytes.len; i++)
		lines += bytes.at[i] == '\n';
	return lines;
}

static void
count_dropped(struct log_queue *queue, uint64_t lines)
{
	queue->unsaid += lines;
	atomic_fetch_add_explicit(&queue->dropped, lines, memory_order_relaxed);
}

/* The block that takes so many bytes more, at the end of the queue. NULL: no memory. */
static struct log_block *
block_for(struct log_queue *queue, size_t len)
{
	struct log_block *block = queue->last;
	size_t room = len > queue->block_bytes ? len : queue->block_bytes;

	if (block != NULL && block->room - block->len >= len)
		return block;
	block = malloc(sizeof(*block) + room);
	if (block == NULL)
		return NULL;
	*block = (struct log_block){ .room = room };
	if (queue->last == NULL)
		queue->first = block;
	else
		queue->last->next = block;
	queue->last = block;
	queue->bytes += sizeof(*block) + room;
	return block;
}

static struct log_block *
append(struct log_queue *queue, struct span line)
{
	struct log_block *block = block_for(queue, line.len);

	if (block == NULL)
		return NULL;
	memcpy(block->at + block->len, line.at, line.len);
	block->len += line.len;
	return block;
}

static bool
has_room(const struct log_queue *queue, size_t len)
{
	return queue->bytes + len <= LOG_QUEUE_BYTES;
}

/* Wait for room for a line, for a limited time. */
static bool
wait_room(struct log_queue *queue, size_t len)
{
	int64_t until_us = clock_mono_us() + LOG_QUEUE_WAIT_US;

	queue->waiting++;
	while (!queue->dropping && !has_room(queue, len)) {
		int64_t now_us = clock_mono_us();
		int64_t stuck_us = queue->moved_us + LOG_QUEUE_STUCK_US;

		if (now_us >= until_us || now_us >= stuck_us) {
			queue->dropping = true;
			(void)pthread_cond_broadcast(&queue->moved);
			break;
		}
		thread_wait_us(&queue->moved, &queue->lock,
		    (stuck_us < until_us ? stuck_us : until_us) - now_us);
	}
	queue->waiting--;
	return !queue->dropping;
}

bool
log_queue_put(struct log_queue *queue, struct span line)
{
	struct log_block *block = NULL;
	bool wake = false;

	if (!atomic_load(&queue->running))
		return atomic_load(&queue->left);
	(void)pthread_mutex_lock(&queue->lock);
	if (!atomic_load(&queue->running)) {
		(void)pthread_mutex_unlock(&queue->lock);
		return atomic_load(&queue->left);
	}
	if (!queue->dropping && (has_room(queue, line.len) || wait_room(queue, line.len)))
		block = append(queue, line);
	if (block == NULL) {
		count_dropped(queue, 1);
	} else {
		wake = queue->idle;
		queue->idle = false;
		if (queue->bytes >= GATHERED_BYTES)
			(void)pthread_cond_signal(&queue->hurry);
	}
	/* Inside the lock: log_queue_stop() may end the worker as soon as it is free. */
	if (wake)
		worker_wake(queue->worker);
	(void)pthread_mutex_unlock(&queue->lock);
	return true;
}

/* The last sixteenth is for lines of those that have asked at the same time. */
bool
log_queue_crowded(const struct log_queue *queue)
{
	return atomic_load_explicit(&queue->bytes, memory_order_relaxed) >
	       LOG_QUEUE_BYTES - LOG_QUEUE_BYTES / 16;
}

/* The reader accepts data again: log how many lines were dropped here. */
static void
say_dropped(struct log_queue *queue)
{
	struct log_block *block;
	struct buffer line;

	if (queue->unsaid == 0 || queue->bytes > LOG_QUEUE_BYTES / 2)
		return;
	buffer_init(&line, SAID_MAX);
	queue->say(&line, queue->unsaid);
	block = line.failed ? NULL : append(queue, buffer_span(&line));
	buffer_done(&line);
	if (block == NULL)
		return;
	block->said += queue->unsaid;
	block->said_end = block->len;
	queue->unsaid = 0;
	queue->dropping = false;
}

/* Write one block, after a newline if the previous one was cut off. Returns what was not written.
 */
static struct span
write_block(struct log_queue *queue, const struct log_block *block)
{
	struct span bytes = { block->at, block->len }, rest = bytes;

	if (queue->torn && log_queue_write(queue->fd, SPAN("\n")).len > 0)
		return bytes;
	rest = log_queue_write(queue->fd, bytes);
	queue->torn = rest.len > 0 && rest.len < bytes.len && rest.at[-1] != '\n';
	return rest;
}

/* The lines at the end of a block are lost, and perhaps a report of lost lines among them. */
static void
lose(struct log_queue *queue, const struct log_block *block, struct span rest)
{
	bool report = block->len - rest.len < block->said_end;

	count_dropped(queue, count_lines(rest) - (report ? 1 : 0));
	if (report)
		queue->unsaid += block->said;
}

/* The lock is held, but not while writing. */
static void
write_first(struct log_queue *queue)
{
	struct log_block *block = queue->first;
	struct span lost;

	queue->first = block->next;
	if (queue->first == NULL)
		queue->last = NULL;
	(void)pthread_mutex_unlock(&queue->lock);
	lost = write_block(queue, block);
	(void)pthread_mutex_lock(&queue->lock);
	queue->bytes -= sizeof(*block) + block->room;
	queue->moved_us = clock_mono_us();
	if (lost.len == 0)
		say_dropped(queue);
	else
		lose(queue, block, lost);
	if (queue->waiting > 0 || queue->flushing)
		(void)pthread_cond_broadcast(&queue->moved);
	free(block);
}

static int64_t
step(void *context)
{
	struct log_queue *queue = context;

	(void)pthread_mutex_lock(&queue->lock);
	if (queue->bytes < GATHERED_BYTES && !queue->flushing)
		thread_wait_us(&queue->hurry, &queue->lock, LINGER_US);
	queue->moved_us = clock_mono_us();
	while (queue->first != NULL)
		write_first(queue);
	queue->idle = true;
	/* A full disk accepts nothing; try again with the next line. */
	queue->dropping = false;
	(void)pthread_mutex_unlock(&queue->lock);
	return WORKER_UNTIL_WOKEN;
}

bool
log_queue_start(struct log_queue *queue, int fd, void (*say)(struct buffer *line, uint64_t dropped),
    struct err *reterr)
{
	struct stat file;

	queue->fd = fd;
	queue->block_bytes = PIPE_BUF;
	if (fstat(fd, &file) == 0 && S_ISREG(file.st_mode))
		queue->block_bytes = LOG_QUEUE_FILE_BYTES;
	queue->say = say;
	queue->idle = false;
	queue->flushing = false;
	queue->moved_us = clock_mono_us();
	thread_cond_init(&queue->moved);
	thread_cond_init(&queue->hurry);
	if (!worker_start(step, queue, &queue->worker, reterr))
		return false;
	atomic_store(&queue->left, false);
	atomic_store(&queue->running, true);
	return true;
}

static void
nothing(void *context)
{
	(void)context;
}

void
log_queue_stop(struct log_queue *queue, int64_t until_us)
{
	int64_t now_us = clock_mono_us();
	bool empty;

	if (!atomic_load(&queue->running))
		return;
	(void)pthread_mutex_lock(&queue->lock);
	queue->flushing = true;
	queue->moved_us = now_us;
	(void)pthread_cond_signal(&queue->hurry);
	while (queue->bytes > 0 && now_us < until_us &&
	       now_us < queue->moved_us + 2 * LOG_QUEUE_STUCK_US) {
		thread_wait_us(&queue->moved, &queue->lock, LOG_QUEUE_STUCK_US / 10);
		now_us = clock_mono_us();
	}
	empty = queue->bytes == 0;
	atomic_store(&queue->left, !empty);
	atomic_store(&queue->running, false);
	(void)pthread_mutex_unlock(&queue->lock);
	if (empty)
		worker_stop(queue->worker);
	else
		worker_let_go(queue->worker, nothing, NULL);
	queue->worker = NULL;
}
