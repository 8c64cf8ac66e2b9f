/* License files: numbered ones are signed, verified, released. */
#include "license/license.h"
#include "portal/issuing/sign.h"
#include "store/issue.h"
#include "store/issue_content.h"

static enum status files_read(struct db_transaction *transaction, struct signing *signing,
                              struct arena *arena, struct error *error)
{
    struct issue *issues = arena_take(arena, SIGNER_ITEMS_MAX, sizeof(*issues));
    struct text payload;
    uint32_t count = 0;
    enum status status;

    if (issues == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for issuing");
    status = store_issue_list_waiting(transaction, ISSUE_NUMBERED, SIGNER_ITEMS_MAX, arena, issues,
                                      &count, error);
    for (uint32_t i = 0; status == LICET_OK && i < count; i++) {
        if (i > 0 && signing_is_full(arena))
            return LICET_OK;
        status = store_issue_payload(transaction, issues[i].id, arena, &payload, error);
        if (status != LICET_OK)
            return status;
        signing_add(signing, issues[i].id, SIGNER_LICENSE, issues[i].certificate, payload);
        signing->items[i].reason = issues[i].override;
    }
    return status;
}

static enum status file_verify(struct db_transaction *transaction, struct signing *signing,
                               uint32_t index, struct error *error)
{
    struct arena arena = arena_over(turn_work_memory(signing->turn), TURN_WORK_BYTES);
    struct license license;

    (void)transaction;
    return license_read(signed_text(signing, index), signing->turn->options->trust, &arena,
                        &license, error);
}

const struct signing_kind signing_files = {
    .what = "issue",
    .read = files_read,
    .verify = file_verify,
    .store = store_issue_release,
    .refuse = store_issue_refuse,
};
