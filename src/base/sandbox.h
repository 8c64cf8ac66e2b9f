/*
 * R10.1: once everything is open, a daemon gives up what it will not need. Landlock refuses files
 * outside the state folder; seccomp kills the process at exec, ptrace, connect and their like. A
 * break-in through a parser then finds no shell, no other host and no other file.
 */
#ifndef LICET_BASE_SANDBOX_H
#define LICET_BASE_SANDBOX_H

#include "base/status.h"

/* Before other threads do anything but wait. LICET_SYSTEM where the kernel refuses. */
enum status sandbox_enter(const char *state_folder, struct error *error);

#endif
