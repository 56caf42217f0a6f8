/* SPDX-License-Identifier: Apache-2.0 */
#include "token/date.h"

static bool
read_real(double value, struct date *ret_date)
{
	/* Written so that NaN fails. */
	if (!(value >= 0.0 && value <= (double)DATE_MAX_S))
		return false;
	ret_date->floor_s = (int64_t)value;
	ret_date->ceiling_s = ret_date->floor_s + ((double)ret_date->floor_s < value ? 1 : 0);
	return true;
}

static bool
read_integer(int64_t value, struct date *ret_date)
{
	if (value < 0 || value > DATE_MAX_S)
		return false;
	ret_date->floor_s = ret_date->ceiling_s = value;
	return true;
}

bool
date_read(const json_t *claim, struct date *ret_date)
{
	struct date date = { .present = claim != NULL };
	bool done = claim == NULL;

	if (json_is_integer(claim))
		done = read_integer(json_integer_value(claim), &date);
	else if (json_is_real(claim))
		done = read_real(json_real_value(claim), &date);
	if (done)
		*ret_date = date;
	return done;
}
