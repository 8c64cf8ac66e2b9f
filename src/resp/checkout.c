/* Arguments of CHECKOUT, RENEW, CHECKIN and WHY. */
#include "resp/checkout.h"

#include "base/limits.h"
#include "base/parse.h"
#include "base/time.h"

enum checkout_option {
    OPTION_COUNT = 1u << 0,
    OPTION_RELEASE = 1u << 1,
    OPTION_USER = 1u << 2,
    OPTION_HOST = 1u << 3,
    OPTION_DEVICE = 1u << 4,
    OPTION_VENDOR = 1u << 5,
    OPTION_NONCE = 1u << 6,
    OPTION_PROOF = 1u << 7,
};

#define OPTIONS_DEMAND                                                                             \
    (OPTION_COUNT | OPTION_RELEASE | OPTION_USER | OPTION_HOST | OPTION_DEVICE | OPTION_VENDOR)
#define OPTIONS_PROOF (OPTION_NONCE | OPTION_PROOF)

static const struct option_row {
    const char *name;
    enum checkout_option option;
} option_rows[] = {
    {"COUNT", OPTION_COUNT}, {"RELEASE", OPTION_RELEASE}, {"USER", OPTION_USER},
    {"HOST", OPTION_HOST},   {"DEVICE", OPTION_DEVICE},   {"VENDOR", OPTION_VENDOR},
    {"NONCE", OPTION_NONCE}, {"PROOF", OPTION_PROOF},
};

/* What is quoted may be a kilobyte: its beginning is enough to find it again. */
#define QUOTE_BYTES 40

static enum status checkout_feature(struct text text, struct checkout_args *args,
                                    struct error *error)
{
    if (!text_is_identifier(text))
        return error_set(error, LICET_INVALID,
                         "feature \"%.*s\" is not a name: a letter, then letters, digits and _, at"
                         " most %d",
                         TEXT_ARGS(text_head(text, QUOTE_BYTES)), NAME_MAX_BYTES);
    args->feature = text;
    return LICET_OK;
}

/* Security: the value is a capability (R8.1) and is not quoted. */
static enum status checkout_digits(struct text text, const char *name, uint8_t ret_bytes[16],
                                   struct error *error)
{
    if (parse_hex(text, ret_bytes, 16, NULL) != LICET_OK)
        return error_set(error, LICET_INVALID,
                         "%s must be 32 hexadecimal digits: 128 random bits, made by the client",
                         name);
    return LICET_OK;
}

static enum status checkout_name(struct text text, const char *name, struct text *ret_name,
                                 struct error *error)
{
    if (!text_is_name(text))
        return error_set(error, LICET_INVALID,
                         "%s \"%.*s\" is not a name: 1 to %d bytes of UTF-8 without blanks and"
                         " control characters",
                         name, TEXT_ARGS(text_head(text, QUOTE_BYTES)), NAME_MAX_BYTES);
    *ret_name = text;
    return LICET_OK;
}

static enum status checkout_vendor(struct text text, struct checkout_args *args,
                                   struct error *error)
{
    if (!text_is_identifier(text))
        return error_set(error, LICET_INVALID, "VENDOR \"%.*s\" is not the name of a vendor",
                         TEXT_ARGS(text_head(text, QUOTE_BYTES)));
    args->vendor = text;
    return LICET_OK;
}

static enum status checkout_count(struct text text, struct checkout_args *args, struct error *error)
{
    if (parse_u32(text, 1, LEASE_COUNT_MAX, &args->count, NULL) != LICET_OK)
        return error_set(error, LICET_INVALID, "COUNT \"%.*s\" is not a number from 1 to %u",
                         TEXT_ARGS(text_head(text, QUOTE_BYTES)), LEASE_COUNT_MAX);
    return LICET_OK;
}

static enum status checkout_release(struct text text, struct checkout_args *args,
                                    struct error *error)
{
    struct date date;

    if (date_parse(text, &date, NULL) != LICET_OK)
        return error_set(error, LICET_INVALID, "RELEASE \"%.*s\" is not a date such as 2026-11-24",
                         TEXT_ARGS(text_head(text, QUOTE_BYTES)));
    args->release = (uint32_t)date.days;
    return LICET_OK;
}

static enum status checkout_proof(struct text text, struct checkout_args *args, struct error *error)
{
    if (text_is_nocase(text, "raw"))
        args->proof = PROOF_RAW;
    else if (text_is_nocase(text, "text"))
        args->proof = PROOF_TEXT;
    else
        return error_set(error, LICET_INVALID, "PROOF \"%.*s\" is neither raw nor text",
                         TEXT_ARGS(text_head(text, QUOTE_BYTES)));
    return LICET_OK;
}

static enum status checkout_value(enum checkout_option option, struct text value,
                                  struct checkout_args *args, struct error *error)
{
    switch (option) {
    case OPTION_COUNT:
        return checkout_count(value, args, error);
    case OPTION_RELEASE:
        return checkout_release(value, args, error);
    case OPTION_USER:
        return checkout_name(value, "USER", &args->user, error);
    case OPTION_HOST:
        return checkout_name(value, "HOST", &args->host, error);
    case OPTION_DEVICE:
        return checkout_name(value, "DEVICE", &args->device, error);
    case OPTION_VENDOR:
        return checkout_vendor(value, args, error);
    case OPTION_NONCE:
        return checkout_digits(value, "NONCE", args->nonce, error);
    case OPTION_PROOF:
    default:
        return checkout_proof(value, args, error);
    }
}

static const struct option_row *option_find(struct text name, uint32_t accepted)
{
    if (name.size == 0)
        return NULL;
    for (size_t index = 0; index < sizeof(option_rows) / sizeof(option_rows[0]); index++) {
        /* One byte, whatever its case, passes over nearly all rows (command_find()). */
        if (((option_rows[index].name[0] ^ name.data[0]) & ~0x20) == 0 &&
            (option_rows[index].option & accepted) != 0 &&
            text_is_nocase(name, option_rows[index].name))
            return &option_rows[index];
    }
    return NULL;
}

static enum status checkout_options(const struct text *arguments, uint32_t count, uint32_t accepted,
                                    struct checkout_args *args, struct error *error)
{
    uint32_t seen = 0;
    enum status status;

    for (uint32_t index = 0; index < count; index += 2) {
        const struct option_row *row = option_find(arguments[index], accepted);

        if (row == NULL)
            return error_set(error, LICET_INVALID, "\"%.*s\" is no option of this command",
                             TEXT_ARGS(text_head(arguments[index], QUOTE_BYTES)));
        if ((seen & row->option) != 0)
            return error_set(error, LICET_INVALID, "%s is given twice", row->name);
        if (index + 1 == count)
            return error_set(error, LICET_INVALID, "%s has no value", row->name);
        seen |= row->option;
        status = checkout_value(row->option, arguments[index + 1], args, error);
        if (status != LICET_OK)
            return status;
    }
    /* A proof without a nonce could be an old one shown again; a nonce alone asks for nothing. */
    if ((seen & OPTIONS_PROOF) != 0 && (seen & OPTIONS_PROOF) != OPTIONS_PROOF)
        return error_set(error, LICET_INVALID, "NONCE and PROOF are given together or not at all");
    return LICET_OK;
}

/* The arguments before the options, in this order, where a command has them. */
struct checkout_form {
    bool has_feature;
    bool has_id;
    uint32_t options;
};

static enum status checkout_parse(const struct checkout_form *form, const struct text *arguments,
                                  uint32_t count, struct checkout_args *ret_args,
                                  struct error *error)
{
    struct checkout_args args = {.count = 1};
    uint32_t index = 0;
    enum status status;

    if (count < (form->has_feature ? 1u : 0u) + (form->has_id ? 1u : 0u))
        return error_set(error, LICET_INVALID, "%s is missing",
                         form->has_feature && count == 0 ? "the feature" : "the lease id");
    if (form->has_feature) {
        status = checkout_feature(arguments[index++], &args, error);
        if (status != LICET_OK)
            return status;
    }
    if (form->has_id) {
        status = checkout_digits(arguments[index++], "the lease id", args.id, error);
        if (status != LICET_OK)
            return status;
    }
    status = checkout_options(arguments + index, count - index, form->options, &args, error);
    if (status != LICET_OK)
        return status;
    *ret_args = args;
    return LICET_OK;
}

enum status checkout_args_parse(const struct text *arguments, uint32_t count,
                                struct checkout_args *ret_args, struct error *error)
{
    static const struct checkout_form form = {true, true, OPTIONS_DEMAND | OPTIONS_PROOF};

    return checkout_parse(&form, arguments, count, ret_args, error);
}

enum status renew_args_parse(const struct text *arguments, uint32_t count,
                             struct checkout_args *ret_args, struct error *error)
{
    static const struct checkout_form form = {false, true, OPTIONS_PROOF};

    return checkout_parse(&form, arguments, count, ret_args, error);
}

enum status checkin_args_parse(const struct text *arguments, uint32_t count,
                               struct checkout_args *ret_args, struct error *error)
{
    static const struct checkout_form form = {false, true, 0};

    return checkout_parse(&form, arguments, count, ret_args, error);
}

enum status why_args_parse(const struct text *arguments, uint32_t count,
                           struct checkout_args *ret_args, struct error *error)
{
    static const struct checkout_form form = {true, false, OPTIONS_DEMAND};

    return checkout_parse(&form, arguments, count, ret_args, error);
}
