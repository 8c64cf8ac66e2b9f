/* CHAIN: the license file, this server's key and the vendor's revocation list: with a vendor's root
 * key, all that is needed to check a lease. */
#include "server/commands/commands.h"

#include "server/connection.h"

/* NULL with the reason. */
static const struct vendor *chain_vendor(struct command_call *call, struct error *error)
{
    struct text name = {"", 0};
    const struct vendor *vendor;

    if (call->count == 2 && text_is_nocase(call->arguments[0], "VENDOR") &&
        call->arguments[1].size > 0)
        name = call->arguments[1];
    else if (call->count != 0) {
        error_set(error, LICET_INVALID, "CHAIN takes [VENDOR v]");
        return NULL;
    }
    vendor = server_vendor(call->server, name);
    if (vendor == NULL && name.size == 0)
        error_set(error, LICET_INVALID,
                  "several vendors are installed here; say which: VENDOR name");
    else if (vendor == NULL)
        error_set(error, LICET_NO_FEATURE, "this server knows no vendor \"%.*s\"",
                  TEXT_ARGS(text_head(name, NAME_MAX_BYTES)));
    else if (vendor->file.data == NULL)
        error_set(error, LICET_NO_FILE,
                  "no license file of %s is installed; its administrator can: licet install FILE",
                  vendor->options->name);
    return vendor == NULL || vendor->file.data == NULL ? NULL : vendor;
}

static enum status chain_run(struct command_call *call, struct error *error)
{
    char place[128];
    struct buf key = buf_over(place, sizeof(place));
    const struct vendor *vendor = chain_vendor(call, error);

    if (vendor == NULL)
        return error->status;
    public_key_print(&call->server->key, text_of(call->server->options.name), &key);
    resp_write_array(call->reply, vendor->revocations.text.data == NULL ? 2 : 3);
    resp_write_bulk(call->reply, vendor->file);
    resp_write_bulk(call->reply, buf_text(&key));
    if (vendor->revocations.text.data != NULL)
        resp_write_bulk(call->reply, vendor->revocations.text);
    /* Order: a client remembers the highest generation it saw (R7.5), so it must not see one that a
     * crash could undo. */
    if (vendor->installed_number > call->server->durable_number)
        connection_hold(call->connection);
    return LICET_OK;
}

const struct command chain_command = {
    .name = "CHAIN",
    .args_min = 0,
    .args_max = 2,
    .role = ROLE_PRODUCT,
    .usage = "[VENDOR v]",
    .summary = "Give the license file, this server's key and the vendor's revocation list if there"
               " is one, to check a proof with.",
    .run = chain_run,
};
