/* One lease: what it asks, what it takes for an answer, and when it is lost. */
#include "client/client.h"

#include <assert.h>

#include <sodium.h>

#include "base/parse.h"
#include "resp/writer.h"

/* A refused or unanswered renewal is tried again at a tenth of the ttl, within these bounds. */
#define LEASE_RETRY_MS_MIN 500
#define LEASE_RETRY_MS_MAX 30000
/* Two renewals are never closer: a lease that is cut at an end (R4.4) must not renew ever faster.
 */
#define LEASE_RENEW_MS_MIN 1000

static const struct instant never = {INT64_MAX};

/* ---- places ------------------------------------------------------------------------------- */

void lease_free(struct lease *lease)
{
    lease->phase = LEASE_FREE;
}

struct lease *lease_take(struct licet *client)
{
    struct lease *oldest = NULL;

    for (uint32_t index = 0; index < client->leases_count; index++) {
        struct lease *lease = &client->leases[index];

        if (lease->phase == LEASE_FREE)
            return lease;
        if (lease->phase == LEASE_LEAVING &&
            (oldest == NULL || lease->asked_at.ms < oldest->asked_at.ms))
            oldest = lease;
    }
    return oldest; /* the server frees that seat by time */
}

void lease_begin(struct licet *client, struct lease *lease, struct text feature, uint32_t release,
                 uint32_t count, struct instant now)
{
    const struct identity *identity = &client->identity;
    struct lease_leaf *leaf = &lease->request.leaf;

    *lease = (struct lease){.phase = LEASE_ASKING, .ask_at = now};
    client->serial_next++;
    lease->serial = client->serial_next;
    memcpy(lease->feature, feature.data, feature.size);
    lease->request.feature = text_of(lease->feature);
    randombytes_buf(leaf->id, sizeof(leaf->id));
    leaf_hash_name(feature, leaf->feature);
    leaf_hash_name(text_of(identity->user), leaf->user);
    leaf_hash_name(text_of(identity->host), leaf->host);
    leaf_hash_name(text_of(identity->device), leaf->device);
    leaf->count = count;
    leaf->release = release;
}

void lease_let_go(struct lease *lease, struct instant now)
{
    if (lease->phase == LEASE_LOST || (lease->phase == LEASE_ASKING && !lease->was_sent)) {
        lease_free(lease);
        return;
    }
    if (lease->phase == LEASE_ASKING) /* nobody said how long it was granted */
        lease->end = instant_add_ms(now, (int64_t)LEASE_TTL_SECONDS_MAX * 1000);
    lease->phase = LEASE_LEAVING;
    lease->waits_for_chain = false;
}

/* ---- asking ------------------------------------------------------------------------------- */

bool lease_wants_to_ask(const struct lease *lease, struct instant now)
{
    return (lease->phase == LEASE_ASKING || lease->phase == LEASE_HELD) && !lease->is_asked &&
           !lease->waits_for_chain && now.ms >= lease->ask_at.ms;
}

bool lease_wants_to_tell(const struct lease *lease)
{
    return lease->phase == LEASE_LEAVING && !lease->is_told;
}

struct instant lease_speaks_at(const struct lease *lease)
{
    if (lease_wants_to_tell(lease))
        return (struct instant){0};
    if (!lease_wants_to_ask(lease, never))
        return never;
    return lease->ask_at;
}

struct instant lease_ends_at(const struct lease *lease)
{
    return lease->phase == LEASE_HELD || lease->phase == LEASE_LEAVING ? lease->end : never;
}

/* A command being put together. 20 arguments are what a stranger may send (R10.2). */
struct lease_command {
    struct text arguments[RESP_STRANGER_ARGUMENTS_MAX];
    uint32_t count;
};

static void lease_add(struct lease_command *command, struct text argument)
{
    assert(command->count < RESP_STRANGER_ARGUMENTS_MAX);
    command->arguments[command->count++] = argument;
}

static void lease_add_option(struct lease_command *command, const char *name, struct text value)
{
    if (value.size == 0)
        return;
    lease_add(command, text_of(name));
    lease_add(command, value);
}

static struct text lease_hex(char place[32], const uint8_t bytes[16])
{
    struct buf buf = buf_over(place, 32);

    print_hex(bytes, 16, &buf);
    return buf_text(&buf);
}

enum asked_kind lease_ask(struct licet *client, struct lease *lease, struct instant now,
                          struct buf *out)
{
    struct lease_leaf *leaf = &lease->request.leaf;
    bool is_renewal = lease->phase == LEASE_HELD && !lease->must_reclaim;
    struct lease_command command = {0};
    char id[32], nonce[32], count_text[12], date_text[LICET_DATE_SIZE];
    struct buf count = buf_over(count_text, sizeof(count_text));
    struct buf release = buf_over(date_text, sizeof(date_text));

    /* Security: a nonce is good for one question, so no answer can be played twice. */
    randombytes_buf(leaf->nonce, sizeof(leaf->nonce));
    leaf->kind = is_renewal ? LEAF_RENEWAL : LEAF_GRANT;
    lease_add(&command, is_renewal ? TEXT("RENEW") : TEXT("CHECKOUT"));
    if (!is_renewal)
        lease_add(&command, lease->request.feature);
    lease_add(&command, lease_hex(id, leaf->id));
    if (!is_renewal) {
        buf_add_u64(&count, leaf->count);
        if (leaf->release != 0)
            date_print((struct date){(int32_t)leaf->release}, &release);
        lease_add_option(&command, "COUNT", buf_text(&count));
        lease_add_option(&command, "RELEASE", buf_text(&release));
        lease_add_option(&command, "USER", text_of(client->identity.user));
        lease_add_option(&command, "HOST", text_of(client->identity.host));
        lease_add_option(&command, "DEVICE", text_of(client->identity.device));
        lease_add_option(&command, "VENDOR", text_of(client->vendor));
    }
    lease_add_option(&command, "NONCE", lease_hex(nonce, leaf->nonce));
    lease_add_option(&command, "PROOF", TEXT("raw"));
    resp_write_command(out, command.arguments, command.count);
    lease->is_asked = lease->was_sent = true;
    lease->asked_at = now;
    return is_renewal ? ASKED_RENEW : ASKED_CHECKOUT;
}

void lease_tell(struct lease *lease, struct buf *out)
{
    char id[32];
    struct text arguments[2] = {TEXT("CHECKIN"), {NULL, 0}};

    arguments[1] = lease_hex(id, lease->request.leaf.id);
    resp_write_command(out, arguments, 2);
    lease->is_told = true;
}

/* ---- refusals ----------------------------------------------------------------------------- */

static struct instant lease_retry_at(const struct lease *lease, struct instant now)
{
    uint32_t pause_ms = lease->ttl_ms / 10;

    if (pause_ms < LEASE_RETRY_MS_MIN)
        pause_ms = LEASE_RETRY_MS_MIN;
    if (pause_ms > LEASE_RETRY_MS_MAX)
        pause_ms = LEASE_RETRY_MS_MAX;
    return instant_add_ms(now, pause_ms);
}

static void lease_keep_failure(struct lease *lease, enum status status, const struct error *error)
{
    lease->failure = (struct error){.status = status};
    snprintf(lease->failure.text, sizeof(lease->failure.text), "%s", error_text(error, status));
}

/* The server said no. A new request is over; a held lease lasts to its end, unless the server says
 * that it has ended already. */
static void lease_refused(struct lease *lease, enum status status, const struct error *error,
                          struct instant now)
{
    lease_keep_failure(lease, status, error);
    if (lease->phase == LEASE_ASKING)
        lease_free(lease);
    if (lease->phase != LEASE_HELD)
        return;
    lease->ask_at = lease_retry_at(lease, now);
    lease->must_reclaim = lease->must_reclaim || status == LICET_NOT_FOUND;
    if (status == LICET_LEASE_ENDED)
        lease->phase = LEASE_LOST;
}

/* The server said something that no licensed server says. */
static enum status lease_distrust(struct lease *lease, enum status status,
                                  const struct error *error, struct instant now)
{
    lease_keep_failure(lease, status, error);
    if (lease->phase == LEASE_ASKING)
        lease_let_go(lease, now);
    lease->ask_at = lease_retry_at(lease, now);
    return status;
}

void lease_chain_failed(struct lease *lease, struct instant now, enum status status,
                        const struct error *error)
{
    bool is_waiting = lease->waits_for_chain && lease->phase == LEASE_HELD;

    lease->waits_for_chain = false;
    if (is_waiting || lease->phase == LEASE_ASKING)
        lease_distrust(lease, status, error, now);
}

/* ---- grants ------------------------------------------------------------------------------- */

static bool lease_read_number(const struct reply *reply, uint32_t index, uint64_t max,
                              uint64_t *ret_value)
{
    const struct reply_item *item = reply_child(reply, &reply->items[0], index);

    if (item == NULL || item->kind != REPLY_INTEGER || item->integer < 0 ||
        (uint64_t)item->integer > max)
        return false;
    *ret_value = (uint64_t)item->integer;
    return true;
}

static enum status lease_read_grant(const struct reply *reply, struct lease_grant *ret_grant,
                                    struct error *error)
{
    const struct reply_item *root = &reply->items[0];
    const struct reply_item *word = reply_child(reply, root, 0),
                            *proof = reply_child(reply, root, 5);
    uint64_t ttl_ms, generation, flags;

    if (root->kind != REPLY_ARRAY || root->count != 6 || word == NULL || proof == NULL ||
        (word->kind != REPLY_SIMPLE && word->kind != REPLY_BULK) ||
        !text_is(word->text, "GRANTED") ||
        !lease_read_number(reply, 1, INT64_MAX, &ret_grant->number) ||
        !lease_read_number(reply, 2, UINT32_MAX, &ttl_ms) ||
        !lease_read_number(reply, 3, UINT32_MAX, &generation) ||
        !lease_read_number(reply, 4, UINT16_MAX, &flags))
        return error_set(error, LICET_PROTOCOL,
                         "the license server's answer is not one to this question");
    if (proof->kind != REPLY_BULK || proof->text.size > PROOF_BYTES_MAX)
        return error_set(error, LICET_BAD_SIGNATURE,
                         "the license server granted a seat without a signed proof");
    ret_grant->ttl_ms = (uint32_t)ttl_ms;
    ret_grant->generation = (uint32_t)generation;
    ret_grant->flags = (uint32_t)flags;
    ret_grant->proof_size = proof->text.size;
    memcpy(ret_grant->proof, proof->text.data, proof->text.size);
    return LICET_OK;
}

/* What stands in the open part of the answer is what was signed. */
static enum status lease_check_plain(const struct lease_grant *grant,
                                     const struct lease_proof *proof, struct error *error)
{
    int64_t difference = (int64_t)grant->ttl_ms - (int64_t)proof->leaf.ttl_s * 1000;

    if (grant->generation != proof->root.generation || grant->flags != proof->leaf.flags ||
        difference <= -1000 || difference >= 1000)
        return error_set(error, LICET_MISMATCH,
                         "the license server's answer differs from what it signed: somebody "
                         "changed it on the way");
    return LICET_OK;
}

/*
 * R8.3, and R4.5: a lease that the newest file has no line for any more goes on while it drains,
 * under the terms of the file that last served it; and a file with fewer seats takes none away at
 * once, so only a new request is held against the number of seats. licetd drains as long as the longest
 * of the family's old and new lines; this is a bound, so it takes all lines of both files.
 */
static void lease_find_terms(struct lease *lease, const struct chain_file *file,
                             struct unix_time time, struct instant now,
                             struct grant_terms *ret_terms)
{
    uint32_t drain_s;

    grant_terms_find(&file->license, &lease->request, time, ret_terms);
    drain_s = ret_terms->drain_s;
    if (lease->phase != LEASE_HELD)
        return;
    if (ret_terms->is_served) {
        lease->drain_end.ms = 0;
    } else {
        if (lease->terms.drain_s > drain_s)
            drain_s = lease->terms.drain_s;
        if (lease->drain_end.ms == 0)
            lease->drain_end = instant_add_ms(now, (int64_t)drain_s * 1000);
        if (now.ms < lease->drain_end.ms)
            *ret_terms = lease->terms;
    }
    ret_terms->seats = UINT64_MAX;
}

static enum status lease_see_witness(struct licet *client, const struct lease_proof *proof,
                                     struct error *error)
{
    const struct chain_file *file = client->chain.file;
    struct witness_mark mark = {
        .server_key = public_key_hash(&file->server_key),
        .generation = proof->root.generation,
        .epoch = proof->root.epoch,
    };

    memcpy(mark.vendor, proof->root.vendor.data, proof->root.vendor.size);
    return witness_see(&client->witness, &mark, error);
}

static void lease_hold(struct lease *lease, const struct lease_grant *grant,
                       const struct lease_proof *proof, const struct grant_terms *terms)
{
    uint32_t signed_ms =
        proof->leaf.ttl_s > UINT32_MAX / 1000 ? UINT32_MAX : proof->leaf.ttl_s * 1000;
    int64_t renew_ms;

    lease->phase = LEASE_HELD;
    lease->terms = *terms;
    lease->number = grant->number;
    lease->generation = grant->generation;
    lease->flags = grant->flags;
    lease->ttl_ms = grant->ttl_ms < signed_ms ? grant->ttl_ms : signed_ms;
    lease->end_s = proof->leaf.end;
    lease->granted_s = proof->root.time;
    lease->end = instant_add_ms(lease->asked_at, lease->ttl_ms); /* R8.5: from sending */
    renew_ms = lease->ttl_ms / 3;
    lease->ask_at = instant_add_ms(lease->asked_at,
                                   renew_ms < LEASE_RENEW_MS_MIN ? LEASE_RENEW_MS_MIN : renew_ms);
    lease->must_reclaim = false;
    lease->chain_tries = 0;
    lease->grants++;
    lease->failure = (struct error){0};
    lease->proof_size = grant->proof_size;
    memcpy(lease->proof, grant->proof, grant->proof_size);
    memcpy(lease->proof_nonce, proof->leaf.nonce, sizeof(lease->proof_nonce));
}

static enum status lease_verify(struct licet *client, struct lease *lease,
                                const struct lease_grant *grant, struct instant now,
                                struct error *error)
{
    const struct chain_file *file = client->chain.file;
    struct lease_proof proof;
    struct grant_terms terms, bounds;
    enum status status;

    if (file == NULL)
        return LICET_CONFLICT;
    status = grant_verify(text_make(grant->proof, grant->proof_size), &file->license,
                          &file->server_key, &lease->request, &proof, error);
    if (status == LICET_OK)
        status = lease_check_plain(grant, &proof, error);
    if (status != LICET_OK)
        return status;
    lease_find_terms(lease, file, (struct unix_time){proof.root.time}, now, &terms);
    bounds = terms;
    /* A re-claim is told what is left, which a file with a shorter ttl does not shorten. */
    if (lease->must_reclaim && lease->terms.ttl_s > bounds.ttl_s)
        bounds.ttl_s = lease->terms.ttl_s;
    status = grant_check_terms(&proof, &bounds, error);
    if (status == LICET_OK)
        status = lease_see_witness(client, &proof, error);
    if (status == LICET_OK)
        lease_hold(lease, grant, &proof, &terms);
    return status;
}

/* Takes the grant, or says what is wrong with it. LICET_CONFLICT: it waits for its file. */
static enum status lease_take_grant(struct licet *client, struct lease *lease,
                                    const struct lease_grant *grant, struct instant now,
                                    struct error *error)
{
    enum status status = lease_verify(client, lease, grant, now, error);

    if (status == LICET_OK)
        return LICET_OK;
    if (status != LICET_CONFLICT)
        return lease_distrust(lease, status, error, now);
    if (lease->chain_tries++ == CLIENT_CHAIN_TRIES_MAX)
        return lease_distrust(
            lease,
            error_set(error, LICET_MISMATCH,
                      "the license server signs for a license file that it does not show"),
            error, now);
    if (grant != &lease->waiting)
        lease->waiting = *grant;
    lease->waits_for_chain = true;
    return LICET_CONFLICT;
}

enum status lease_answer(struct licet *client, struct lease *lease, const struct reply *reply,
                         struct instant now, struct error *error)
{
    const struct reply_item *root = &reply->items[0];
    struct lease_grant grant = {0};
    struct text sentence;
    enum status status;

    lease->is_asked = false;
    if (lease->phase != LEASE_ASKING && lease->phase != LEASE_HELD)
        return LICET_OK;
    if (root->kind == REPLY_ERROR) {
        status = reply_error_status(root, &sentence);
        error_set(error, status, "%.*s", TEXT_ARGS(text_head(sentence, ERROR_TEXT_MAX - 1)));
        lease_refused(lease, status, error, now);
        return LICET_OK;
    }
    status = lease_read_grant(reply, &grant, error);
    if (status != LICET_OK)
        return lease_distrust(lease, status, error, now);
    return lease_take_grant(client, lease, &grant, now, error);
}

enum status lease_chain_changed(struct licet *client, struct lease *lease, struct instant now,
                                struct error *error)
{
    enum status status;

    if (!lease->waits_for_chain)
        return LICET_OK;
    lease->waits_for_chain = false;
    if (lease->phase != LEASE_ASKING && lease->phase != LEASE_HELD)
        return LICET_OK;
    status = lease_take_grant(client, lease, &lease->waiting, now, error);
    if (status != LICET_CONFLICT)
        return status;
    /* The file at hand is already newer than the grant: ask again, for a grant under this one. */
    lease->waits_for_chain = false;
    lease->must_reclaim = true;
    lease->ask_at = now;
    return LICET_OK;
}

/* ---- time --------------------------------------------------------------------------------- */

void lease_link_down(struct lease *lease, struct instant now)
{
    lease->is_asked = lease->is_told = lease->waits_for_chain = false;
    lease->must_reclaim = true;
    if (lease->phase == LEASE_ASKING ||
        (lease->phase == LEASE_HELD && lease->failure.status == LICET_OK))
        lease->ask_at = now;
}

void lease_tick(struct lease *lease, struct instant now, const struct session *session)
{
    const struct error *cause =
        lease->failure.status != LICET_OK ? &lease->failure : &session->failure;
    struct error lost;

    if (now.ms < lease_ends_at(lease).ms)
        return;
    if (lease->phase == LEASE_LEAVING) {
        lease_free(lease);
        return;
    }
    error_set(&lost, LICET_LEASE_LOST, "the seat of %s could not be renewed in time: %.400s",
              lease->feature,
              cause->status != LICET_OK ? error_text(cause, cause->status)
                                        : "the product did not ask for a renewal");
    lease->phase = LEASE_LOST;
    lease->failure = lost;
}
