/* One connection: commands out in one stream, replies back in the same order. */
#include "client/client.h"

#include <sodium.h>

#include "resp/writer.h"

/* How often a caller without a poll loop should look for an answer that is on its way. */
#define SESSION_POLL_MS 20
/* The first pause after a lost connection is up to a hundredth of the ttl, so that the clients of a
 * restarted server do not all come at once, and it doubles up to a tenth. */
#define SESSION_PAUSE_MS_MIN 50u
#define SESSION_PAUSE_MS_MAX 30000u
/* A caller who waits for an answer is not kept waiting by the pause of earlier failures. */
#define SESSION_URGENT_MS 100

static const struct instant never = {INT64_MAX};

static struct instant instant_earlier(struct instant left, struct instant right)
{
    return left.ms < right.ms ? left : right;
}

/* ---- up and down -------------------------------------------------------------------------- */

static uint32_t session_shortest_ttl_ms(const struct licet *client)
{
    uint32_t shortest = LEASE_TTL_SECONDS * 1000;

    for (uint32_t index = 0; index < client->leases_count; index++) {
        const struct lease *lease = &client->leases[index];

        if (lease->phase == LEASE_HELD && lease->ttl_ms < shortest)
            shortest = lease->ttl_ms;
    }
    return shortest;
}

static uint32_t session_clamp(uint32_t value, uint32_t min, uint32_t max)
{
    return value < min ? min : value > max ? max : value;
}

static uint32_t session_pause_ms(struct licet *client)
{
    struct session *session = &client->session;
    uint32_t ttl_ms = session_shortest_ttl_ms(client);
    uint32_t first = session_clamp(ttl_ms / 100, SESSION_PAUSE_MS_MIN, SESSION_PAUSE_MS_MAX / 10);
    uint32_t last = session_clamp(ttl_ms / 10, first, SESSION_PAUSE_MS_MAX);

    session->pause_ms =
        session->pause_ms == 0 ? first : session_clamp(session->pause_ms * 2, first, last);
    return session->pause_ms / 2 + randombytes_uniform(session->pause_ms / 2 + 1);
}

static void session_forget(struct session *session)
{
    session->state = LINK_DOWN;
    session->asked_first = session->asked_count = 0;
    session->out.size = session->in_size = 0;
    session->reply = reply_over(session->reply.items, CLIENT_REPLY_ITEMS_MAX);
    session->is_chain_asked = false;
}

void session_close(struct licet *client)
{
    if (client->session.state != LINK_DOWN)
        client->transport.close(client->transport.context);
    session_forget(&client->session);
}

/* Hangs up: nothing that follows on this connection could be trusted to belong to anything. */
static void session_drop(struct licet *client, struct instant now, enum status status,
                         const struct error *error)
{
    struct session *session = &client->session;

    session_close(client);
    session->failure = (struct error){.status = status};
    snprintf(session->failure.text, sizeof(session->failure.text), "%s", error_text(error, status));
    session->failed_at = now;
    session->connect_at = instant_add_ms(now, session_pause_ms(client));
    client->why.is_asked = false;
    for (uint32_t index = 0; index < client->leases_count; index++)
        lease_link_down(&client->leases[index], now);
}

static void session_connect(struct licet *client, struct instant now, uint32_t wait_ms)
{
    licet_error failure = {.status = LICET_OK};
    licet_status status =
        client->transport.connect(client->transport.context, client->server, wait_ms, &failure);
    struct error error;

    if (status == LICET_OK) {
        client->session.state = LINK_UP;
    } else if (status != LICET_TIMEOUT) {
        failure.text[LICET_TEXT_SIZE - 1] = '\0';
        error_set(&error, LICET_UNREACHABLE, "%s",
                  failure.text[0] != '\0' ? failure.text : status_text(LICET_UNREACHABLE));
        session_drop(client, now, LICET_UNREACHABLE, &error);
    } else if (now.ms >= client->session.deadline.ms) {
        error_set(
            &error, LICET_UNREACHABLE,
            "the license server %.80s does not answer: is it running, and does a firewall let "
            "this machine reach it?",
            client->server);
        session_drop(client, now, LICET_UNREACHABLE, &error);
    }
}

/* ---- commands out ------------------------------------------------------------------------- */

static bool session_has_room(const struct session *session)
{
    return session->asked_count < CLIENT_ASKED_MAX &&
           session->out.capacity - session->out.size >= CLIENT_COMMAND_BYTES_MAX;
}

static void session_expect(struct session *session, enum asked_kind kind, uint32_t index,
                           uint32_t serial, struct instant now)
{
    uint32_t place = (session->asked_first + session->asked_count) % CLIENT_ASKED_MAX;

    session->asked[place] = (struct asked){kind, index, serial, now};
    session->asked_count++;
}

static void session_ask_chain(struct licet *client, struct instant now)
{
    struct text arguments[3] = {TEXT("CHAIN"), TEXT("VENDOR"), text_of(client->vendor)};

    resp_write_command(&client->session.out, arguments, client->vendor[0] == '\0' ? 1 : 3);
    client->session.is_chain_asked = true;
    session_expect(&client->session, ASKED_CHAIN, 0, 0, now);
}

static void session_ask_why(struct licet *client, struct instant now)
{
    struct client_why *why = &client->why;
    char count_text[12], date_text[LICET_DATE_SIZE];
    struct buf count = buf_over(count_text, sizeof(count_text));
    struct buf release = buf_over(date_text, sizeof(date_text));
    struct text arguments[14] = {TEXT("WHY"), text_of(why->feature)};
    const struct {
        const char *name;
        struct text value;
    } options[] = {
        {"COUNT", {count_text, 0}},
        {"RELEASE", {date_text, 0}},
        {"USER", text_of(client->identity.user)},
        {"HOST", text_of(client->identity.host)},
        {"DEVICE", text_of(client->identity.device)},
        {"VENDOR", text_of(client->vendor)},
    };
    uint32_t arguments_count = 2;

    buf_add_u64(&count, why->count);
    if (why->release != 0)
        date_print((struct date){(int32_t)why->release}, &release);
    for (size_t index = 0; index < sizeof(options) / sizeof(options[0]); index++) {
        struct text value = index == 0   ? buf_text(&count)
                            : index == 1 ? buf_text(&release)
                                         : options[index].value;

        if (value.size == 0)
            continue;
        arguments[arguments_count++] = text_of(options[index].name);
        arguments[arguments_count++] = value;
    }
    resp_write_command(&client->session.out, arguments, arguments_count);
    why->is_asked = true;
    session_expect(&client->session, ASKED_WHY, 0, why->serial, now);
}

static bool session_asks_for_seats(const struct licet *client, struct instant now)
{
    for (uint32_t index = 0; index < client->leases_count; index++) {
        if (lease_wants_to_ask(&client->leases[index], now))
            return true;
    }
    return false;
}

/* Order: the license file first, so that it is here when the grants under it come. */
static void session_speak(struct licet *client, struct instant now)
{
    struct session *session = &client->session;

    if (client->chain.file == NULL && session_asks_for_seats(client, now))
        session->needs_chain = true;
    if (session->needs_chain && !session->is_chain_asked && session_has_room(session))
        session_ask_chain(client, now);
    if (client->why.is_wanted && !client->why.is_asked && session_has_room(session))
        session_ask_why(client, now);
    for (uint32_t index = 0; index < client->leases_count; index++) {
        struct lease *lease = &client->leases[index];

        if (lease_wants_to_tell(lease) && session_has_room(session)) {
            lease_tell(lease, &session->out);
            session_expect(session, ASKED_CHECKIN, index, lease->serial, now);
        }
        if (lease_wants_to_ask(lease, now) && session_has_room(session)) {
            enum asked_kind kind = lease_ask(client, lease, now, &session->out);

            session_expect(session, kind, index, lease->serial, now);
        }
    }
}

/* False: the connection has ended. */
static bool session_write(struct licet *client)
{
    struct buf *out = &client->session.out;
    int64_t size;

    if (out->size == 0)
        return true;
    size = client->transport.write(client->transport.context, out->data, out->size, 0);
    if (size < 0 || (uint64_t)size > out->size)
        return false;
    memmove(out->data, out->data + size, out->size - (size_t)size);
    out->size -= (size_t)size;
    return true;
}

/* ---- replies in --------------------------------------------------------------------------- */

static enum status session_read_error(const struct reply_item *item, struct error *error)
{
    struct text sentence;
    enum status status = reply_error_status(item, &sentence);

    return error_set(error, status, "%.*s", TEXT_ARGS(text_head(sentence, ERROR_TEXT_MAX - 1)));
}

/* [file, server key] or [file, server key, revocation list or null]. */
static enum status session_see_chain(struct licet *client, const struct reply *reply,
                                     struct error *error)
{
    const struct reply_item *root = &reply->items[0];
    const struct reply_item *file = reply_child(reply, root, 0);
    const struct reply_item *key = reply_child(reply, root, 1);
    const struct reply_item *revocations = reply_child(reply, root, 2);
    struct chain_shown shown = {.revocations = {"", 0}};

    if (root->kind != REPLY_ARRAY || file == NULL || file->kind != REPLY_BULK || key == NULL ||
        key->kind != REPLY_BULK)
        return error_set(error, LICET_PROTOCOL,
                         "the license server did not show its license file and key");
    shown.file = file->text;
    shown.server_key = key->text;
    if (revocations != NULL && revocations->kind == REPLY_BULK)
        shown.revocations = revocations->text;
    return chain_see(&client->chain, &client->witness, &shown, error);
}

/* Who asks for a seat, or waits for the file of one, hears it now. */
static void session_fail_askers(struct licet *client, struct instant now, enum status status,
                                const struct error *error)
{
    for (uint32_t index = 0; index < client->leases_count; index++)
        lease_chain_failed(&client->leases[index], now, status, error);
}

/* LICET_CONFLICT of one lease asks for CHAIN once more; anything else hangs up. */
static enum status session_judge(struct session *session, enum status status)
{
    if (status != LICET_CONFLICT)
        return status;
    session->needs_chain = true;
    return LICET_OK;
}

static enum status session_take_chain(struct licet *client, const struct reply *reply,
                                      struct instant now, struct error *error)
{
    struct session *session = &client->session;
    enum status status;

    session->needs_chain = session->is_chain_asked = false;
    if (reply->items[0].kind == REPLY_ERROR) {
        status = session_read_error(&reply->items[0], error);
        session_fail_askers(client, now, status, error);
        return LICET_OK; /* a refusal; the connection is as good as before */
    }
    status = session_see_chain(client, reply, error);
    for (uint32_t index = 0; index < client->leases_count && status == LICET_OK; index++)
        status =
            session_judge(session, lease_chain_changed(client, &client->leases[index], now, error));
    return status;
}

static bool session_number(const struct reply *reply, uint32_t index, int64_t *ret_value)
{
    const struct reply_item *item = reply_child(reply, &reply->items[0], index);

    if (item == NULL || item->kind != REPLY_INTEGER)
        return false;
    *ret_value = item->integer;
    return true;
}

static void session_copy_text(const struct reply *reply, uint32_t index, char *place, size_t size)
{
    const struct reply_item *item = reply_child(reply, &reply->items[0], index);

    place[0] = '\0';
    if (item != NULL && (item->kind == REPLY_BULK || item->kind == REPLY_SIMPLE))
        snprintf(place, size, "%.*s", TEXT_ARGS(text_head(item->text, size - 1)));
}

/* [verdict, code, sentence, seats, in use, overhang, seconds to the next free seat, rule] (R10.3);
 * the code is the word of a status. */
static enum status session_read_why(const struct reply *reply, licet_reason *reason,
                                    struct error *error)
{
    int64_t seats, in_use, overhang, next_free_s;
    char code[LICET_NAME_SIZE];

    if (reply->items[0].kind != REPLY_ARRAY || !session_number(reply, 3, &seats) ||
        !session_number(reply, 4, &in_use) || !session_number(reply, 5, &overhang) || seats < 0 ||
        in_use < 0 || overhang < 0)
        return error_set(error, LICET_PROTOCOL,
                         "the license server's answer is not one to this question");
    session_copy_text(reply, 1, code, sizeof(code));
    session_copy_text(reply, 2, reason->text, sizeof(reason->text));
    session_copy_text(reply, 7, reason->rule, sizeof(reason->rule));
    reason->status = status_of_word(code, strlen(code));
    reason->seats = (uint64_t)seats;
    reason->in_use = (uint64_t)in_use;
    reason->overhang = (uint64_t)overhang;
    if (session_number(reply, 6, &next_free_s))
        reason->next_free_s = next_free_s;
    else
        reason->next_free_s = reason->status == LICET_OK ? 0 : -1; /* null: nobody knows */
    return LICET_OK;
}

static enum status session_take_why(struct licet *client, const struct reply *reply,
                                    struct error *error)
{
    struct client_why *why = &client->why;

    why->is_wanted = why->is_asked = false;
    why->is_answered = true;
    if (reply->items[0].kind == REPLY_ERROR) {
        why->status = session_read_error(&reply->items[0], &why->error);
        return LICET_OK;
    }
    why->status = session_read_why(reply, &why->reason, &why->error);
    if (why->status != LICET_OK)
        return error_set(error, why->status, "%s", why->error.text);
    return LICET_OK;
}

/* Hands a reply to whom it belongs. A failure is a reason to hang up. */
static enum status session_dispatch(struct licet *client, const struct reply *reply,
                                    struct instant now, struct error *error)
{
    struct session *session = &client->session;
    struct asked asked;
    struct lease *lease;

    if (session->asked_count == 0)
        return error_set(error, LICET_PROTOCOL, "the license server answers what nobody asked");
    asked = session->asked[session->asked_first];
    session->asked_first = (session->asked_first + 1) % CLIENT_ASKED_MAX;
    session->asked_count--;
    if (asked.kind == ASKED_CHAIN)
        return session_take_chain(client, reply, now, error);
    if (asked.kind == ASKED_WHY)
        return asked.serial == client->why.serial ? session_take_why(client, reply, error)
                                                  : LICET_OK;
    lease = &client->leases[asked.index];
    if (lease->serial != asked.serial)
        return LICET_OK;
    if (asked.kind != ASKED_CHECKIN)
        return session_judge(session, lease_answer(client, lease, reply, now, error));
    if (lease->phase == LEASE_LEAVING) /* whatever the answer: it does not hold the seat now */
        lease_free(lease);
    return LICET_OK;
}

/* Takes every whole reply out of what has been read. */
static enum status session_take(struct licet *client, struct instant now, struct error *error)
{
    struct session *session = &client->session;
    size_t taken = 0;
    enum status status = LICET_OK;

    while (status == LICET_OK) {
        struct text bytes = text_make(session->in + taken, session->in_size - taken);
        enum reply_result result = reply_read(&session->reply, bytes, error);

        if (result == REPLY_BROKEN)
            return LICET_PROTOCOL;
        if (result == REPLY_NEED_MORE)
            break;
        taken += session->reply.size;
        status = session_dispatch(client, &session->reply, now, error);
        session->reply = reply_over(session->reply.items, CLIENT_REPLY_ITEMS_MAX);
    }
    memmove(session->in, session->in + taken, session->in_size - taken);
    session->in_size -= taken;
    if (status == LICET_OK && session->in_size == CLIENT_REPLY_BYTES_MAX)
        status = error_set(error, LICET_TOO_LARGE, "the license server's answer has no end");
    return status;
}

/* LICET_UNREACHABLE: the connection has ended. */
static enum status session_read(struct licet *client, struct instant now, uint32_t wait_ms,
                                struct error *error)
{
    struct session *session = &client->session;
    enum status status = LICET_OK;

    while (status == LICET_OK) {
        size_t room = CLIENT_REPLY_BYTES_MAX - session->in_size;
        int64_t size = client->transport.read(client->transport.context,
                                              session->in + session->in_size, room, wait_ms);

        if (size == 0)
            return LICET_OK;
        if (size < 0 || (uint64_t)size > room)
            return error_set(error, LICET_UNREACHABLE,
                             "the license server %.80s closed the connection", client->server);
        session->in_size += (size_t)size;
        session->failure.status = LICET_OK; /* it speaks again */
        wait_ms = 0;
        status = session_take(client, now, error);
    }
    return status;
}

/* ---- steps -------------------------------------------------------------------------------- */

static bool session_is_silent(const struct licet *client, struct instant now)
{
    const struct session *session = &client->session;

    return session->asked_count > 0 &&
           now.ms >= session->asked[session->asked_first].at.ms + client->timeout_ms / 2;
}

/* LICET_UNREACHABLE: the connection has ended. */
static enum status session_say(struct licet *client, struct instant now, struct error *error)
{
    session_speak(client, now);
    if (!session_write(client))
        return error_set(error, LICET_UNREACHABLE, "the license server %.80s closed the connection",
                         client->server);
    return LICET_OK;
}

static void session_exchange(struct licet *client, struct instant now, uint32_t wait_ms)
{
    struct session *session = &client->session;
    struct error error = {0};
    enum status status = session_say(client, now, &error);

    if (status == LICET_OK)
        status = session_read(client, now, session->asked_count > 0 ? wait_ms : 0, &error);
    if (status == LICET_OK) /* an answer may lead to the next question: a new license file */
        status = session_say(client, now, &error);
    if (status == LICET_OK && session_is_silent(client, now))
        status =
            error_set(&error, LICET_TIMEOUT, "the license server %.80s did not answer within %u ms",
                      client->server, client->timeout_ms / 2);
    /* Whoever is silent may speak on the next connection; whoever says nonsense is not asked twice.
     */
    if (status != LICET_OK && status != LICET_UNREACHABLE && status != LICET_TIMEOUT)
        session_fail_askers(client, now, status, &error);
    if (status != LICET_OK)
        session_drop(client, now, status, &error);
    else if (session->asked_count == 0 && session->out.size == 0)
        session->pause_ms = 0; /* everything was answered: a good connection */
}

/* When somebody has something to say; INT64_MAX: nobody. */
static struct instant session_speaks_at(const struct licet *client)
{
    struct instant at = never;

    if (client->why.is_wanted)
        at.ms = 0;
    for (uint32_t index = 0; index < client->leases_count; index++)
        at = instant_earlier(at, lease_speaks_at(&client->leases[index]));
    return at;
}

/* False: nobody wants a connection, or not yet. */
static bool session_start(struct licet *client, struct instant now, bool is_urgent)
{
    struct session *session = &client->session;

    if (is_urgent && session->connect_at.ms > session->failed_at.ms + SESSION_URGENT_MS)
        session->connect_at = instant_add_ms(session->failed_at, SESSION_URGENT_MS);
    if (now.ms < session_speaks_at(client).ms || now.ms < session->connect_at.ms)
        return false;
    session->state = LINK_CONNECTING;
    session->deadline = instant_add_ms(now, client->timeout_ms / 2);
    return true;
}

/* Nothing to wait for but time. */
static void session_rest(const struct licet *client, struct instant now, uint32_t wait_ms)
{
    int64_t left = client->session.connect_at.ms - now.ms;

    if (wait_ms > 0 && left > 0)
        client->rest(client->clock_context, left < wait_ms ? (uint32_t)left : wait_ms);
}

void session_step(struct licet *client, uint32_t wait_ms, bool is_urgent)
{
    struct session *session = &client->session;
    struct instant now = client_now(client);

    session->stepped_at = now;
    for (uint32_t index = 0; index < client->leases_count; index++)
        lease_tick(&client->leases[index], now, session);
    if (session->state == LINK_DOWN && !session_start(client, now, is_urgent))
        session_rest(client, now, wait_ms);
    if (session->state == LINK_CONNECTING)
        session_connect(client, now, wait_ms);
    if (session->state == LINK_UP)
        session_exchange(client, now, wait_ms);
}

struct instant session_next(const struct licet *client)
{
    const struct session *session = &client->session;
    struct instant poll_at = instant_add_ms(session->stepped_at, SESSION_POLL_MS);
    struct instant next = session_speaks_at(client);

    if (session->state == LINK_DOWN && next.ms < session->connect_at.ms)
        next = session->connect_at;
    if (session->state == LINK_CONNECTING)
        next = poll_at;
    if (session->state == LINK_UP && (session->asked_count > 0 || session->out.size > 0))
        next = instant_earlier(next, poll_at);
    for (uint32_t index = 0; index < client->leases_count; index++)
        next = instant_earlier(next, lease_ends_at(&client->leases[index]));
    return next;
}
