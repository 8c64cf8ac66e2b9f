/* licet exchange: what a person carries from a license server to its vendor (R5). The text itself says
 * whether it is a request or a receipt, and whose; a request is answered by a response. */
#include <getopt.h>
#include <time.h>

#include "base/file.h"
#include "cli/console.h"
#include "cli/portal/lookup.h"
#include "cli/portal/put.h"
#include "cli/portal/show.h"

#define EXCHANGE_WAITS_MAX 60 /* of half a second: the signer answers in milliseconds */

struct bringing {
    const char *file, *customer, *path;
    bool is_forced;
};

static enum status bringing_parse(const struct act *act, int argc, char **argv,
                                  struct bringing *bringing, struct error *error)
{
    static const struct option options[] = {
        {"customer", required_argument, NULL, 'c'},
        {"force", no_argument, NULL, 'f'},
        {NULL, 0, NULL, 0},
    };
    int option;

    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, "o:", options, NULL)) != -1) {
        if (option == 'c')
            bringing->customer = optarg;
        else if (option == 'o')
            bringing->path = optarg;
        else if (option == 'f')
            bringing->is_forced = true;
        else
            return act_misuse(act, error, "%.60s is no option of it, or lacks its value",
                              argv[optind - 1]);
    }
    if (optind + 1 != argc)
        return act_misuse(act, error, "FILE is missing, or followed by another word");
    bringing->file = argv[optind];
    return LICET_OK;
}

/* A text authenticates itself, so somebody who is not signed in may bring it. */
static enum status bringing_open(struct portal *portal, struct error *error)
{
    enum status status = portal_open(portal, NULL, true, NULL, error);

    return status == LICET_UNAUTHENTICATED ? LICET_OK : status;
}

static enum status bringing_body(struct portal *portal, const struct bringing *bringing,
                                 struct text text, json_t **ret_body, struct error *error)
{
    json_t *body = json_pack("{s:s#}", "text", text.data, text.size);
    json_int_t customer;
    enum status status = LICET_OK;

    if (body == NULL)
        return error_set(error, LICET_INVALID, "%s is no text of a license server", bringing->file);
    if (bringing->customer != NULL) {
        status = lookup_id(portal, KIND_CUSTOMER, bringing->customer, 0, &customer, error);
        if (status == LICET_OK)
            json_object_set_new(body, "customer", json_integer(customer));
    }
    if (status == LICET_OK)
        *ret_body = body;
    else
        json_decref(body);
    return status;
}

static enum status bringing_receipt(struct portal *portal, const json_t *body, struct error *error)
{
    json_t *answer;
    enum status status = portal_ask(portal, "POST", "/api/receipts", body, &answer, error);

    if (status != LICET_OK)
        return status;
    show_sentence(json_is_true(json_object_get(answer, "is_new"))
                      ? "the receipt of {server.number} ({server.name}) is taken"
                      : "the receipt of {server.number} ({server.name}) changes nothing: it, or a "
                        "later one, was brought before",
                  answer);
    json_decref(answer);
    return LICET_OK;
}

/* Says why there is no response. */
static enum status bringing_judge(const json_t *answer, struct error *error)
{
    const char *waits_for = console_string(answer, "waits_for", "");

    if (json_is_string(json_object_get(answer, "response")))
        return LICET_OK;
    if (strcmp(waits_for, "staff") == 0)
        return error_set(error, LICET_CONFLICT,
                         "the request is taken, and its response waits for the vendor's staff: "
                         "%.200s",
                         console_string(answer, "problem", "licet issue list says what about"));
    return error_set(
        error, LICET_CONFLICT,
        "the request is taken, and its response waits for the vendor's %.20s: bring it "
        "again later, and you get it",
        waits_for[0] == '\0' ? "signer" : waits_for);
}

/* R5.2: the same text again has the same response, so it is asked for by bringing it again. */
static enum status bringing_request(struct portal *portal, const json_t *body, json_t **ret_answer,
                                    struct error *error)
{
    enum status status;

    for (unsigned waits = 0;; waits++) {
        status = portal_ask(portal, "POST", "/api/requests", body, ret_answer, error);
        if (status != LICET_OK)
            return status;
        if (waits == EXCHANGE_WAITS_MAX ||
            strcmp(console_string(*ret_answer, "waits_for", ""), "signer") != 0)
            break;
        json_decref(*ret_answer);
        nanosleep(&(struct timespec){.tv_nsec = 500000000}, NULL);
    }
    status = bringing_judge(*ret_answer, error);
    if (status != LICET_OK)
        json_decref(*ret_answer);
    return status;
}

static enum status bringing_send(struct portal *portal, const struct bringing *bringing,
                                 struct text text, struct error *error)
{
    json_t *body, *answer;
    enum status status = bringing_body(portal, bringing, text, &body, error);

    if (status != LICET_OK)
        return status;
    if (text_starts_with(text, "RECEIPT ")) {
        status = bringing_receipt(portal, body, error);
    } else {
        status = bringing_request(portal, body, &answer, error);
        if (status == LICET_OK) {
            status =
                put_file(bringing->path != NULL ? bringing->path : "-", bringing->is_forced,
                         text_of(json_string_value(json_object_get(answer, "response"))), error);
            json_decref(answer);
        }
    }
    json_decref(body);
    return status;
}

enum status exchange_run(const struct act *act, int argc, char **argv, struct error *error)
{
    struct bringing bringing = {.file = ""};
    struct portal portal = {.who = NULL};
    struct text text = {NULL, 0};
    enum status status = bringing_parse(act, argc, argv, &bringing, error);

    if (status == LICET_OK)
        status = file_read(bringing.file, LICENSE_FILE_BYTES_MAX, &text, error);
    if (status == LICET_OK && !text_starts_with(text, "REQUEST ") &&
        !text_starts_with(text, "RECEIPT "))
        status = error_set(error, LICET_INVALID,
                           "%s is neither a request nor a receipt: licet request and licet receipt "
                           "print them on the license server",
                           bringing.file);
    if (status == LICET_OK)
        status = bringing_open(&portal, error);
    if (status == LICET_OK)
        status = bringing_send(&portal, &bringing, text, error);
    file_free(text);
    portal_close(&portal);
    return status;
}
