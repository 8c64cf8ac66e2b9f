#include "portal/token/token.h"

#include "portal/reply.h"

json_t *api_token_json(const struct api_token *token)
{
    return json_pack("{s:I, s:o, s:o, s:s, s:o, s:o, s:o}", "id", (json_int_t)token->id, "name",
                     json_of_text(token->name), "prefix", json_of_text(token->prefix), "scope",
                     token->can_write ? "write" : "read", "created", json_of_time(token->created),
                     "used", json_of_time(token->used), "ends", json_of_time(token->ends));
}
