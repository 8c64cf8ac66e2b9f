/* From a signature block to a vendor: roots, certificates, dates, revocations. */
#include "license/trust.h"

static bool trust_has_root(const struct trust *trust, const struct public_key *key)
{
    for (uint32_t index = 0; index < trust->roots_count; index++) {
        if (public_key_equal(&trust->roots[index], key))
            return true;
    }
    return false;
}

static enum status trust_unknown_root(const struct public_key *root, struct error *error)
{
    struct hash hash = public_key_hash(root);
    char text[HASH_TEXT_BYTES];
    struct buf buf = buf_over(text, sizeof(text));

    hash_print(&hash, &buf);
    return error_set(error, LICET_UNTRUSTED,
                     "the signer's certificate is from the root key %.*s, which is not trusted "
                     "here: the file is from another vendor, or the vendor's new root key is not "
                     "installed",
                     TEXT_ARGS(buf_text(&buf)));
}

static struct signer trust_signer(const struct sshsig *sshsig)
{
    const struct certificate *certificate = &sshsig->certificate;

    return (struct signer){
        .key = sshsig->key,
        .key_hash = public_key_hash(&sshsig->key),
        .root_hash = public_key_hash(&certificate->root),
        .certificate_hash = hash_of(certificate->blob),
        .serial = certificate->serial,
        .id = certificate->id,
        .after = certificate->after,
        .before = certificate->before,
    };
}

enum status trust_verify(const struct trust *trust, enum purpose purpose, struct text message,
                         struct text armor, struct arena *arena, struct signer *ret_signer,
                         struct sshsig *ret_sshsig, struct error *error)
{
    struct sshsig sshsig;
    enum status status = sshsig_parse(armor, arena, &sshsig, error);

    if (status != LICET_OK)
        return status;
    /* Order: the pinned root is compared first, because that costs nothing. */
    if (sshsig.has_certificate && !trust_has_root(trust, &sshsig.certificate.root))
        return trust_unknown_root(&sshsig.certificate.root, error);
    status = sshsig_verify(&sshsig, purpose, message, error);
    if (status != LICET_OK)
        return status;
    *ret_signer = trust_signer(&sshsig);
    *ret_sshsig = sshsig;
    return LICET_OK;
}

static enum status trust_judge_principal(const struct certificate *certificate, struct text vendor,
                                         struct error *error)
{
    char text[PRINCIPAL_BYTES_MAX];
    struct buf principal = buf_over(text, sizeof(text));

    principal_print(vendor, &principal);
    if (!certificate_has_principal(certificate, buf_text(&principal)))
        return error_set(error, LICET_UNTRUSTED,
                         "the signer's certificate does not name %.*s: it may not sign for the "
                         "vendor %.*s",
                         TEXT_ARGS(buf_text(&principal)), TEXT_ARGS(vendor));
    return LICET_OK;
}

static enum status trust_judge_dates(const struct certificate *certificate, struct unix_time issued,
                                     struct error *error)
{
    char issued_text[32], bound_text[32];
    struct buf issued_buf = buf_over(issued_text, sizeof(issued_text));
    struct buf bound_buf = buf_over(bound_text, sizeof(bound_text));
    bool is_early = issued.s < certificate->after.s;

    if (!is_early && issued.s < certificate->before.s)
        return LICET_OK;
    unix_time_print(issued, &issued_buf);
    unix_time_print(is_early ? certificate->after : certificate->before, &bound_buf);
    return error_set(error, LICET_UNTRUSTED,
                     "the text was issued at %.*s, but the signer's certificate %s %.*s: the "
                     "vendor must sign it with a key that is valid",
                     TEXT_ARGS(buf_text(&issued_buf)), is_early ? "begins at" : "ended at",
                     TEXT_ARGS(buf_text(&bound_buf)));
}

enum status trust_judge_certificate(const struct certificate *certificate, struct text vendor,
                                    struct unix_time issued, struct error *error)
{
    enum status status = trust_judge_principal(certificate, vendor, error);

    return status == LICET_OK ? trust_judge_dates(certificate, issued, error) : status;
}

enum status trust_judge(const struct trust *trust, const struct sshsig *sshsig, struct text vendor,
                        struct unix_time issued, struct error *error)
{
    struct hash key_hash = public_key_hash(&sshsig->key);
    enum status status;

    if (trust->vendor.size > 0 && !text_equal(trust->vendor, vendor))
        return error_set(error, LICET_UNTRUSTED,
                         "the text is from the vendor %.*s; here %.*s is expected",
                         TEXT_ARGS(text_head(vendor, NAME_MAX_BYTES)),
                         TEXT_ARGS(text_head(trust->vendor, NAME_MAX_BYTES)));
    status = trust_judge_certificate(&sshsig->certificate, vendor, issued, error);
    if (status == LICET_OK)
        status = revocations_check(trust->revocations, &key_hash, issued, error);
    return status;
}

bool trust_vouches_for(struct unix_time end, struct date maintenance)
{
    /* Ten years have two or three leap days: the longer is taken. */
    const int32_t days = TRUST_MAINTENANCE_YEARS * 365 + 3;

    return end.s == INT64_MAX || maintenance.days <= unix_time_date(end).days + days;
}
