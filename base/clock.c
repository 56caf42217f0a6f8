/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/digits.h"

static int64_t
read_us(clockid_t which)
{
	struct timespec now = { 0 };

	(void)clock_gettime(which, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t
clock_now_us(void)
{
	return read_us(CLOCK_REALTIME);
}

int64_t
clock_now_s(void)
{
	return clock_now_us() / 1000000;
}

int64_t
clock_mono_us(void)
{
	return read_us(CLOCK_MONOTONIC);
}

int64_t
clock_tick_us(void)
{
	return read_us(CLOCK_MONOTONIC_COARSE);
}

/* Some 270 years. */
#define MONO_START_S (INT64_C(1) << 33)

int64_t
clock_mono_s(void)
{
	return MONO_START_S + clock_tick_us() / 1000000;
}

int64_t
clock_unix_of_mono(int64_t mono_s, int64_t now_us, int64_t mono_us)
{
	int64_t apart_us = now_us - mono_us;

	return mono_s - MONO_START_S + apart_us / 1000000 - (apart_us % 1000000 < 0);
}

/* Cut `count` digits off the front. */
static bool
cut_digits(struct span *rest, size_t count, int *ret_value)
{
	int64_t value;

	if (rest->len < count || !digits_read(span_slice(*rest, 0, count), count, &value))
		return false;
	*ret_value = (int)value;
	*rest = span_slice(*rest, count, rest->len);
	return true;
}

/* Cut one of two bytes off the front. */
static bool
cut_byte(struct span *rest, char one, char other)
{
	if (rest->len == 0 || (rest->at[0] != one && rest->at[0] != other))
		return false;
	*rest = span_slice(*rest, 1, rest->len);
	return true;
}

/* timegm() moves a day that does not exist (30 February) to the next month. */
static bool
cut_date(struct span *rest, int64_t *ret_s)
{
	struct tm tm = { 0 };
	int year;
	int month;
	int day;

	if (!cut_digits(rest, 4, &year) || !cut_byte(rest, '-', '-') ||
	    !cut_digits(rest, 2, &month) || !cut_byte(rest, '-', '-') || !cut_digits(rest, 2, &day))
		return false;
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	tm.tm_mday = day;
	*ret_s = timegm(&tm);
	return tm.tm_mon == month - 1 && tm.tm_mday == day;
}

/* 60 is a leap second, counted as the second after it. Fractions are cut. */
static bool
cut_time(struct span *rest, int64_t *ret_s)
{
	int hour;
	int minute;
	int second;
	int digit;

	if (!cut_digits(rest, 2, &hour) || !cut_byte(rest, ':', ':') ||
	    !cut_digits(rest, 2, &minute) || !cut_byte(rest, ':', ':') ||
	    !cut_digits(rest, 2, &second))
		return false;
	if (hour > 23 || minute > 59 || second > 60)
		return false;
	*ret_s = ((int64_t)hour * 60 + minute) * 60 + second;
	if (!cut_byte(rest, '.', '.'))
		return true;
	if (!cut_digits(rest, 1, &digit))
		return false;
	while (cut_digits(rest, 1, &digit))
		continue;
	return true;
}

static bool
cut_zone(struct span *rest, int64_t *ret_s)
{
	bool west;
	int hour;
	int minute;

	*ret_s = 0;
	if (cut_byte(rest, 'Z', 'z'))
		return true;
	west = rest->len > 0 && rest->at[0] == '-';
	if (!cut_byte(rest, '+', '-') || !cut_digits(rest, 2, &hour) || !cut_byte(rest, ':', ':') ||
	    !cut_digits(rest, 2, &minute) || hour > 23 || minute > 59)
		return false;
	*ret_s = ((int64_t)hour * 60 + minute) * 60 * (west ? -1 : 1);
	return true;
}

bool
clock_parse(struct span text, int64_t *ret_s)
{
	int64_t midnight_s;
	int64_t seconds;
	int64_t zone_s;

	if (digits_read(text, text.len, ret_s))
		return true;
	if (!cut_date(&text, &midnight_s) || !cut_byte(&text, 'T', 't') ||
	    !cut_time(&text, &seconds) || !cut_zone(&text, &zone_s) || text.len != 0)
		return false;
	*ret_s = midnight_s + seconds - zone_s;
	return true;
}

/* Of so many Unix seconds, in UTC. Beyond what tm can hold: the year 1900. */
static struct tm
tm_of(int64_t unix_s)
{
	time_t time = (time_t)unix_s;
	struct tm tm = { 0 };

	(void)gmtime_r(&time, &tm);
	return tm;
}

/* Lets the compiler see that the number has two digits. */
static unsigned
two(int number)
{
	return (unsigned)number % 100;
}

void
clock_format(int64_t unix_us, char out[32])
{
	int64_t us = (unix_us % 1000000 + 1000000) % 1000000;
	struct tm tm = tm_of(unix_us / 1000000 - (unix_us % 1000000 < 0));

	(void)snprintf(out, 32, "%04d-%02u-%02uT%02u:%02u:%02u.%03uZ", tm.tm_year + 1900,
	    two(tm.tm_mon + 1), two(tm.tm_mday), two(tm.tm_hour), two(tm.tm_min), two(tm.tm_sec),
	    (unsigned)us / 1000 % 1000);
}

/* Not strftime(): its names depend on the locale. */
void
clock_format_http(int64_t unix_s, char out[CLOCK_HTTP_BYTES])
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	static const char weekdays[] = "SunMonTueWedThuFriSat";
	struct tm tm = tm_of(unix_s);

	(void)snprintf(out, CLOCK_HTTP_BYTES, "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT",
	    weekdays + 3 * tm.tm_wday, two(tm.tm_mday), months + 3 * tm.tm_mon,
	    (unsigned)(tm.tm_year + 1900) % 10000, two(tm.tm_hour), two(tm.tm_min), two(tm.tm_sec));
}

const char *
clock_http_now(void)
{
	static _Thread_local char text[CLOCK_HTTP_BYTES];
	static _Thread_local int64_t made_s = -1;
	int64_t now_s = read_us(CLOCK_REALTIME_COARSE) / 1000000;

	if (now_s != made_s) {
		clock_format_http(now_s, text);
		made_s = now_s;
	}
	return text;
}

const char *
clock_text_now(void)
{
	static _Thread_local char text[32];
	static _Thread_local int64_t made_s = -1;
	int64_t now_us = clock_now_us();
	unsigned ms = (unsigned)(now_us / 1000 % 1000);
	char *digits;

	if (now_us / 1000000 != made_s || now_us < 0) {
		clock_format(now_us, text);
		made_s = now_us / 1000000;
	} else {
		digits = text + strlen(text) - sizeof("000Z") + 1;
		digits[0] = (char)('0' + ms / 100);
		digits[1] = (char)('0' + ms / 10 % 10);
		digits[2] = (char)('0' + ms % 10);
	}
	return text;
}
