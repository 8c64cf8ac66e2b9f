/* Signing what has its final bytes: a frame to the signer, verification, and one transaction that
 * stores what came of it. Private to this folder. */
#ifndef LICET_PORTAL_ISSUING_SIGN_H
#define LICET_PORTAL_ISSUING_SIGN_H

#include "portal/issuing/turn.h"

struct signing_kind;

struct signing {
    struct turn *turn;
    const struct signing_kind *kind;
    int64_t ids[SIGNER_ITEMS_MAX];
    int64_t file_issue_ids[SIGNER_ITEMS_MAX]; /* of responses: whose file stands behind */
    struct signer_item items[SIGNER_ITEMS_MAX];
    struct signer_answer answers[SIGNER_ITEMS_MAX]; /* LICET_OK: and verified */
    struct error problems[SIGNER_ITEMS_MAX];
    uint32_t count; /* that were read */
    uint32_t asked; /* of them */
};

struct signing_kind {
    const char *what; /* for the log */
    /* Fills ids and items, as many as fit into the arena: the turn's list memory. */
    enum status (*read)(struct db_transaction *transaction, struct signing *signing,
                        struct arena *arena, struct error *error);
    /* As whoever receives it does. */
    enum status (*verify)(struct db_transaction *transaction, struct signing *signing,
                          uint32_t index, struct error *error);
    enum status (*store)(struct db_transaction *transaction, int64_t id, struct text text,
                         struct error *error);
    enum status (*refuse)(struct db_transaction *transaction, int64_t id, struct text problem,
                          struct error *error);
};

extern const struct signing_kind signing_files, signing_responses;

/* The rest is for the next turn. Order: asked before a payload is read, for one that finds no room fails
 * the transaction that reads it. */
bool signing_is_full(const struct arena *arena);

/* An item for a payload of the arena. */
void signing_add(struct signing *signing, int64_t id, enum signer_act act, struct text certificate,
                 struct text payload);

enum status sign_batch(struct turn *turn, const struct signing_kind *kind, uint32_t *ret_done,
                       struct error *error);

/* The signer judges this one thing, and asking again changes nothing: staff decides. */
bool sign_is_for_staff(enum status status);

/* Payload and block, in the turn's text memory. */
struct text signed_text(const struct signing *signing, uint32_t index);

#endif
