/*
 * The outbox and its thread, against a real SMTP server (tests/tools/with-smtp) that takes mail,
 * refuses it, puts it off and breaks off.
 */
#include "portal/mail/mail.h"

#include "store/orders.h"

#include "base/file.h"

static struct mail_options options = {.sender = "licensing@vendor.example",
                                      .site = "https://licensing.vendor.example"};

/* ---- waiting for the thread */

struct outbox_row {
    int64_t order_id;
    struct mail mail;
    char problem[256];
};

static enum status act_look(struct db_transaction *transaction, void *context, struct error *error)
{
    struct outbox_row *row = context;
    char memory[4096];
    struct arena arena = arena_over(memory, sizeof(memory));
    uint32_t count = 0;
    enum status status =
        store_outbox_list_order(transaction, row->order_id, 1, &arena, &row->mail, &count, error);

    snprintf(row->problem, sizeof(row->problem), "%.*s", TEXT_ARGS(row->mail.problem));
    return status;
}

static enum status act_make_due(struct db_transaction *transaction, void *context,
                                struct error *error)
{
    (void)context;
    return db_execute(transaction, "UPDATE outbox SET due = 1 WHERE state = 'waiting'",
                      DB_NO_ARGUMENTS, NULL, error);
}

/* The row as it is once its mail was tried `attempts` times. */
static struct outbox_row wait_for(int64_t order_id, uint32_t attempts)
{
    struct outbox_row row = {.order_id = order_id};

    for (int i = 0; i < 3000; i++) {
        store_read(store, act_look, &row, NULL);
        if (row.mail.attempts >= attempts)
            break;
        usleep(10000);
    }
    return row;
}

static struct text mail_file(const char *folder, int number)
{
    char path[256];
    struct text text = {NULL, 0};

    snprintf(path, sizeof(path), "%s/%d.eml", folder, number);
    file_read(path, MAIL_MESSAGE_BYTES_MAX, &text, NULL);
    return text;
}

static bool has(struct text text, const char *words)
{
    return text.data != NULL && memmem(text.data, text.size, words, strlen(words)) != NULL;
}

static int mails_count(const char *folder)
{
    int count = 0;
    struct text text;

    while ((text = mail_file(folder, count + 1)).data != NULL) {
        file_free(text);
        count++;
    }
    return count;
}

/* ---- tests */

static void test_sent(const char *folder)
{
    int64_t id = order_in(ORDER_FULFILLED);
    struct reading reading = {.id = id};
    struct outbox_row row;
    struct mailer *mailer;
    struct text mail;
    char link[128];

    if (mailer_start(store, &options, &mailer, NULL) != LICET_OK)
        return;
    row = wait_for(id, 1);
    ok(row.mail.state == MAIL_SENT && row.mail.sent.s > 0,
       "a mail that was taken is noted as sent");
    mail = mail_file(folder, 1);
    store_read(store, act_read, &reading, NULL);
    snprintf(link, sizeof(link), "https://licensing.vendor.example/activate#%.*s\r\n",
             TEXT_ARGS(reading.entitlements[0].code));
    ok(has(mail, "from licensing@vendor.example\nto anna@customer.example\n"),
       "it goes from the vendor to the order's contact");
    ok(has(mail, link), "R6.10 it has the license code, behind the # of a link");
    ok(has(mail, "500 seats of Standard (cad)") && has(mail, "purchase order: 4500017"),
       "it says what was bought, by whose order");
    file_free(mail);
    mailer_stop(mailer);
}

static void test_faults(const char *folder)
{
    int64_t refused, later, dropped;
    struct outbox_row row;
    struct mailer *mailer;
    int before = mails_count(folder);

    contact = "refuse@customer.example";
    refused = order_in(ORDER_FULFILLED);
    contact = "later@customer.example";
    later = order_in(ORDER_FULFILLED);
    contact = "drop@customer.example";
    dropped = order_in(ORDER_FULFILLED);
    contact = "anna@customer.example";
    if (mailer_start(store, &options, &mailer, NULL) != LICET_OK)
        return;
    row = wait_for(refused, 1);
    ok(row.mail.state == MAIL_WAITING && strstr(row.problem, "550") != NULL,
       "a mail that is refused waits, and says why: %s", row.problem);
    row = wait_for(later, 1);
    ok(row.mail.state == MAIL_WAITING, "so does one that was put off");
    row = wait_for(dropped, 1);
    ok(row.mail.state == MAIL_WAITING && mails_count(folder) == before + 1,
       "so does one whose connection broke, which may have been taken");
    for (uint32_t attempt = 2; attempt <= 7; attempt++) {
        store_transact(store, act_make_due, NULL, NULL);
        mailer_wake(mailer);
        row = wait_for(refused, attempt);
    }
    ok(row.mail.state == MAIL_FAILED && row.mail.attempts == 7,
       "after seven attempts a person must look");
    row = wait_for(later, 2);
    ok(row.mail.state == MAIL_SENT && row.mail.attempts == 2 && row.problem[0] == '\0',
       "what was put off is sent the second time");
    row = wait_for(dropped, 2);
    ok(row.mail.state == MAIL_SENT && mails_count(folder) == before + 3,
       "what may have been taken is sent once more");
    mailer_stop(mailer);
}

/* The line of a mail that begins with `name`. */
static struct text line_of(struct text mail, const char *name)
{
    struct text line = {NULL, 0};

    while (text_split(&mail, '\n', &line) && !text_starts_with(line, name))
        ;
    return line;
}

static void test_same_message(const char *folder)
{
    struct text first = {NULL, 0}, other;
    int count = 0;

    for (int number = 1; (other = mail_file(folder, number)).data != NULL; number++) {
        if (!has(other, "\nto drop@")) {
            file_free(other);
        } else if (count++ == 0) {
            first = other;
        } else {
            ok(text_equal(line_of(first, "Message-ID:"), line_of(other, "Message-ID:")),
               "what comes twice has one Message-ID");
            file_free(other);
        }
    }
    ok(count == 2, "it came twice");
    file_free(first);
}

/* Two portals on one database: each mail is claimed by one of them. */
static void test_two(const char *folder)
{
    struct mailer *mailers[2];
    int64_t ids[12];
    int before = mails_count(folder);
    bool is_sent = true;

    for (int i = 0; i < 12; i++)
        ids[i] = order_in(ORDER_FULFILLED);
    for (int i = 0; i < 2; i++) {
        if (mailer_start(store, &options, &mailers[i], NULL) != LICET_OK)
            return;
    }
    for (int i = 0; i < 12; i++)
        is_sent = wait_for(ids[i], 1).mail.state == MAIL_SENT && is_sent;
    ok(is_sent && mails_count(folder) == before + 12, "two mail threads send each mail once");
    mailer_stop(mailers[0]);
    mailer_stop(mailers[1]);
}

static void test_folder(void)
{
    char folder[] = "/tmp/licet-mail-XXXXXX", transport[64], path[96];
    int64_t id = order_in(ORDER_FULFILLED);
    struct mail_options to_folder = options;
    struct outbox_row row;
    struct mailer *mailer;
    struct text mail = {NULL, 0};

    if (mkdtemp(folder) == NULL)
        return;
    snprintf(transport, sizeof(transport), "file:%s", folder);
    to_folder.transport = transport;
    if (mailer_start(store, &to_folder, &mailer, NULL) != LICET_OK)
        return;
    row = wait_for(id, 1);
    snprintf(path, sizeof(path), "%s/%lld.eml", folder, (long long)row.mail.id);
    file_read(path, MAIL_MESSAGE_BYTES_MAX, &mail, NULL);
    ok(row.mail.state == MAIL_SENT && has(mail, "/activate#"), "a folder takes mail as well");
    mailer_stop(mailer);
    file_free(mail);
    unlink(path);
    rmdir(folder);
}

static void test_options(void)
{
    struct mail_options good = options, bad = options;

    ok(mail_options_check(&good, NULL) == LICET_OK, "the options of this test are good ones");
    bad.transport = "http://127.0.0.1";
    ok(mail_options_check(&bad, NULL) == LICET_INVALID, "mail leaves by SMTP or into a folder");
    bad = options;
    bad.sender = "licensing@vendor.example\r\nBcc: x@y.example";
    ok(mail_options_check(&bad, NULL) == LICET_INVALID, "a sender is one address");
    bad = options;
    bad.site = "licensing.vendor.example";
    ok(mail_options_check(&bad, NULL) == LICET_INVALID, "links begin with http:// or https://");
}

static void test_addresses(void)
{
    static const char *const bad[] = {"",
                                      "anna",
                                      "@b.example",
                                      "anna@",
                                      "a@b@c",
                                      "a b@c.example",
                                      "a@b.example\n",
                                      "<a@b.example>",
                                      "a@b.example,c",
                                      "\xc3\xa4@b.example"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ok(mail_address_check(text_of(bad[i]), NULL) == LICET_INVALID,
           "address %zu of those that are none is refused", i + 1);
}

static void test_engine(struct engine *engine)
{
    const char *folder = getenv("LICET_TEST_SMTP_FOLDER");
    struct error error = {0};

    if (ok(store_open(engine->url, &store, &error) == LICET_OK &&
               store_transact(store, world_insert, NULL, &error) == LICET_OK,
           "there is something to order")) {
        test_sent(folder);
        test_faults(folder);
        test_same_message(folder);
        test_two(folder);
        test_folder();
        audited(engine, store, NULL);
    }
    store_close(store);
}

int main(void)
{
    options.transport = getenv("LICET_TEST_SMTP");
    if (options.transport == NULL) {
        printf("Bail out! run this by tests/tools/with-smtp\n");
        return 1;
    }
    test_options();
    test_addresses();
    /* Each engine with an SMTP server of its own. */
    if (getenv("LICET_TEST_POSTGRESQL") != NULL)
        on_postgresql(test_engine);
    else
        on_sqlite(test_engine);
    return tap_done();
}
