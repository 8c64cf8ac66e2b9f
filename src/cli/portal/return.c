/* licet return: so many seats fewer. The portal takes counts, so what a license server has is read
 * first, and what it would have is shown before anything is sent. */
#include "cli/console.h"
#include "cli/portal/lookup.h"
#include "cli/portal/show.h"
#include "cli/portal/typed.h"
#include "cli/prompt.h"

struct giving_back {
    struct typed typed;
    struct portal portal;
    json_t *server; /* as licet server show has it */
    json_t *lines;  /* of the new allocation */
    json_int_t organization;
};

static enum status return_find_server(struct giving_back *back, struct error *error)
{
    const char *customer = typed_text(&back->typed, "--customer CUSTOMER");
    char path[64];
    json_int_t id;
    const json_t *issue;
    enum status status = LICET_OK;

    if (customer != NULL)
        status = lookup_id(&back->portal, KIND_CUSTOMER, customer, 0, &back->organization, error);
    if (status == LICET_OK)
        status = lookup_id(&back->portal, KIND_SERVER, typed_text(&back->typed, "SERVER"),
                           back->organization, &id, error);
    if (status != LICET_OK)
        return status;
    snprintf(path, sizeof(path), "/api/servers/%lld", (long long)id);
    status = portal_ask(&back->portal, "GET", path, NULL, &back->server, error);
    if (status != LICET_OK)
        return status;
    back->organization = console_number(json_object_get(back->server, "server"), "organization");
    issue = json_object_get(back->server, "issue");
    if (!json_is_object(issue) || strcmp(console_string(issue, "state", ""), "voided") == 0)
        return error_set(error, LICET_CONFLICT,
                         "this license server has no generation that counts: licet allocate says "
                         "how many seats it has");
    return LICET_OK;
}

static json_int_t return_seats_now(const struct giving_back *back, json_int_t entitlement)
{
    const json_t *lines = json_object_get(json_object_get(back->server, "issue"), "lines");

    for (size_t index = 0; index < json_array_size(lines); index++) {
        const json_t *line = json_array_get(lines, index);

        if (console_number(line, "entitlement") == entitlement)
            return console_number(line, "seats");
    }
    return 0;
}

static enum status return_line(struct giving_back *back, const char *typed, struct error *error)
{
    struct seats_word word;
    json_int_t entitlement, now;
    enum status status = seats_word_read(back->typed.act, typed, &word, error);

    if (status == LICET_OK)
        status = lookup_id(&back->portal, KIND_ENTITLEMENT, word.sn, back->organization,
                           &entitlement, error);
    if (status != LICET_OK)
        return status;
    now = return_seats_now(back, entitlement);
    text_make_printable(word.sn, strlen(word.sn));
    if (word.seats == 0 || word.seats > now)
        return error_set(error, LICET_INVALID, "%s has %lld seats there: %u cannot be returned",
                         word.sn, (long long)now, word.seats);
    printf("  %-20s %8lld -> %lld\n", word.sn, (long long)now, (long long)(now - word.seats));
    json_array_append_new(back->lines, json_pack("{s:I, s:I}", "entitlement", entitlement, "seats",
                                                 now - (json_int_t)word.seats));
    return LICET_OK;
}

static enum status return_agree(const struct giving_back *back, struct error *error)
{
    char line[PROMPT_BYTES_MAX + 1];
    enum status status;

    if (typed_has(&back->typed, "--yes"))
        return LICET_OK;
    fflush(stdout);
    if (!prompt_is_terminal())
        return error_set(error, LICET_INVALID, "nobody is here to ask: --yes");
    status = prompt_line("Return these seats? [y/N]", false, line, error);
    if (status == LICET_OK && line[0] != 'y' && line[0] != 'Y')
        return error_set(error, LICET_CONFLICT, "nothing was returned");
    return status;
}

static enum status return_send(struct giving_back *back, struct error *error)
{
    char path[80];
    const json_t *server = json_object_get(back->server, "server");
    /* Whoever changed it since it was shown is not undone. */
    json_t *body = json_pack("{s:O, s:O, s:O}", "server", json_object_get(server, "number"),
                             "after", json_object_get(server, "generation"), "lines", back->lines);
    json_t *answer;
    enum status status;

    snprintf(path, sizeof(path), "/api/organizations/%lld/allocations",
             (long long)back->organization);
    status = portal_ask(&back->portal, "POST", path, body, &answer, error);
    json_decref(body);
    if (status != LICET_OK)
        return status;
    show_sentence("generation {generation}: {state}{waits_for?; it waits for the }"
                  "{not_served?; not served there: }. Its file: licet download {id}; its receipt "
                  "frees what nobody uses",
                  answer);
    json_decref(answer);
    return LICET_OK;
}

static enum status return_lines(struct giving_back *back, struct error *error)
{
    enum status status = LICET_OK;

    for (size_t index = 0; index < back->typed.count; index++)
        for (int value = 0; status == LICET_OK && back->typed.slots[index].is_many &&
                            value < back->typed.counts[index];
             value++)
            status = return_line(back, back->typed.values[index][value], error);
    return status;
}

enum status return_run(const struct act *act, int argc, char **argv, struct error *error)
{
    struct giving_back back = {.lines = json_array()};
    enum status status = typed_parse(act, argc, argv, &back.typed, error);

    if (status == LICET_OK)
        status = portal_open(&back.portal, NULL, true, back.typed.key, error);
    if (status == LICET_OK)
        status = return_find_server(&back, error);
    if (status == LICET_OK)
        status = return_lines(&back, error);
    if (status == LICET_OK)
        status = return_agree(&back, error);
    if (status == LICET_OK)
        status = return_send(&back, error);
    json_decref(back.lines);
    json_decref(back.server);
    portal_close(&back.portal);
    return status;
}
