/* A server that asks nobody who he is. */
#ifndef LICET_TESTS_HTTP_ANYBODY_H
#define LICET_TESTS_HTTP_ANYBODY_H

#include "http/http.h"

static enum status anybody_identify(void *context, struct http_exchange *exchange,
                                    struct text bearer, enum http_role *ret_role,
                                    struct error *error)
{
    (void)context;
    (void)exchange;
    (void)bearer;
    (void)error;
    *ret_role = HTTP_ROLE_ANYBODY;
    return LICET_OK;
}

#endif
