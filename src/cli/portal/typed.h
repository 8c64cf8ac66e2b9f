/* What was typed for an act, as the call that it becomes. */
#ifndef LICET_CLI_PORTAL_TYPED_H
#define LICET_CLI_PORTAL_TYPED_H

#include "cli/portal/act.h"
#include "cli/portal/portal.h"

#define TYPED_SLOTS_MAX 12

struct typed {
    const struct act *act;
    struct act_slot slots[TYPED_SLOTS_MAX];
    char **values[TYPED_SLOTS_MAX]; /* NULL: not typed */
    int counts[TYPED_SLOTS_MAX];
    char *options[TYPED_SLOTS_MAX]; /* what an option has, for `values` to point at */
    size_t count;
    bool is_json;
    const char *key;
};

/* LICET_INVALID with what is missing or too much, before anybody is asked anything. */
enum status typed_parse(const struct act *act, int argc, char **argv, struct typed *ret_typed,
                        struct error *error);

/* SN=SEATS, without looking for it. */
struct seats_word {
    char sn[64];
    uint32_t seats;
};
enum status seats_word_read(const struct act *act, const char *typed, struct seats_word *ret_word,
                            struct error *error);

/* What was typed for a word of the usage, or NULL. */
const char *typed_text(const struct typed *typed, const char *word);
bool typed_has(const struct typed *typed, const char *word);

/* The path with its query, yours to free(), and the body, which is NULL for an act that has none. */
struct typed_call {
    char *path;
    json_t *body;
};
enum status typed_make(const struct typed *typed, struct portal *portal,
                       struct typed_call *ret_call, struct error *error);
void typed_call_finish(struct typed_call *call);

#endif
