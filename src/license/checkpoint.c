/* Checkpoints: one line and its block. */
#include "license/checkpoint.h"

static enum status checkpoint_parse(struct text payload, struct arena *arena,
                                    struct checkpoint *ret_checkpoint, struct error *error)
{
    struct document_section section = {LINE_CHECKPOINT, 1, 1, 0, NULL};
    struct document_lines lines;
    enum status status = document_parse(payload, 1, &section, 1, false, arena, &lines, error);

    if (status == LICET_OK)
        memcpy(ret_checkpoint, section.items, sizeof(*ret_checkpoint));
    return status;
}

void checkpoint_print(const struct checkpoint *checkpoint, struct buf *buf)
{
    line_print(LINE_CHECKPOINT, checkpoint, buf);
}

enum status checkpoint_read(struct text text, const struct trust *trust, struct arena *arena,
                            struct checkpoint *ret_checkpoint, struct error *error)
{
    struct checkpoint checkpoint;
    struct document document;
    struct sshsig sshsig;
    struct signer signer;
    enum status status;

    status = document_open(text, CHECKPOINT_BYTES_MAX, arena, &document, error);
    if (status == LICET_OK)
        status = document_expect_end(&document, error);
    if (status == LICET_OK)
        status = trust_verify(trust, PURPOSE_CHECKPOINT, document.payload, document.armor, arena,
                              &signer, &sshsig, error);
    if (status == LICET_OK)
        status = checkpoint_parse(document.payload, arena, &checkpoint, error);
    if (status == LICET_OK)
        status = trust_judge(trust, &sshsig, checkpoint.vendor, checkpoint.issued, error);
    if (status == LICET_OK)
        *ret_checkpoint = checkpoint;
    return status;
}

enum status checkpoint_lint(struct text payload, const struct certificate *certificate,
                            struct arena *arena, struct checkpoint *ret_checkpoint,
                            struct error *error)
{
    struct checkpoint checkpoint;
    enum status status;

    if (payload.size > CHECKPOINT_BYTES_MAX - SSHSIG_ARMOR_MAX)
        return error_set(error, LICET_TOO_LARGE, "the checkpoint is too large to be signed");
    status = checkpoint_parse(payload, arena, &checkpoint, error);
    if (status == LICET_OK)
        status = trust_judge_certificate(certificate, checkpoint.vendor, checkpoint.issued, error);
    if (status == LICET_OK)
        *ret_checkpoint = checkpoint;
    return status;
}
