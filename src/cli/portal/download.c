/* licet download: a license file into a file of one's own. */
#include <time.h>

#include "cli/console.h"
#include "cli/portal/lookup.h"
#include "cli/portal/put.h"
#include "cli/portal/typed.h"

#define DOWNLOAD_WAITS_MAX 60 /* of half a second: the signer answers in milliseconds */

/* ---- which generation --------------------------------------------------------------------- */

static enum status download_newest(struct portal *portal, json_int_t server, json_int_t *ret_id,
                                   struct error *error)
{
    char path[64];
    json_t *whole;
    enum status status;

    snprintf(path, sizeof(path), "/api/servers/%lld", (long long)server);
    status = portal_ask(portal, "GET", path, NULL, &whole, error);
    if (status != LICET_OK)
        return status;
    *ret_id = console_number(json_object_get(whole, "issue"), "id");
    json_decref(whole);
    return *ret_id != 0 ? LICET_OK
                        : error_set(error, LICET_NOT_FOUND,
                                    "this license server has no generation yet: its administrator "
                                    "can allocate seats to it");
}

static enum status download_find(struct portal *portal, const struct typed *typed,
                                 json_int_t *ret_id, struct error *error)
{
    const char *what = typed_text(typed, "SERVER|ISSUE");
    const char *customer = typed_text(typed, "--customer CUSTOMER");
    json_int_t organization = 0, server;
    enum status status = LICET_OK;

    if (customer != NULL)
        status = lookup_id(portal, KIND_CUSTOMER, customer, 0, &organization, error);
    if (status != LICET_OK)
        return status;
    if (strchr(what, ':') != NULL || what[strspn(what, "0123456789")] == '\0')
        return lookup_id(portal, KIND_ISSUE, what, organization, ret_id, error);
    status = lookup_id(portal, KIND_SERVER, what, organization, &server, error);
    return status == LICET_OK ? download_newest(portal, server, ret_id, error) : status;
}

static enum status download_judge(const json_t *issue, struct error *error)
{
    const char *waits_for = console_string(issue, "waits_for", "");

    if (strcmp(console_string(issue, "state", ""), "released") == 0)
        return LICET_OK;
    if (strcmp(waits_for, "key") == 0)
        return error_set(error, LICET_CONFLICT,
                         "generation %lld waits for the key of its license server: bring the text "
                         "of licet request to the portal",
                         console_number(issue, "generation"));
    if (strcmp(waits_for, "staff") == 0)
        return error_set(
            error, LICET_CONFLICT, "generation %lld waits for the vendor's staff: %.200s",
            console_number(issue, "generation"), console_string(issue, "problem", "-"));
    if (strcmp(waits_for, "signer") == 0)
        return error_set(error, LICET_CONFLICT,
                         "generation %lld still waits for the vendor's signer, which does not "
                         "answer: ask the vendor, and try again later",
                         console_number(issue, "generation"));
    return error_set(error, LICET_CONFLICT, "generation %lld is %.20s: it has no license file",
                     console_number(issue, "generation"), console_string(issue, "state", "?"));
}

/* Waits while the signer is all that it waits for. */
static enum status download_wait(struct portal *portal, json_int_t id, json_t **ret_issue,
                                 struct error *error)
{
    char path[64];
    enum status status = LICET_OK;

    snprintf(path, sizeof(path), "/api/issues/%lld", (long long)id);
    for (unsigned waits = 0;; waits++) {
        status = portal_ask(portal, "GET", path, NULL, ret_issue, error);
        if (status != LICET_OK)
            return status;
        if (waits == DOWNLOAD_WAITS_MAX ||
            strcmp(console_string(*ret_issue, "waits_for", ""), "signer") != 0)
            break;
        if (waits == 0)
            fprintf(stderr, "licet: generation %lld waits for the vendor's signer ...\n",
                    console_number(*ret_issue, "generation"));
        json_decref(*ret_issue);
        nanosleep(&(struct timespec){.tv_nsec = 500000000}, NULL);
    }
    status = download_judge(*ret_issue, error);
    if (status != LICET_OK)
        json_decref(*ret_issue);
    return status;
}

/* ---- the file ----------------------------------------------------------------------------- */

static enum status download_fetch(struct portal *portal, const struct typed *typed, json_int_t id,
                                  struct error *error)
{
    const char *place = typed_text(typed, "-o FILE");
    struct call_answer answer = {0};
    json_t *issue;
    char path[64], name[96];
    enum status status = download_wait(portal, id, &issue, error);

    if (status != LICET_OK)
        return status;
    snprintf(name, sizeof(name), "server-%lld-generation-%lld.lic", console_number(issue, "server"),
             console_number(issue, "generation"));
    json_decref(issue);
    snprintf(path, sizeof(path), "/api/issues/%lld/file", (long long)id);
    status = portal_call(portal, "GET", path, (struct text){NULL, 0}, &answer, error);
    if (status == LICET_OK && !text_starts_with(text_make(answer.data, answer.size), "# Licet "))
        status = error_set(error, LICET_PROTOCOL, "the answer is no license file");
    if (status == LICET_OK)
        status = put_file(place != NULL ? place : name, typed_has(typed, "--force"),
                          text_make(answer.data, answer.size), error);
    call_finish(&answer);
    return status;
}

enum status download_run(const struct act *act, int argc, char **argv, struct error *error)
{
    struct portal portal = {.who = NULL};
    struct typed typed;
    json_int_t id = 0;
    enum status status = typed_parse(act, argc, argv, &typed, error);

    if (status == LICET_OK)
        status = portal_open(&portal, NULL, true, typed.key, error);
    if (status == LICET_OK)
        status = download_find(&portal, &typed, &id, error);
    if (status == LICET_OK)
        status = download_fetch(&portal, &typed, id, error);
    portal_close(&portal);
    return status;
}
