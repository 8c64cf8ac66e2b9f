/* How a mail leaves: by libcurl's SMTP, or into a folder. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/file.h"
#include "portal/mail/mail.h"

/* A mail server that has not answered by then is tried again later: RFC 5321 (4.5.3.2) would wait
 * minutes for each step, and other mail waits behind it. */
#define MAIL_CONNECT_TIMEOUT_S 10L
#define MAIL_TIMEOUT_S 60L
#define MAIL_ADDRESS_BYTES_MAX 254

enum status mail_address_check(struct text address, struct error *error)
{
    unsigned ats = 0;
    bool is_good = address.size >= 3 && address.size <= MAIL_ADDRESS_BYTES_MAX;

    for (size_t i = 0; is_good && i < address.size; i++) {
        char byte = address.data[i];

        is_good = byte > ' ' && byte < 0x7f && strchr("<>()[]\\,;:\"", byte) == NULL;
        ats += byte == '@';
    }
    if (!is_good || ats != 1 || address.data[0] == '@' || address.data[address.size - 1] == '@')
        return error_set(error, LICET_INVALID,
                         "an e-mail address is of the form anna@example.com, at most %d bytes of "
                         "ASCII",
                         MAIL_ADDRESS_BYTES_MAX);
    return LICET_OK;
}

static bool is_folder(const struct mail_options *options)
{
    return text_starts_with(text_of(options->transport), "file:");
}

static enum status folder_check(const char *folder, struct error *error)
{
    struct stat about;

    if (stat(folder, &about) != 0 || !S_ISDIR(about.st_mode))
        return error_set(error, LICET_INVALID,
                         "mail= names the folder %.200s, which is not there: make it, and give it "
                         "to the user of licet-portal",
                         folder);
    if (access(folder, W_OK | X_OK) != 0)
        return error_set(error, LICET_INVALID,
                         "mail= names the folder %.200s, into which the user of licet-portal may "
                         "not write: give it to that user",
                         folder);
    return LICET_OK;
}

enum status mail_options_check(const struct mail_options *options, struct error *error)
{
    struct text site = text_of(options->site), transport = text_of(options->transport);

    if (!text_starts_with(transport, "smtp://") && !text_starts_with(transport, "smtps://") &&
        !text_starts_with(transport, "file:/"))
        return error_set(error, LICET_INVALID,
                         "mail= is smtp://HOST:PORT, smtps://HOST:PORT or file:/FOLDER");
    if (!text_starts_with(site, "http://") && !text_starts_with(site, "https://"))
        return error_set(error, LICET_INVALID,
                         "site= is the address under which people reach the portal: "
                         "https://HOST");
    if (site.data[site.size - 1] == '/')
        return error_set(error, LICET_INVALID, "site= ends without a /");
    if (mail_address_check(text_of(options->sender), error) != LICET_OK)
        return LICET_INVALID;
    return is_folder(options) ? folder_check(options->transport + strlen("file:"), error)
                              : LICET_OK;
}

/* ---- a folder */

static enum status folder_send(const struct mail_options *options, const struct mail *mail,
                               struct text message, struct error *error)
{
    char place[4096];
    struct buf path = buf_over(place, sizeof(place) - 1);

    buf_printf(&path, "%s/%lld.eml", options->transport + strlen("file:"), (long long)mail->id);
    if (path.is_full)
        return error_set(error, LICET_INVALID, "the path of the mail's folder is too long");
    place[path.size] = '\0';
    return file_replace(place, message, 0600, error);
}

/* ---- SMTP */

struct upload {
    struct text rest;
    const bool *is_stopping;
};

static size_t upload_read(char *data, size_t size, size_t count, void *context)
{
    struct upload *upload = context;
    struct text part = text_head(upload->rest, size * count);

    memcpy(data, part.data, part.size);
    upload->rest = text_skip(upload->rest, part.size);
    return part.size;
}

static int upload_progress(void *context, curl_off_t down_total, curl_off_t down,
                           curl_off_t up_total, curl_off_t up)
{
    const struct upload *upload = context;

    (void)down_total;
    (void)down;
    (void)up_total;
    (void)up;
    return __atomic_load_n(upload->is_stopping, __ATOMIC_RELAXED) ? 1 : 0;
}

static enum status smtp_failed(CURL *curl, CURLcode code, struct error *error)
{
    long answer = 0;

    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer);
    if (code == CURLE_OPERATION_TIMEDOUT)
        return error_set(error, LICET_TIMEOUT, "the mail server does not answer in time");
    if (code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_CONNECT)
        return error_set(error, LICET_UNREACHABLE, "the mail server cannot be reached: %s",
                         curl_easy_strerror(code));
    if (answer >= 400)
        return error_set(error, answer >= 500 ? LICET_FORBIDDEN : LICET_UNREACHABLE,
                         "the mail server refuses it (its answer: %ld)", answer);
    return error_set(error, LICET_UNREACHABLE, "the way to the mail server broke: %s",
                     curl_easy_strerror(code));
}

static void smtp_set(CURL *curl, const struct mail_options *options, struct curl_slist *recipients,
                     struct upload *upload)
{
    curl_easy_setopt(curl, CURLOPT_URL, options->transport);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, MAIL_CONNECT_TIMEOUT_S);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, MAIL_TIMEOUT_S);
    curl_easy_setopt(curl, CURLOPT_MAIL_FROM, options->sender);
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients);
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, upload_read);
    curl_easy_setopt(curl, CURLOPT_READDATA, upload);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, upload_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, upload);
    if (options->user != NULL) {
        /* Security: a password never crosses a network in the clear. */
        curl_easy_setopt(curl, CURLOPT_USE_SSL, CURLUSESSL_ALL);
        curl_easy_setopt(curl, CURLOPT_USERNAME, options->user);
        curl_easy_setopt(curl, CURLOPT_PASSWORD, options->password);
    } else {
        curl_easy_setopt(curl, CURLOPT_USE_SSL, CURLUSESSL_TRY);
    }
}

static enum status smtp_send(const struct mail_options *options, const char *recipient,
                             struct upload *upload, struct error *error)
{
    CURL *curl = curl_easy_init();
    struct curl_slist *recipients = curl_slist_append(NULL, recipient);
    enum status status = LICET_OK;
    CURLcode code;

    if (curl == NULL || recipients == NULL) {
        status = error_set(error, LICET_NO_MEMORY, "no memory is left to send a mail");
    } else {
        smtp_set(curl, options, recipients, upload);
        code = curl_easy_perform(curl);
        if (code != CURLE_OK)
            status = smtp_failed(curl, code, error);
    }
    curl_slist_free_all(recipients);
    curl_easy_cleanup(curl);
    return status;
}

enum status mail_send(const struct mail_options *options, const struct mail *mail,
                      struct text message, const bool *is_stopping, struct error *error)
{
    struct upload upload = {message, is_stopping};
    char recipient[MAIL_ADDRESS_BYTES_MAX + 1] = {0};

    if (is_folder(options))
        return folder_send(options, mail, message, error);
    if (mail_address_check(mail->recipient, error) != LICET_OK)
        return LICET_INVALID;
    memcpy(recipient, mail->recipient.data, mail->recipient.size);
    return smtp_send(options, recipient, &upload, error);
}
