/* licet exchange: what a person carries from a license server to its vendor (R5). The text itself says
 * whether it is a request or a receipt, and whose; a request is answered by a response. */
#include <time.h>

#include "base/file.h"
#include "cli/console.h"
#include "cli/portal/lookup.h"
#include "cli/portal/put.h"
#include "cli/portal/show.h"
#include "cli/portal/typed.h"

#define EXCHANGE_WAITS_MAX 60 /* of half a second: the signer answers in milliseconds */

/* A text authenticates itself, so somebody who is not signed in may bring it. */
static enum status bringing_open(struct portal *portal, const char *key, struct error *error)
{
    enum status status = portal_open(portal, NULL, true, key, error);

    return status == LICET_UNAUTHENTICATED ? LICET_OK : status;
}

static enum status bringing_body(struct portal *portal, const struct typed *typed, struct text text,
                                 json_t **ret_body, struct error *error)
{
    json_t *body = json_pack("{s:s#}", "text", text.data, text.size);
    const char *customer = typed_text(typed, "--customer CUSTOMER");
    json_int_t id;
    enum status status = LICET_OK;

    if (body == NULL)
        return error_set(error, LICET_INVALID,
                         "what licet request prints is UTF-8, and this is not");
    if (customer != NULL) {
        status = lookup_id(portal, KIND_CUSTOMER, customer, 0, &id, error);
        if (status == LICET_OK)
            json_object_set_new(body, "customer", json_integer(id));
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

/* Security: what comes may go to a terminal. */
static bool response_is_plain(const json_t *answer)
{
    struct text text = text_of(json_string_value(json_object_get(answer, "response")));

    for (size_t index = 0; index < text.size; index++) {
        unsigned char byte = (unsigned char)text.data[index];

        if ((byte < 0x20 && byte != '\n') || byte > 0x7e)
            return false;
    }
    return text_starts_with(text, "RESPONSE ");
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
    if (status == LICET_OK && !response_is_plain(*ret_answer))
        status = error_set(error, LICET_INVALID, "the portal's answer is no response");
    if (status != LICET_OK)
        json_decref(*ret_answer);
    return status;
}

static enum status bringing_send(struct portal *portal, const struct typed *typed, struct text text,
                                 struct error *error)
{
    const char *place = typed_text(typed, "-o RESPONSE");
    json_t *body, *answer;
    enum status status = bringing_body(portal, typed, text, &body, error);

    if (status != LICET_OK)
        return status;
    if (text_starts_with(text, "RECEIPT ")) {
        status = bringing_receipt(portal, body, error);
    } else {
        status = bringing_request(portal, body, &answer, error);
        if (status == LICET_OK) {
            status =
                put_file(place != NULL ? place : "-", typed_has(typed, "--force"),
                         text_of(json_string_value(json_object_get(answer, "response"))), error);
            json_decref(answer);
        }
    }
    json_decref(body);
    return status;
}

/* "-" is standard input. */
static enum status bringing_read(const char *path, struct text *ret_text, struct error *error)
{
    enum status status = file_read(path, LICENSE_FILE_BYTES_MAX, ret_text, error);

    if (status != LICET_OK || text_starts_with(*ret_text, "REQUEST ") ||
        text_starts_with(*ret_text, "RECEIPT "))
        return status;
    file_free(*ret_text);
    *ret_text = (struct text){NULL, 0};
    return error_set(error, LICET_INVALID,
                     "%s is neither a request nor a receipt: licet request and licet receipt print "
                     "them on the license server",
                     path);
}

enum status exchange_run(const struct act *act, int argc, char **argv, struct error *error)
{
    struct portal portal = {.who = NULL};
    struct text text = {NULL, 0};
    struct typed typed;
    enum status status = typed_parse(act, argc, argv, &typed, error);

    if (status == LICET_OK)
        status = bringing_read(typed_text(&typed, "FILE"), &text, error);
    if (status == LICET_OK)
        status = bringing_open(&portal, typed.key, error);
    if (status == LICET_OK)
        status = bringing_send(&portal, &typed, text, error);
    file_free(text);
    portal_close(&portal);
    return status;
}
