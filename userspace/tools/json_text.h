/* SPDX-License-Identifier: MIT */
#ifndef DLA_JSON_TEXT_H
#define DLA_JSON_TEXT_H

#include <jansson.h>

/* Names come from files and need not be UTF-8, which JSON is: then only what is ASCII remains of them. */
json_t *json_text(const char *text);

#endif
