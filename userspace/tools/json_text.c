// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "json_text.h"

json_t *json_text(const char *text)
{
	json_t *string = json_string(text);
	char *copy = string ? NULL : strdup(text);

	for (char *c = copy; c && *c; c++)
		if (*c & 0x80)
			*c = '?';
	if (copy)
		string = json_string(copy);
	free(copy);
	return string;
}
