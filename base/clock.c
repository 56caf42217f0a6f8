/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

#define DAY_S INT64_C(86400)
#define DAYS_OF_400_YEARS 146097
#define DAYS_0000_TO_1970 719468 /* from 0000-03-01 */

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

/* Some 270 years. */
#define MONO_START_S (INT64_C(1) << 33)

int64_t
clock_mono_s(void)
{
	return MONO_START_S + clock_mono_us() / 1000000;
}

/* Days since 1970-01-01, by counting years from March so that the leap day comes last. */
static int64_t
days_of(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * DAYS_OF_400_YEARS + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
	       day_of_year - DAYS_0000_TO_1970;
}

static int
days_in(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

/* Cut `count` digits off the front. */
static bool
cut_digits(struct span *rest, size_t count, int *ret_value)
{
	int value = 0;

	if (rest->len < count)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (rest->at[i] < '0' || rest->at[i] > '9')
			return false;
		value = value * 10 + (rest->at[i] - '0');
	}
	*ret_value = value;
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

static bool
cut_date(struct span *rest, int64_t *ret_days)
{
	int year;
	int month;
	int day;

	if (!cut_digits(rest, 4, &year) || !cut_byte(rest, '-', '-') ||
	    !cut_digits(rest, 2, &month) || !cut_byte(rest, '-', '-') || !cut_digits(rest, 2, &day))
		return false;
	if (month < 1 || month > 12 || day < 1 || day > days_in(year, month))
		return false;
	*ret_days = days_of(year, month, day);
	return true;
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

static bool
parse_unix(struct span text, int64_t *ret_s)
{
	int64_t value = 0;
	int digit;

	if (text.len == 0)
		return false;
	while (text.len > 0) {
		if (!cut_digits(&text, 1, &digit) || __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return false;
	}
	*ret_s = value;
	return true;
}

bool
clock_parse(struct span text, int64_t *ret_s)
{
	int64_t days;
	int64_t seconds;
	int64_t zone_s;

	if (parse_unix(text, ret_s))
		return true;
	if (!cut_date(&text, &days) || !cut_byte(&text, 'T', 't') || !cut_time(&text, &seconds) ||
	    !cut_zone(&text, &zone_s) || text.len != 0)
		return false;
	*ret_s = days * DAY_S + seconds - zone_s;
	return true;
}

struct date {
	int year;
	unsigned month, day; /* from 1 */
};

/* The date of so many days since 1970-01-01: days_of() backwards. */
static struct date
date_of(int64_t since_1970)
{
	int64_t days = since_1970 + DAYS_0000_TO_1970;
	int64_t era = (days >= 0 ? days : days - (DAYS_OF_400_YEARS - 1)) / DAYS_OF_400_YEARS;
	int64_t in_era = days - era * DAYS_OF_400_YEARS;
	int64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	int64_t in_year = in_era - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * in_year + 2) / 153;

	return (struct date){
		.year = (int)(year + era * 400 + (month >= 10)),
		.month = (unsigned)(month < 10 ? month + 3 : month - 9),
		.day = (unsigned)(in_year - (153 * month + 2) / 5 + 1),
	};
}

void
clock_format(int64_t unix_us, char out[32])
{
	int64_t ms = unix_us / 1000 - (unix_us % 1000 < 0);
	int64_t day_ms = (ms % (DAY_S * 1000) + DAY_S * 1000) % (DAY_S * 1000);
	struct date date = date_of((ms - day_ms) / (DAY_S * 1000));

	(void)snprintf(out, 32, "%04d-%02u-%02uT%02u:%02u:%02u.%03uZ", date.year, date.month % 100,
	    date.day % 100, (unsigned)(day_ms / 3600000) % 100, (unsigned)(day_ms / 60000 % 60),
	    (unsigned)(day_ms / 1000 % 60), (unsigned)(day_ms % 1000));
}

void
clock_format_http(int64_t unix_s, char out[CLOCK_HTTP_BYTES])
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	static const char weekdays[] = "ThuFriSatSunMonTueWed"; /* 1970-01-01 was a Thursday */
	int64_t second = (unix_s % DAY_S + DAY_S) % DAY_S;
	int64_t days = (unix_s - second) / DAY_S;
	struct date date = date_of(days);

	(void)snprintf(out, CLOCK_HTTP_BYTES, "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT",
	    weekdays + 3 * ((days % 7 + 7) % 7), date.day % 100,
	    names + 3 * ((date.month - 1) % 12), (unsigned)date.year % 10000,
	    (unsigned)(second / 3600) % 100, (unsigned)(second / 60 % 60), (unsigned)(second % 60));
}

const char *
clock_http_now(void)
{
	static _Thread_local char text[CLOCK_HTTP_BYTES];
	static _Thread_local int64_t made_s = -1;
	int64_t now_s = clock_now_s();

	if (now_s != made_s) {
		clock_format_http(now_s, text);
		made_s = now_s;
	}
	return text;
}
