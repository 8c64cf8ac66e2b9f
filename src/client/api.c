/* The functions of licet.h on a handle: arguments in, one wait, a sentence out. */
#include "client/api.h"

#include <assert.h>
#include <stddef.h>

#include "client/client.h"
#include "client/device.h"

/* A wait is cut into slices, so that ends and silences are noticed in time. */
#define API_SLICE_MS 50
/* For giving back what is not believed, before its failure is told. */
#define API_GIVE_BACK_MS 2000

static_assert(sizeof(licet_error) == sizeof(struct error) &&
                  offsetof(licet_error, text) == offsetof(struct error, text),
              "licet_error is struct error under another name");
static_assert(LICET_NAME_SIZE == NAME_MAX_BYTES + 1, "a name has one length");
static_assert(LICET_PROOF_SIZE_MAX >= PROOF_BYTES_MAX, "a proof fits what licet.h promises");

/* ---- errors and structs ------------------------------------------------------------------- */

struct error *api_error(licet_error *error)
{
    return (struct error *)error;
}

enum status api_null(struct error *error)
{
    return error_set(error, LICET_INVALID, "an argument is NULL that must not be");
}

static enum status api_fail(struct error *error, enum status status, const struct error *cause)
{
    return error_set(error, status, "%s", error_text(cause, status));
}

void api_struct_init(void *place, const void *defaults, size_t defaults_size, size_t size)
{
    if (place == NULL || size < sizeof(size_t))
        return;
    memset(place, 0, size);
    memcpy(place, defaults, size < defaults_size ? size : defaults_size);
}

bool api_struct_read(void *ours, size_t ours_size, const void *theirs, size_t size)
{
    if (size < sizeof(size_t) || size > 65536)
        return false;
    memset(ours, 0, ours_size);
    memcpy(ours, theirs, size < ours_size ? size : ours_size);
    return true;
}

void api_struct_write(void *theirs, size_t size, const void *ours, size_t ours_size)
{
    const size_t head = sizeof(size_t); /* the caller's `size` stays as it is */
    size_t known = size < ours_size ? size : ours_size;

    if (known > head)
        memcpy((char *)theirs + head, (const char *)ours + head, known - head);
}

void licet_lease_info_init(licet_lease_info *info, size_t size)
{
    const licet_lease_info defaults = {.size = size};

    api_struct_init(info, &defaults, sizeof(defaults), size);
}

void licet_reason_init(licet_reason *reason, size_t size)
{
    const licet_reason defaults = {.size = size};

    api_struct_init(reason, &defaults, sizeof(defaults), size);
}

const char *licet_status_text(licet_status status)
{
    return status_text((enum status)status);
}

const char *licet_version(void)
{
    return LICET_VERSION;
}

/* ---- leases as numbers -------------------------------------------------------------------- */

#define API_INDEX_BITS 6
static_assert(CLIENT_LEASES_MAX <= 1 << API_INDEX_BITS, "every place has a number");
#define API_SERIAL_MASK (UINT32_MAX >> API_INDEX_BITS)

static licet_lease api_lease_number(const struct licet *client, const struct lease *lease)
{
    uint32_t index = (uint32_t)(lease - client->leases);

    return (lease->serial & API_SERIAL_MASK) << API_INDEX_BITS | index;
}

/* A place that asks or leaves is nobody's lease. */
static struct lease *api_lease_find(const struct licet *client, licet_lease number)
{
    uint32_t index = number & ((1u << API_INDEX_BITS) - 1);
    struct lease *lease = index < client->leases_count ? &client->leases[index] : NULL;

    if (lease == NULL || api_lease_number(client, lease) != number ||
        (lease->phase != LEASE_HELD && lease->phase != LEASE_LOST))
        return NULL;
    return lease;
}

static enum status api_no_lease(struct error *error)
{
    return error_set(error, LICET_NOT_FOUND, "this handle holds no such lease (any more)");
}

/* ---- requests ----------------------------------------------------------------------------- */

struct api_request {
    struct text feature;
    uint32_t release;
    uint32_t count;
};

static enum status api_request_read(const char *feature, const char *release, uint32_t count,
                                    struct api_request *ret_request, struct error *error)
{
    struct date date = {0};
    enum status status = LICET_OK;

    if (!text_is_identifier(text_of(feature)))
        return error_set(error, LICET_INVALID,
                         "\"%.80s\" is not a feature: a letter, then letters, digits and _, at "
                         "most %d in all",
                         feature, NAME_MAX_BYTES);
    if (count < 1 || count > LEASE_COUNT_MAX)
        return error_set(error, LICET_INVALID, "a count of %u seats is not between 1 and %u", count,
                         LEASE_COUNT_MAX);
    if (release != NULL && release[0] != '\0')
        status = date_parse(text_of(release), &date, error);
    if (status == LICET_OK)
        *ret_request = (struct api_request){text_of(feature), (uint32_t)date.days, count};
    return status;
}

static enum status api_full(const struct licet *client, struct error *error)
{
    return error_set(error, LICET_OVER_LIMIT, "all %u leases of this handle are taken",
                     client->leases_count);
}

/* One slice of waiting; false when the time is over. */
static bool api_wait(struct licet *client, struct instant deadline)
{
    int64_t left = deadline.ms - client_now(client).ms;

    if (left <= 0)
        return false;
    session_step(client, left < API_SLICE_MS ? (uint32_t)left : API_SLICE_MS, true);
    return true;
}

/* Nobody answered in time: because there is nobody, or because he is slow. */
static enum status api_unanswered(const struct licet *client, struct error *error)
{
    const struct error *failure = &client->session.failure;

    if (failure->status != LICET_OK)
        return api_fail(error, failure->status, failure);
    return error_set(error, LICET_TIMEOUT, "the license server %.80s did not answer within %u ms",
                     client->server, client->timeout_ms);
}

/* What was granted and is not believed is given back: others wait for that seat. */
static enum status api_not_held(struct licet *client, struct lease *lease, struct error *error)
{
    struct error failure = lease->failure;
    struct instant deadline = instant_add_ms(client_now(client), API_GIVE_BACK_MS);

    while (lease->phase == LEASE_LEAVING && api_wait(client, deadline))
        ;
    return api_fail(error, failure.status, &failure);
}

licet_status licet_checkout(licet *client, const char *feature, const char *release, uint32_t count,
                            licet_lease *ret_lease, licet_error *ret_error)
{
    struct error *error = api_error(ret_error);
    struct api_request request;
    struct instant deadline;
    struct lease *lease;
    enum status status;

    if (client == NULL || feature == NULL || ret_lease == NULL)
        return api_null(error);
    status = api_request_read(feature, release, count, &request, error);
    if (status != LICET_OK)
        return status;
    lease = lease_take(client);
    if (lease == NULL)
        return api_full(client, error);
    lease_begin(client, lease, request.feature, request.release, request.count, client_now(client));
    if (client->device_memory != NULL)
        status = device_checkout(client, lease, error);
    if (status != LICET_OK)
        return status;
    deadline = instant_add_ms(client_now(client), client->timeout_ms);
    while (lease->phase == LEASE_ASKING && api_wait(client, deadline))
        ;
    if (lease->phase == LEASE_HELD) {
        *ret_lease = api_lease_number(client, lease);
        return LICET_OK;
    }
    if (lease->phase != LEASE_ASKING)
        return api_not_held(client, lease, error);
    lease_let_go(lease, client_now(client));
    return api_unanswered(client, error);
}

licet_status licet_checkin(licet *client, licet_lease number, licet_error *ret_error)
{
    struct error *error = api_error(ret_error);
    struct instant deadline;
    struct lease *lease;

    if (client == NULL)
        return api_null(error);
    lease = api_lease_find(client, number);
    if (lease == NULL)
        return api_no_lease(error);
    if (client->device_memory != NULL)
        lease_free(lease);
    else
        lease_let_go(lease, client_now(client));
    deadline = instant_add_ms(client_now(client), client->timeout_ms);
    while (lease->phase == LEASE_LEAVING && api_wait(client, deadline))
        ;
    if (lease->phase == LEASE_LEAVING)
        return api_unanswered(client, error);
    return LICET_OK;
}

static enum status api_why_device(struct licet *client, const struct api_request *request,
                                  licet_reason *ret_reason, struct error *error)
{
    struct lease *lease = lease_take(client);
    licet_reason reason;

    if (lease == NULL)
        return api_full(client, error);
    lease_begin(client, lease, request->feature, request->release, request->count,
                client_now(client));
    device_why(client, lease, &reason);
    lease_free(lease);
    api_struct_write(ret_reason, ret_reason->size, &reason, sizeof(reason));
    return LICET_OK;
}

licet_status licet_why(licet *client, const char *feature, const char *release, uint32_t count,
                       licet_reason *ret_reason, licet_error *ret_error)
{
    struct error *error = api_error(ret_error);
    struct client_why *why;
    struct api_request request;
    struct instant deadline;
    enum status status;

    if (client == NULL || feature == NULL || ret_reason == NULL)
        return api_null(error);
    status = api_request_read(feature, release, count, &request, error);
    if (status != LICET_OK)
        return status;
    if (client->device_memory != NULL)
        return api_why_device(client, &request, ret_reason, error);
    why = &client->why;
    *why = (struct client_why){
        .serial = why->serial + 1, .is_wanted = true, .count = count, .release = request.release};
    memcpy(why->feature, request.feature.data, request.feature.size);
    deadline = instant_add_ms(client_now(client), client->timeout_ms);
    while (!why->is_answered && api_wait(client, deadline))
        ;
    why->is_wanted = false;
    if (!why->is_answered)
        return api_unanswered(client, error);
    if (why->status != LICET_OK)
        return api_fail(error, why->status, &why->error);
    api_struct_write(ret_reason, ret_reason->size, &why->reason, sizeof(why->reason));
    return LICET_OK;
}

/* ---- time --------------------------------------------------------------------------------- */

uint32_t licet_wait_ms(const licet *client)
{
    int64_t left;
    struct instant next;

    if (client == NULL)
        return UINT32_MAX;
    next = session_next(client);
    if (next.ms == INT64_MAX)
        return UINT32_MAX;
    left = next.ms - client_now(client).ms;
    return left <= 0 ? 0 : left < UINT32_MAX ? (uint32_t)left : UINT32_MAX - 1;
}

licet_status licet_tick(licet *client, licet_error *ret_error)
{
    struct error *error = api_error(ret_error);

    if (client == NULL)
        return api_null(error);
    if (client->device_memory != NULL)
        device_tick(client);
    else
        session_step(client, 0, false);
    for (uint32_t index = 0; index < client->leases_count; index++) {
        const struct lease *lease = &client->leases[index];

        if (lease->phase == LEASE_LOST)
            return error_set(error, LICET_LEASE_LOST, "%s", lease->failure.text);
    }
    return LICET_OK;
}

int32_t licet_fd(const licet *client, int32_t *ret_wants_write)
{
    const struct session *session = client == NULL ? NULL : &client->session;

    if (ret_wants_write != NULL)
        *ret_wants_write =
            session != NULL && (session->state == LINK_CONNECTING || session->out.size > 0);
    if (session == NULL || session->state == LINK_DOWN || client->transport.fd == NULL)
        return -1;
    return client->transport.fd(client->transport.context);
}

/* ---- looking ------------------------------------------------------------------------------ */

static int32_t api_state(const struct licet *client, const struct lease *lease)
{
    if (lease->phase == LEASE_LOST)
        return LICET_STATE_LOST;
    return lease->failure.status != LICET_OK || client->session.failure.status != LICET_OK
               ? LICET_STATE_RECONNECTING
               : LICET_STATE_HELD;
}

static void api_lease_names(const struct licet *client, const struct lease *lease,
                            licet_lease_info *info)
{
    const struct chain_file *file = client->chain.file;
    struct buf release = buf_over(info->release, sizeof(info->release));

    snprintf(info->feature, sizeof(info->feature), "%s", lease->feature);
    snprintf(info->user, sizeof(info->user), "%s", client->identity.user);
    snprintf(info->host, sizeof(info->host), "%s", client->identity.host);
    snprintf(info->device, sizeof(info->device), "%s", client->identity.device);
    if (file != NULL)
        snprintf(info->vendor, sizeof(info->vendor), "%.*s", TEXT_ARGS(file->license.head.vendor));
    if (lease->request.leaf.release != 0)
        date_print((struct date){(int32_t)lease->request.leaf.release}, &release);
}

static void api_lease_describe(const struct licet *client, const struct lease *lease,
                               licet_lease_info *info)
{
    const struct error *failure =
        lease->failure.status != LICET_OK ? &lease->failure : &client->session.failure;
    int64_t left = lease->end.ms == INT64_MAX ? INT64_MAX : lease->end.ms - client_now(client).ms;

    *info = (licet_lease_info){
        .state = api_state(client, lease),
        .flags = lease->flags,
        .number = lease->number,
        .left_ms = lease->phase == LEASE_HELD && left > 0 ? left : 0,
        .end_s = lease->end_s,
        .granted_s = lease->granted_s,
        .ttl_ms = lease->ttl_ms,
        .count = lease->request.leaf.count,
        .renewals = lease->grants - 1,
        .generation = lease->generation,
    };
    api_lease_names(client, lease, info);
    memcpy(info->id, lease->request.leaf.id, sizeof(info->id));
    memcpy(info->nonce, lease->proof_nonce, sizeof(info->nonce));
    if (info->state == LICET_STATE_HELD)
        return;
    info->reason = failure->status;
    snprintf(info->text, sizeof(info->text), "%s", error_text(failure, failure->status));
}

licet_status licet_lease_get(const licet *client, licet_lease number, licet_lease_info *ret_info,
                             licet_error *ret_error)
{
    struct error *error = api_error(ret_error);
    const struct lease *lease;
    licet_lease_info info;

    if (client == NULL || ret_info == NULL)
        return api_null(error);
    lease = api_lease_find(client, number);
    if (lease == NULL)
        return api_no_lease(error);
    api_lease_describe(client, lease, &info);
    api_struct_write(ret_info, ret_info->size, &info, sizeof(info));
    return LICET_OK;
}

static enum status api_too_small(size_t wanted, size_t given, struct error *error)
{
    return error_set(error, LICET_TOO_LARGE, "%zu bytes are wanted, %zu were given", wanted, given);
}

licet_status licet_lease_proof(const licet *client, licet_lease number, uint8_t *proof,
                               size_t proof_size, size_t *ret_size, licet_error *ret_error)
{
    struct error *error = api_error(ret_error);
    const struct lease *lease;

    if (client == NULL || proof == NULL || ret_size == NULL)
        return api_null(error);
    lease = api_lease_find(client, number);
    if (lease == NULL)
        return api_no_lease(error);
    if (lease->proof_size == 0)
        return error_set(error, LICET_NOT_FOUND,
                         "no license server has signed this lease: its evidence is the license "
                         "file, licet_chain()");
    *ret_size = lease->proof_size;
    if (lease->proof_size > proof_size)
        return api_too_small(lease->proof_size, proof_size, error);
    memcpy(proof, lease->proof, lease->proof_size);
    return LICET_OK;
}

licet_status licet_chain(const licet *client, char *text, size_t text_size, size_t *ret_size,
                         licet_error *ret_error)
{
    struct error *error = api_error(ret_error);
    const struct license *license;

    if (client == NULL || text == NULL || ret_size == NULL)
        return api_null(error);
    if (client->chain.file == NULL)
        return error_set(error, LICET_NOT_FOUND,
                         "no license file has been verified yet: check out a seat first");
    license = &client->chain.file->license;
    *ret_size = license->payload.size + license->armor.size;
    if (*ret_size > text_size)
        return api_too_small(*ret_size, text_size, error);
    memcpy(text, license->payload.data, license->payload.size);
    memcpy(text + license->payload.size, license->armor.data, license->armor.size);
    return LICET_OK;
}
