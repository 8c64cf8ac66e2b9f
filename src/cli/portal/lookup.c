#include "cli/portal/lookup.h"

#include "base/parse.h"
#include "cli/console.h"

struct noun {
    enum word_kind kind;
    const char *word, *list;    /* the operation that lists them */
    const char *first, *second; /* members by which one is called; NULL: no second */
    const char *id;
};

static const struct noun nouns[] = {
    {KIND_ORGANIZATION, "organisation", "organization_list", "number", "name", "id"},
    {KIND_CUSTOMER, "customer", "organization_list", "number", "name", "id"},
    {KIND_PARTNER, "partner", "organization_list", "number", "name", "id"},
    {KIND_PERSON, "person", "member_list", "email", NULL, "person"},
    {KIND_TOKEN, "token", "token_list", "name", "prefix", "id"},
    {KIND_PROGRAM, "program", "program_list", "name", NULL, "id"},
    {KIND_AGREEMENT, "agreement", "agreement_list", "number", NULL, "id"},
    {KIND_PRODUCT, "product", "product_list", "name", NULL, "id"},
    {KIND_EDITION, "edition", "edition_list", "feature", NULL, "id"},
    {KIND_ORDER, "order", "order_list", "number", NULL, "id"},
    {KIND_ENTITLEMENT, "entitlement", "entitlement_list", "sn", NULL, "id"},
    {KIND_SERVER, "license server", "server_list", "number", "name", "id"},
};

struct search {
    const struct noun *noun;
    const char *typed;
    json_int_t id;
    unsigned found;
};

static bool lookup_is_called(const json_t *row, const char *member, const char *typed)
{
    const char *value = member == NULL ? NULL : json_string_value(json_object_get(row, member));

    return value != NULL && text_is_nocase(text_of(value), typed);
}

/* A person has a row for each role. */
static void lookup_rows(struct search *search, const json_t *rows)
{
    for (size_t index = 0; index < json_array_size(rows); index++) {
        const json_t *row = json_array_get(rows, index);
        json_int_t id = json_integer_value(json_object_get(row, search->noun->id));

        if (!lookup_is_called(row, search->noun->first, search->typed) &&
            !lookup_is_called(row, search->noun->second, search->typed))
            continue;
        search->found += id != search->id;
        search->id = id;
    }
}

static enum status lookup_in(struct portal *portal, struct search *search, json_int_t parent,
                             struct error *error)
{
    const struct act *list = act_of(search->noun->list);
    size_t head = strcspn(list->path, "{");
    const char *tail = list->path + head + strcspn(list->path + head, "}");
    char path[160];
    json_t *rows;
    enum status status;

    if (list->path[head] == '\0')
        snprintf(path, sizeof(path), "%s", list->path);
    else
        snprintf(path, sizeof(path), "%.*s%lld%s", (int)head, list->path, (long long)parent,
                 tail + 1);
    status = portal_list(portal, path, list->form == FORM_AFTER ? "after" : "before", &rows, error);
    if (status != LICET_OK)
        return status;
    lookup_rows(search, rows);
    json_decref(rows);
    return LICET_OK;
}

/* ---- where one looks ---------------------------------------------------------------------- */

static enum status lookup_in_products(struct portal *portal, struct search *search,
                                      struct error *error)
{
    json_t *products;
    enum status status =
        portal_list(portal, act_of("product_list")->path, "after", &products, error);

    if (status != LICET_OK)
        return status;
    for (size_t index = 0; status == LICET_OK && index < json_array_size(products); index++)
        status =
            lookup_in(portal, search, console_number(json_array_get(products, index), "id"), error);
    json_decref(products);
    return status;
}

/* The next organisation of this kind that one belongs to, after place *index; 0: none any more. */
static json_int_t lookup_next_own(const json_t *who, const char *kind, size_t *index)
{
    const json_t *memberships = json_object_get(who, "memberships");

    for (; *index < json_array_size(memberships); ++*index) {
        const json_t *membership = json_array_get(memberships, *index);

        if (strcmp(console_string(membership, "kind", ""), kind) == 0) {
            ++*index;
            return console_number(membership, "organization");
        }
    }
    return 0;
}

static enum status lookup_in_own(struct portal *portal, struct search *search, struct error *error)
{
    const json_t *who;
    enum status status = portal_who(portal, &who, error);
    json_int_t organization, before = 0;
    size_t index = 0;

    while (status == LICET_OK && (organization = lookup_next_own(who, "customer", &index)) != 0) {
        if (organization != before)
            status = lookup_in(portal, search, organization, error);
        before = organization;
    }
    if (status == LICET_OK && before == 0)
        return error_set(error, LICET_INVALID,
                         "you belong to no customer, so say whose %s it is (--customer, --in), or "
                         "give its id",
                         search->noun->word);
    return status;
}

static enum status lookup_search(struct portal *portal, struct search *search,
                                 json_int_t organization, struct error *error)
{
    const struct act *list = act_of(search->noun->list);

    if (act_has_place(list, "product"))
        return lookup_in_products(portal, search, error);
    if (act_has_place(list, "organization") && organization == 0)
        return lookup_in_own(portal, search, error);
    return lookup_in(portal, search, organization, error);
}

/* ---- one thing ---------------------------------------------------------------------------- */

static bool lookup_is_id(const char *typed, json_int_t *ret_id)
{
    uint64_t id;

    if (parse_u64(text_of(typed), 1, INT64_MAX, &id, NULL) != LICET_OK)
        return false;
    *ret_id = (json_int_t)id;
    return true;
}

static enum status lookup_fail(enum status status, const struct search *search, struct error *error)
{
    char typed[81];

    snprintf(typed, sizeof(typed), "%s", search->typed);
    text_make_printable(typed, strlen(typed));
    if (status == LICET_CONFLICT)
        return error_set(error, status, "several are called %s: give the number or id of one",
                         typed);
    return error_set(error, status,
                     "there is no %s %s that you may see: check how it is written, or list what "
                     "there is",
                     search->noun->word, typed);
}

static enum status lookup_named(struct portal *portal, enum word_kind kind, const char *typed,
                                json_int_t organization, json_int_t *ret_id, struct error *error)
{
    struct search search = {.noun = nouns, .typed = typed};
    enum status status;

    if (lookup_is_id(typed, ret_id))
        return LICET_OK;
    while (search.noun->kind != kind)
        search.noun++;
    status = lookup_search(portal, &search, organization, error);
    if (status == LICET_OK && search.found != 1)
        status = lookup_fail(search.found == 0 ? LICET_NOT_FOUND : LICET_CONFLICT, &search, error);
    if (status == LICET_OK)
        *ret_id = search.id;
    return status;
}

/* SERVER:GENERATION. */
static enum status lookup_issue(struct portal *portal, const char *typed, json_int_t organization,
                                json_int_t *ret_id, struct error *error)
{
    const char *colon = strrchr(typed, ':');
    char server[80], path[96];
    json_int_t server_id, generation;
    json_t *page;
    const json_t *issue;
    enum status status;

    if (colon == NULL || (size_t)(colon - typed) >= sizeof(server) ||
        !lookup_is_id(colon + 1, &generation) || generation > UINT32_MAX)
        return error_set(error, LICET_INVALID,
                         "a generation is SERVER:GENERATION, as in S-7K2M9:3, or an id that licet "
                         "issue list shows");
    snprintf(server, sizeof(server), "%.*s", (int)(colon - typed), typed);
    status = lookup_named(portal, KIND_SERVER, server, organization, &server_id, error);
    if (status != LICET_OK)
        return status;
    snprintf(path, sizeof(path), "/api/servers/%lld/issues?limit=1&before=%lld",
             (long long)server_id, (long long)generation + 1);
    status = portal_ask(portal, "GET", path, NULL, &page, error);
    if (status != LICET_OK)
        return status;
    issue = json_array_get(json_object_get(page, "items"), 0);
    if (console_number(issue, "generation") == generation)
        *ret_id = console_number(issue, "id");
    else
        status = error_set(error, LICET_NOT_FOUND, "this license server has no generation %lld",
                           (long long)generation);
    json_decref(page);
    return status;
}

enum status lookup_id(struct portal *portal, enum word_kind kind, const char *typed,
                      json_int_t organization, json_int_t *ret_id, struct error *error)
{
    if (kind == KIND_ISSUE && !lookup_is_id(typed, ret_id))
        return lookup_issue(portal, typed, organization, ret_id, error);
    return kind == KIND_ISSUE ? LICET_OK
                              : lookup_named(portal, kind, typed, organization, ret_id, error);
}

enum status lookup_own(struct portal *portal, enum word_kind kind, json_int_t *ret_id,
                       struct error *error)
{
    const char *word = kind == KIND_PARTNER ? "partner" : "customer";
    const json_t *who;
    enum status status = portal_who(portal, &who, error);
    json_int_t first = 0, other;
    size_t index = 0;

    if (status != LICET_OK)
        return status;
    while ((other = lookup_next_own(who, word, &index)) != 0) {
        if (first != 0 && other != first)
            return error_set(error, LICET_INVALID,
                             "you belong to several %ss: say for which, by its number", word);
        first = other;
    }
    if (first == 0)
        return error_set(error, LICET_INVALID, "you belong to no %s: say for which, by its number",
                         word);
    *ret_id = first;
    return LICET_OK;
}
