/*
 * The thread that empties the outbox. It claims a mail by moving its due time ahead, so that two
 * portals on one database do not both send it and a crash only delays it; no transaction is open
 * while a mail is on its way.
 */
#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "portal/mail/mail.h"
#include "store/store.h"

#define MAILS_A_TURN 16u
/* How long a claimed mail is ours: twice what sending may take. */
#define MAIL_CLAIM_S 120
/* What nobody woke us for: another portal's mail, a second attempt. */
#define MAIL_LOOK_S 5
/* Texts of the mails of a turn, or one mail's order with all of its lines. */
#define MAIL_ARENA_BYTES ((size_t)ORDER_LINES_MAX * 512 + 65536)

struct mailer {
    struct store *store;
    const struct mail_options *options;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t woken;
    bool is_woken;
    bool is_stopping;
    char message[MAIL_MESSAGE_BYTES_MAX];
    char list_memory[MAIL_ARENA_BYTES], memory[MAIL_ARENA_BYTES];
};

/* Minutes until the next attempt: after a day and a half a person must look. */
static const uint32_t pauses_min[] = {1, 5, 30, 120, 480, 1440};

static struct unix_time due_after(uint32_t attempts, struct unix_time now)
{
    struct unix_time due = {0};

    if (attempts < sizeof(pauses_min) / sizeof(pauses_min[0]))
        due.s = now.s + (int64_t)pauses_min[attempts] * 60;
    return due;
}

/* ---- one mail */

struct delivery {
    struct mailer *mailer;
    const struct mail *mail;
    struct buf message;
    bool is_claimed;
    struct unix_time now;
    struct text problem; /* empty: it was sent */
};

static enum status delivery_begin(struct db_transaction *transaction, void *context,
                                  struct error *error)
{
    struct delivery *delivery = context;
    struct unix_time until = {delivery->now.s + MAIL_CLAIM_S};
    struct arena arena = arena_over(delivery->mailer->memory, MAIL_ARENA_BYTES);
    enum status status = store_outbox_claim(transaction, delivery->mail->id, delivery->now, until,
                                            &delivery->is_claimed, error);

    delivery->message = buf_over(delivery->mailer->message, MAIL_MESSAGE_BYTES_MAX);
    if (status != LICET_OK || !delivery->is_claimed)
        return status;
    return mail_confirmation_write(transaction, delivery->mailer->options, delivery->mail, &arena,
                                   &delivery->message, error);
}

static enum status delivery_end(struct db_transaction *transaction, void *context,
                                struct error *error)
{
    const struct delivery *delivery = context;

    if (delivery->problem.size == 0)
        return store_outbox_set_sent(transaction, delivery->mail->id, delivery->now, error);
    return store_outbox_set_problem(transaction, delivery->mail->id, delivery->problem,
                                    due_after(delivery->mail->attempts, delivery->now), error);
}

static void mailer_deliver(struct mailer *mailer, const struct mail *mail)
{
    struct delivery delivery = {.mailer = mailer, .mail = mail, .now = clock_unix()};
    struct error error = {0}, trouble = {0};
    enum status status = store_transact(mailer->store, delivery_begin, &delivery, &error);

    if (status == LICET_OK && !delivery.is_claimed)
        return;
    if (status == LICET_OK)
        status = mail_send(mailer->options, mail, buf_text(&delivery.message), &mailer->is_stopping,
                           &error);
    if (status != LICET_OK) {
        delivery.problem = text_of(error_text(&error, status));
        log_warning("mail.failed", "mail=%lld attempt=%u \"%s\"", (long long)mail->id,
                    mail->attempts + 1, error_text(&error, status));
    } else {
        log_info("mail.sent", "mail=%lld", (long long)mail->id);
    }
    if (store_transact(mailer->store, delivery_end, &delivery, &trouble) != LICET_OK)
        log_error("mail.lost", "mail=%lld \"%s\"", (long long)mail->id, trouble.text);
}

/* ---- turns */

struct turn {
    struct mailer *mailer;
    struct mail mails[MAILS_A_TURN];
    uint32_t count;
};

static enum status turn_read(struct db_transaction *transaction, void *context, struct error *error)
{
    struct turn *turn = context;
    struct arena arena = arena_over(turn->mailer->list_memory, MAIL_ARENA_BYTES);

    return store_outbox_list_due(transaction, clock_unix(), MAILS_A_TURN, &arena, turn->mails,
                                 &turn->count, error);
}

static void mailer_turn(struct mailer *mailer)
{
    struct turn turn = {.mailer = mailer};
    struct error error = {0};

    if (store_read(mailer->store, turn_read, &turn, &error) != LICET_OK) {
        log_warning("mail.outbox", "\"%s\"", error.text);
        return;
    }
    for (uint32_t i = 0; i < turn.count; i++) {
        if (__atomic_load_n(&mailer->is_stopping, __ATOMIC_RELAXED))
            return;
        mailer_deliver(mailer, &turn.mails[i]);
    }
}

/* False when it is to stop. */
static bool mailer_wait(struct mailer *mailer)
{
    struct timespec until;
    bool goes_on;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += MAIL_LOOK_S;
    pthread_mutex_lock(&mailer->mutex);
    while (!mailer->is_woken && !mailer->is_stopping &&
           pthread_cond_timedwait(&mailer->woken, &mailer->mutex, &until) == 0)
        ;
    mailer->is_woken = false;
    goes_on = !mailer->is_stopping;
    pthread_mutex_unlock(&mailer->mutex);
    return goes_on;
}

static void *mailer_run(void *context)
{
    struct mailer *mailer = context;

    do
        mailer_turn(mailer);
    while (mailer_wait(mailer));
    return NULL;
}

enum status mailer_start(struct store *store, const struct mail_options *options,
                         struct mailer **ret_mailer, struct error *error)
{
    struct mailer *mailer = calloc(1, sizeof(*mailer));
    pthread_condattr_t monotonic;

    if (mailer == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for the mail thread");
    mailer->store = store;
    mailer->options = options;
    pthread_mutex_init(&mailer->mutex, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&mailer->woken, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (pthread_create(&mailer->thread, NULL, mailer_run, mailer) != 0) {
        free(mailer);
        return error_set(error, LICET_NO_MEMORY, "the mail thread cannot be started");
    }
    *ret_mailer = mailer;
    return LICET_OK;
}

void mailer_wake(struct mailer *mailer)
{
    pthread_mutex_lock(&mailer->mutex);
    mailer->is_woken = true;
    pthread_cond_signal(&mailer->woken);
    pthread_mutex_unlock(&mailer->mutex);
}

void mailer_stop(struct mailer *mailer)
{
    if (mailer == NULL)
        return;
    pthread_mutex_lock(&mailer->mutex);
    __atomic_store_n(&mailer->is_stopping, true, __ATOMIC_RELAXED);
    pthread_cond_signal(&mailer->woken);
    pthread_mutex_unlock(&mailer->mutex);
    pthread_join(mailer->thread, NULL);
    pthread_cond_destroy(&mailer->woken);
    pthread_mutex_destroy(&mailer->mutex);
    free(mailer);
}
