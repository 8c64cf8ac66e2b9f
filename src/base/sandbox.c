/* Landlock for files, seccomp for calls. */
#include "base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"

/* Calls that a running server has no use for. A list of what is forbidden, not of what is
 * allowed: a C library that learns a new harmless call must not end a server. */
static const int forbidden_calls[] = {
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(fork),
    SCMP_SYS(vfork),
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(bpf),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(mount),
    SCMP_SYS(umount2),
    SCMP_SYS(pivot_root),
    SCMP_SYS(chroot),
    SCMP_SYS(setns),
    SCMP_SYS(unshare),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(kexec_load),
    SCMP_SYS(keyctl),
    SCMP_SYS(add_key),
    SCMP_SYS(request_key),
    SCMP_SYS(personality),
    SCMP_SYS(swapon),
    SCMP_SYS(reboot),
};

/* Memory that is executable is never made after start: what a parser was fed cannot become code. */
static int sandbox_forbid_code(scmp_filter_ctx filter)
{
    static const int calls[] = {SCMP_SYS(mmap), SCMP_SYS(mprotect), SCMP_SYS(pkey_mprotect)};
    int result = 0;

    for (size_t index = 0; result == 0 && index < sizeof(calls) / sizeof(calls[0]); index++)
        result = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, calls[index], 1,
                                  SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));
    return result;
}

enum status sandbox_calls(bool may_connect, struct error *error)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int result = filter == NULL ? -ENOMEM : 0;

    for (size_t index = 0;
         result == 0 && index < sizeof(forbidden_calls) / sizeof(forbidden_calls[0]); index++)
        result = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, forbidden_calls[index], 0);
    if (result == 0 && !may_connect)
        result = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(connect), 0);
    if (result == 0 && !may_connect)
        result = sandbox_forbid_code(filter);
    if (result == 0)
        result = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1); /* all threads, too */
    if (result == 0)
        result = seccomp_load(filter);
    seccomp_release(filter);
    if (result != 0)
        return error_set(error, LICET_SYSTEM, "the kernel refuses to restrict system calls: %s",
                         strerror(-result));
    log_info("sandbox.entered", "connect=%d forbidden_calls=%zu", may_connect,
             sizeof(forbidden_calls) / sizeof(forbidden_calls[0]) + !may_connect);
    return LICET_OK;
}

/* What each version of Landlock knows; an older kernel is given what it knows. */
static uint64_t sandbox_rights(int version)
{
    uint64_t rights =
        LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE |
        LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR |
        LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
        LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
        LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;

    return version >= 2 ? rights | LANDLOCK_ACCESS_FS_REFER : rights;
}

static bool sandbox_allow(int ruleset, const char *folder, uint64_t rights)
{
    struct landlock_path_beneath_attr beneath = {
        .allowed_access = rights,
        .parent_fd = open(folder, O_PATH | O_CLOEXEC),
    };
    bool is_allowed =
        beneath.parent_fd >= 0 &&
        syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) == 0;

    if (beneath.parent_fd >= 0)
        close(beneath.parent_fd);
    return is_allowed;
}

/* Files of the one folder may be read, written, made, renamed and removed, those of the other read;
 * nothing anywhere may be executed. */
static bool sandbox_restrict(int ruleset, const char *writable, const char *readable,
                             uint64_t rights)
{
    uint64_t writing =
        rights & ~(uint64_t)(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                             LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SOCK |
                             LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SYM);
    uint64_t reading = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;

    return (writable == NULL || sandbox_allow(ruleset, writable, writing)) &&
           (readable == NULL || sandbox_allow(ruleset, readable, reading)) &&
           syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
}

enum status sandbox_files(const char *writable, const char *readable, struct error *error)
{
    struct landlock_ruleset_attr attributes = {.handled_access_fs = 0};
    int version =
        (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    int ruleset = -1;
    bool is_restricted;

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return error_set(error, LICET_SYSTEM, "the kernel refuses to give up privileges: %s",
                         strerror(errno));
    log_info("sandbox.files", "landlock=%d", version > 0 ? version : 0);
    if (version <= 0)
        return LICET_OK; /* a kernel without Landlock */
    attributes.handled_access_fs = sandbox_rights(version);
    ruleset = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0);
    is_restricted =
        ruleset >= 0 && sandbox_restrict(ruleset, writable, readable, attributes.handled_access_fs);
    if (!is_restricted)
        error_set(error, LICET_SYSTEM, "the kernel refuses to restrict files: %s", strerror(errno));
    if (ruleset >= 0)
        close(ruleset);
    return is_restricted ? LICET_OK : LICET_SYSTEM;
}

enum status sandbox_enter(const char *state_folder, struct error *error)
{
    enum status status = sandbox_files(state_folder, NULL, error);

    return status == LICET_OK ? sandbox_calls(false, error) : status;
}
