/* The HTTP acts of licetd, one file each. They read, act and answer; what is decided is decided
 * below them. */
#ifndef LICET_SERVER_CONSOLE_CONSOLE_H
#define LICET_SERVER_CONSOLE_CONSOLE_H

#include <jansson.h>

#include "server/server.h"

void health_handle(struct http_exchange *exchange);
void status_handle(struct http_exchange *exchange);
void metrics_handle(struct http_exchange *exchange);
void license_preview_handle(struct http_exchange *exchange);
void license_install_handle(struct http_exchange *exchange);
void revocations_preview_handle(struct http_exchange *exchange);
void revocations_install_handle(struct http_exchange *exchange);
void lease_end_handle(struct http_exchange *exchange);
void name_forget_handle(struct http_exchange *exchange);
void request_handle(struct http_exchange *exchange);
void receipt_handle(struct http_exchange *exchange);
void administrator_create_handle(struct http_exchange *exchange);
void token_create_handle(struct http_exchange *exchange);

/* ---- json.c */
/* Answers 200 with the JSON, and releases it. NULL is answered as "no memory". */
void console_answer_json(struct http_exchange *exchange, json_t *json);
json_t *console_json_text(struct text text);
json_t *console_json_hash(const struct hash *hash);
json_t *console_json_time(int64_t seconds); /* UTC; null for 0 */

/* A text of a JSON object, of 1 to size - 1 bytes and without NUL; LICET_INVALID. */
enum status console_field(const json_t *object, const char *key, char *place, size_t size,
                          struct error *error);

/* ---- drain.c */
/* Adds to the answer of a preview which leases the drain of this file would end, in features and by
 * name; empty where nothing shrinks. The file must be one that can be served. */
enum status console_drain(struct server *server, const struct installation *installation,
                          json_t *answer, struct error *error);

/* ---- exchange.c */
/* Adds the receipt of what is installed, counted like every text: the answer may leave when
 * server_when_durable() calls. LICET_DISK_FULL. */
enum status exchange_add_receipt(struct server *server, const struct vendor *vendor, json_t *answer,
                                 struct error *error);

/* ---- routes.c */
/* ?vendor=, or the only one. LICET_NO_FILE where nothing of it is installed. */
enum status console_vendor(struct http_exchange *exchange, struct vendor **ret_vendor,
                           struct error *error);
/* Who asks: the name of the token. */
const char *console_by(const struct http_exchange *exchange);
/* Answers a refusal and logs it as `event`. The log has the code alone: the sentence quotes what was
 * brought, which may come from anybody. */
void console_refuse(struct http_exchange *exchange, const char *event, const char *act,
                    enum status status, const struct error *error);
/* ?hash= confirms what was previewed; without it nobody did. LICET_INVALID, LICET_CONFLICT. */
enum status console_check_hash(const struct http_exchange *exchange, const struct hash *previewed,
                               bool *ret_is_confirmed, struct error *error);

#endif
