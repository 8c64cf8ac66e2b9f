#include "portal/issuing/payload.h"

#include "license/license.h"
#include "store/issue_content.h"

static enum status no_memory(struct error *error)
{
    return error_set(error, LICET_NO_MEMORY, "no memory is left for a license file");
}

/* Days since 1970, or for ever where the text is the column's word for it. */
static enum status date_field(struct text text, const char *never, uint32_t *ret_days,
                              struct error *error)
{
    struct date date;
    enum status status = LICET_OK;

    if (text_is(text, never)) {
        *ret_days = FIELD_DATE_NEVER;
        return LICET_OK;
    }
    status = date_parse(text, &date, error);
    if (status == LICET_OK)
        *ret_days = (uint32_t)date.days;
    return status;
}

/* R2.2: floor(percent x seats) of each server adds up to no more than floor(percent x owned). */
static uint32_t overdraft_share(uint32_t seats, uint32_t percent)
{
    return (uint32_t)((uint64_t)seats * percent / 100);
}

/* A higher edition's seats serve the features of the lower ones. */
static enum status covers_fill(struct db_transaction *transaction, const struct issue_grant *grant,
                               struct arena *arena, struct field_list *covers, struct error *error)
{
    covers->count = 0;
    covers->items = arena_take(arena, LINE_COVERS_MAX, sizeof(*covers->items));
    if (covers->items == NULL)
        return no_memory(error);
    return store_issue_covers(transaction, grant->product_id, grant->rank, LINE_COVERS_MAX, arena,
                              covers->items, &covers->count, error);
}

static enum status increment_fill(struct db_transaction *transaction,
                                  const struct issue_grant *grant, bool has_key,
                                  struct arena *arena, struct license_increment *increment,
                                  struct error *error)
{
    enum status status = LICET_OK;

    line_init(LINE_INCREMENT, increment);
    increment->feature = grant->feature;
    increment->sn = grant->sn;
    increment->seats = grant->seats;
    increment->bind = has_key ? LICENSE_BIND_KEY : LICENSE_BIND_NAME;
    increment->overdraft = overdraft_share(grant->seats, grant->overdraft_percent);
    increment->grace_s = grant->grace_s;
    increment->borrow_s = grant->borrow_s;
    increment->drain_s = grant->drain_s;
    increment->ttl_s = grant->ttl_s;
    if (grant->rank > 1)
        status = covers_fill(transaction, grant, arena, &increment->covers, error);
    if (status == LICET_OK)
        status = date_field(grant->maintenance, "none", &increment->maintenance, error);
    if (status == LICET_OK)
        status = date_field(grant->expiry, "permanent", &increment->expiry, error);
    return status;
}

static enum status increments_fill(struct db_transaction *transaction,
                                   const struct issue_content *content, struct arena *arena,
                                   struct license *license, struct error *error)
{
    bool has_key = content->public_key.data != NULL;
    enum status status = LICET_OK;

    license->increments_count = content->grants_count;
    license->increments = arena_take(arena, content->grants_count, sizeof(*license->increments));
    if (license->increments == NULL)
        return no_memory(error);
    for (uint32_t i = 0; status == LICET_OK && i < content->grants_count; i++)
        status = increment_fill(transaction, &content->grants[i], has_key, arena,
                                &license->increments[i], error);
    return status;
}

static enum status server_fill(const struct issue_content *content, struct license_host *server,
                               struct error *error)
{
    struct public_key key;
    enum status status;

    line_init(LINE_SERVER, server);
    server->name = content->server_name;
    server->id = content->server_number;
    if (content->public_key.data == NULL)
        return LICET_OK;
    status = public_key_parse(content->public_key, &key, NULL, error);
    if (status == LICET_OK)
        server->key = public_key_hash(&key);
    return status;
}

static void head_fill(const struct issue_content *content, const struct payload_frame *frame,
                      struct license_head *head)
{
    line_init(LINE_LICENSE, head);
    head->vendor = frame->vendor;
    head->customer = content->customer_number;
    head->generation = content->generation;
    head->issued = frame->issued;
    head->serial = content->serial;
    head->log = frame->log;
}

enum status payload_write(struct db_transaction *transaction, const struct issue_content *content,
                          const struct payload_frame *frame, struct arena *arena, struct buf *buf,
                          struct buf *not_served, struct error *error)
{
    struct license_host server;
    struct license license = {.servers = &server, .servers_count = 1};
    enum status status;

    head_fill(content, frame, &license.head);
    status = server_fill(content, &server, error);
    if (status == LICET_OK)
        status = increments_fill(transaction, content, arena, &license, error);
    if (status == LICET_OK)
        status = license_arrange(&license, arena, error);
    if (status != LICET_OK)
        return status;
    license_print(&license, buf);
    if (buf->is_full)
        return error_set(error, LICET_TOO_LARGE, "a license file is larger than %d bytes",
                         LICENSE_FILE_BYTES_MAX);
    if (content->serves.data != NULL)
        license_not_served_by(&license, content->serves, not_served);
    return license_lint(buf_text(buf), frame->certificate, arena, &license, error);
}
