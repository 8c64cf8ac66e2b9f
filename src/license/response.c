/* Responses: the vendor's answer to one request, and the license file behind it (R5.2). */
#include "license/exchange.h"

/* An empty line, then the file, whose bytes are the ones that file= names. */
static enum status response_take_file(const struct document *document,
                                      const struct response_head *head, struct text *ret_file,
                                      struct error *error)
{
    struct text rest = document->rest, payload;
    struct hash hash;

    if (hash_is_none(&head->file)) {
        *ret_file = text_make("", 0);
        return document_expect_end(document, error);
    }
    if (!text_starts_with(rest, "\n" LICENSE_FIRST_LINE "\n"))
        return error_set(error, LICET_INVALID,
                         "the license file behind the response is missing: the end was cut");
    rest = text_skip(rest, 1);
    payload = rest;
    for (size_t end = 0; end < rest.size; end += text_find(text_skip(rest, end), '\n') + 1) {
        if (text_starts_with(text_skip(rest, end), SSHSIG_BEGIN "\n")) {
            payload = text_head(rest, end);
            break;
        }
    }
    hash = hash_of(payload);
    if (!hash_equal(&hash, &head->file))
        return error_set(error, LICET_MISMATCH,
                         "the license file behind the response is not the one it names");
    *ret_file = rest;
    return LICET_OK;
}

static enum status response_check(const struct response *response, struct error *error)
{
    for (uint32_t index = 0; index < response->results_count; index++) {
        if (response->results[index].number != index + 1)
            return error_set(error, LICET_INVALID,
                             "RESULT %u: results are numbered from 1, in order",
                             response->results[index].number);
    }
    return LICET_OK;
}

/* What the payload alone can say. */
static enum status response_parse(struct text payload, struct arena *arena,
                                  struct response *response, struct error *error)
{
    struct document_section sections[] = {
        {LINE_RESPONSE, 1, 1, 0, NULL},
        {LINE_RESULT, 0, REQUEST_ACTS_MAX, 0, NULL},
    };
    struct document_lines lines;
    enum status status = document_parse(payload, 1, sections, 2, false, arena, &lines, error);

    if (status != LICET_OK)
        return status;
    memcpy(&response->head, sections[0].items, sizeof(response->head));
    response->results = sections[1].items;
    response->results_count = sections[1].count;
    response->payload_hash = hash_of(payload);
    return response_check(response, error);
}

enum status response_lint(struct text payload, const struct certificate *certificate,
                          struct arena *arena, struct response *ret_response, struct error *error)
{
    struct response response = {.file = {"", 0}};
    enum status status;

    /* Its block, an empty line and the largest file stand behind it. */
    if (payload.size > RESPONSE_BYTES_MAX - LICENSE_FILE_BYTES_MAX - SSHSIG_ARMOR_MAX - 1)
        return error_set(error, LICET_TOO_LARGE, "the response is too large to be signed");
    status = response_parse(payload, arena, &response, error);
    if (status == LICET_OK)
        status =
            trust_judge_certificate(certificate, response.head.vendor, response.head.issued, error);
    if (status == LICET_OK)
        *ret_response = response;
    return status;
}

enum status response_read(struct text text, const struct trust *trust, struct arena *arena,
                          struct response *ret_response, struct error *error)
{
    struct document document;
    struct response response;
    struct sshsig sshsig;
    enum status status;

    status = document_open(text, RESPONSE_BYTES_MAX, arena, &document, error);
    if (status == LICET_OK)
        status = trust_verify(trust, PURPOSE_RESPONSE, document.payload, document.armor, arena,
                              &response.signer, &sshsig, error);
    if (status == LICET_OK)
        status = response_parse(document.payload, arena, &response, error);
    if (status == LICET_OK)
        status = trust_judge(trust, &sshsig, response.head.vendor, response.head.issued, error);
    if (status == LICET_OK)
        status = response_take_file(&document, &response.head, &response.file, error);
    if (status == LICET_OK)
        *ret_response = response;
    return status;
}

enum status response_sign(const struct response *response, const struct secret_key *key,
                          const struct certificate *certificate, struct arena *arena,
                          struct buf *buf, struct error *error)
{
    struct trust trust = {.roots = {certificate->root}, .roots_count = 1};
    struct response_head head = response->head;
    struct document_section sections[] = {
        {LINE_RESPONSE, 1, 1, 1, &head},
        {LINE_RESULT, 0, REQUEST_ACTS_MAX, response->results_count, response->results},
    };
    struct document_lines lines;
    size_t start = buf->size;
    struct response again;
    enum status status;

    status = document_arrange(sections, 2, arena, &lines, error);
    if (status != LICET_OK)
        return status;
    document_print(&lines, buf);
    status = sshsig_sign(key, certificate, PURPOSE_RESPONSE, text_skip(buf_text(buf), start), buf,
                         error);
    if (status != LICET_OK)
        return status;
    if (response->file.size > 0) {
        buf_add_byte(buf, '\n');
        buf_add_text(buf, response->file);
    }
    if (buf->is_full)
        return error_set(error, LICET_TOO_LARGE, "the text does not fit");
    return response_read(text_skip(buf_text(buf), start), &trust, arena, &again, error);
}
