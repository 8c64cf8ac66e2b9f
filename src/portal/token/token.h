/* API tokens: what a person's programs show in her place. */
#ifndef LICET_PORTAL_TOKEN_TOKEN_H
#define LICET_PORTAL_TOKEN_TOKEN_H

#include <jansson.h>

#include "store/session.h"

/* Programs of one person, with an old and a new token each while they change. */
#define API_TOKENS_MAX 32
#define API_TOKEN_DAYS_MAX 366
/* "licet_" and six letters: of 256 bits 36 are told, and 220 are left to guess. */
#define API_TOKEN_PREFIX_BYTES 12

json_t *api_token_json(const struct api_token *token);

#endif
