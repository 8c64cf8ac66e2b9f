/* One lease command: intern, step, defer. */
#include "server/commands/lease.h"

#include <assert.h>

#include "seat/denial.h"
#include "seat/names.h"

static enum status lease_name(struct names *names, struct text text, bool is_interning,
                              name_id *ret_id, bool *ret_is_unknown, struct error *error)
{
    bool is_new;

    *ret_id = text.size == 0 ? 0 : names_find(names, text);
    if (text.size == 0 || *ret_id != 0)
        return LICET_OK;
    *ret_is_unknown = true;
    return is_interning ? names_intern(names, text, ret_id, &is_new, error) : LICET_OK;
}

static enum status lease_source(struct command_call *call, bool is_interning, name_id *ret_id,
                                bool *ret_is_unknown, struct error *error)
{
    struct connection *connection = call->connection;
    char place[ADDRESS_TEXT_MAX];
    struct buf buf = buf_over(place, sizeof(place));
    enum status status;

    if (connection->source == 0 || connection->source_forgets != call->server->forgets) {
        connection->source_forgets = call->server->forgets;
        connection_print_source(connection, &buf);
        status = lease_name(call->server->names, buf_text(&buf), is_interning, &connection->source,
                            ret_is_unknown, error);
        if (status != LICET_OK)
            return status;
    }
    *ret_id = connection->source;
    return LICET_OK;
}

enum status lease_event(struct command_call *call, const struct checkout_args *args,
                        bool is_interning, struct seat_event *event, bool *ret_is_unknown,
                        struct error *error)
{
    struct server *server = call->server;
    const struct vendor *vendor = server_vendor(server, args->vendor);
    enum status status;

    if (vendor == NULL && args->vendor.size == 0)
        return error_set(error, LICET_INVALID,
                         "several vendors are installed here; say which: VENDOR name");
    if (vendor == NULL)
        return error_set(error, LICET_NO_FEATURE, "this server knows no vendor \"%.*s\"",
                         TEXT_ARGS(args->vendor));
    *ret_is_unknown = false;
    event->vendor = vendor->name;
    event->feature = names_find(server->names,
                                args->feature); /* only files name features: never interned here */
    event->count = args->count;
    event->release = args->release;
    memcpy(event->id.bytes, args->id, sizeof(event->id.bytes));
    status =
        lease_name(server->names, args->user, is_interning, &event->user, ret_is_unknown, error);
    if (status == LICET_OK)
        status = lease_name(server->names, args->host, is_interning, &event->host, ret_is_unknown,
                            error);
    if (status == LICET_OK)
        status = lease_name(server->names, args->device, is_interning, &event->device,
                            ret_is_unknown, error);
    if (status == LICET_OK)
        status = lease_source(call, is_interning, &event->source, ret_is_unknown, error);
    return status;
}

void lease_note(struct command_call *call, const struct seat_event *event,
                const struct checkout_args *args, enum status status)
{
    char place[ADDRESS_TEXT_MAX];
    struct buf source = buf_over(place, sizeof(place));
    struct refusal refusal = {
        .denial = {status, event->vendor, event->feature, event->user, event->host, event->device,
                   event->source},
        .feature = args->feature,
        .user = args->user,
        .host = args->host,
        .device = args->device,
    };

    call->server->counters.denials[status]++;
    if (event->kind != SEAT_CHECKOUT || !denials_is_denial(status))
        return;
    connection_print_source(call->connection, &source);
    refusal.source = buf_text(&source);
    server_note_refusal(call->server, &refusal);
}

enum status lease_refuse(struct command_call *call, const struct seat_event *event,
                         const struct checkout_args *args, const struct seat_reply *reply,
                         struct error *error)
{
    struct buf sentence;
    char place[ERROR_TEXT_MAX];

    sentence = buf_over(place, sizeof(place));
    seat_denial_print(reply, call->server->names, &sentence);
    lease_note(call, event, args, reply->status);
    return error_set(error, reply->status, "%.*s", (int)sentence.size, sentence.data);
}

/* As leaf_hash_name(): zero where there is no name. */
static void lease_hash(const struct server *server, name_id name, uint8_t hash[NAME_HASH_SIZE])
{
    if (name == 0)
        memset(hash, 0, NAME_HASH_SIZE);
    else
        memcpy(hash, names_hash(server->names, name), NAME_HASH_SIZE);
}

/* What the core granted, in the form that is signed. */
static void lease_leaf(const struct server *server, const struct checkout_args *args,
                       const struct seat_reply *reply, enum leaf_kind kind, struct lease_leaf *leaf)
{
    struct seat_lease_view view;
    struct lease_id id;
    bool is_found;

    *leaf = (struct lease_leaf){
        .count = reply->count,
        .release = reply->release,
        .kind = kind,
        .flags = (uint16_t)reply->flags,
        .ttl_s = reply->ttl_ms / 1000,
        .end = reply->end,
    };
    memcpy(id.bytes, args->id, sizeof(id.bytes));
    is_found = seats_find_lease(server->seats, server->now, &id, &view);
    assert(is_found); /* it was granted in this step */
    memcpy(leaf->id, args->id, sizeof(leaf->id));
    memcpy(leaf->nonce, args->nonce, sizeof(leaf->nonce));
    lease_hash(server, view.feature, leaf->feature);
    lease_hash(server, view.user, leaf->user);
    lease_hash(server, view.host, leaf->host);
    lease_hash(server, view.device, leaf->device);
}

/* Only what an event before the step can tell: whose file its proof will be under. */
static struct vendor *lease_vendor(struct server *server, const struct seat_event *event)
{
    struct seat_lease_view view;

    if (event->kind == SEAT_CHECKOUT)
        return server_vendor_by_id(server, event->vendor);
    if (!seats_find_lease(server->seats, server->now, &event->id, &view))
        return NULL;
    return server_vendor_by_id(server, view.vendor);
}

/* R3.5: a lease that was granted under a vendor that the configuration names no more runs to its
 * end, but is not renewed: there is no file that its proof could stand under. */
static enum status lease_check_vendor(struct server *server, const struct seat_event *event,
                                      struct error *error)
{
    struct seat_lease_view view;

    if (event->kind != SEAT_RENEW ||
        !seats_find_lease(server->seats, server->now, &event->id, &view) ||
        server_vendor_by_id(server, view.vendor) != NULL)
        return LICET_OK;
    return error_set(error, LICET_UNTRUSTED,
                     "this license server's configuration does not trust vendor \"%.*s\" any more; "
                     "its administrator can add its root key again",
                     TEXT_ARGS(names_text(server->names, view.vendor)));
}

/* R8.2: what is equal for all leaves of a batch. False where nothing can be granted under it. */
static bool lease_root(struct server *server, const struct seat_event *event,
                       struct lease_root *root)
{
    const struct vendor *vendor = lease_vendor(server, event);

    if (vendor == NULL || vendor->file.data == NULL)
        return false;
    *root = (struct lease_root){
        .vendor = text_of(vendor->options->name),
        .generation = vendor->license.head.generation,
        .epoch = server->epoch,
        .time = server->now.utc.s,
    };
    memcpy(root->payload_hash, vendor->license.payload_hash.bytes, sizeof(root->payload_hash));
    memcpy(root->server_key, server->key.bytes, sizeof(root->server_key));
    return true;
}

static void lease_count(struct server *server, const struct seat_event *event,
                        const struct seat_reply *reply)
{
    if (event->kind == SEAT_CHECKIN)
        server->counters.checkins++;
    else if (event->kind == SEAT_RENEW)
        server->counters.renewals++;
    else if (reply->is_reclaim)
        server->counters.reclaims++;
    else
        server->counters.grants++;
}

void lease_answer(struct command_call *call, const struct checkout_args *args,
                  const struct lease_root *root, enum leaf_kind kind)
{
    struct server *server = call->server;
    struct connection *connection = call->connection;
    const struct seat_reply *reply = &server->reply;
    struct pending pending = {
        .kind = kind == LEAF_RETURN ? PENDING_ENDED : PENDING_GRANT,
        .protocol = (enum resp_protocol)connection->protocol,
        .connection = connection,
        .grant = {.reply = {.handle = reply->handle,
                            .ttl_ms = reply->ttl_ms,
                            .generation = reply->generation,
                            .flags = reply->flags},
                  .proof = args->proof,
                  .leaf = BATCH_NO_LEAF},
    };
    struct lease_leaf leaf;

    if (args->proof == PROOF_NONE && reply->depends_on <= server->durable_number) {
        pending_format(NULL, &pending, call->reply);
        return;
    }
    connection_emit(connection);
    if (args->proof != PROOF_NONE) {
        lease_leaf(server, args, reply, kind, &leaf);
        pending.grant.leaf = batch_add_leaf(server->open, root, &leaf);
    }
    batch_add_pending(server->open, &pending);
    connection->pendings_count++;
}

/* On a full disk what is held goes on: only a new lease is growth, a re-claim is not (INV-24). */
static enum journal_class lease_class(const struct server *server, const struct seat_event *event)
{
    struct seat_lease_view view;

    return event->kind == SEAT_CHECKOUT &&
                   !seats_find_lease(server->seats, server->now, &event->id, &view)
               ? JOURNAL_GROWTH
               : JOURNAL_RESERVE;
}

enum status lease_act(struct command_call *call, const struct seat_event *event,
                      const struct checkout_args *args, enum leaf_kind kind, struct error *error)
{
    struct server *server = call->server;
    enum journal_class class = lease_class(server, event);
    const struct seat_reply *reply = &server->reply;
    struct lease_root root;
    enum status status = lease_check_vendor(server, event, error);

    if (status != LICET_OK)
        return status;
    if (!server_has_room(server, class, SEAT_STEP_BYTES))
        return error_set(error, LICET_DISK_FULL,
                         "the license server's disk is full: running leases go on, new ones wait "
                         "for its administrator");
    if (args->proof != PROOF_NONE && lease_root(server, event, &root) &&
        !batch_takes_root(server->open, &root)) {
        call->is_stalled = true; /* R8.2: this proof belongs to the next batch */
        return LICET_OK;
    }
    server_step(server, event);
    if (reply->status != LICET_OK)
        return lease_refuse(call, event, args, reply, error);
    lease_count(server, event, reply);
    lease_answer(call, args, &root, kind);
    return LICET_OK;
}
