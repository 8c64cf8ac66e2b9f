/*
 * What a daemon gives up once it is open (R10.1): a break-in through a parser then finds no shell,
 * no other file, and where it may not connect no other host.
 */
#ifndef LICET_BASE_SANDBOX_H
#define LICET_BASE_SANDBOX_H

#include <stdbool.h>

#include "base/status.h"

/* Files outside two folders are refused; either may be NULL. Order: before any thread is started,
 * for Landlock binds a thread and those that it starts later. */
enum status sandbox_files(const char *writable, const char *readable, struct error *error);

/* Kills the process, whichever thread it was, at exec, fork, ptrace and their like. Where it may
 * not connect, connect() and executable memory too: looking names up may load libraries. */
enum status sandbox_calls(bool may_connect, struct error *error);

/* Both, of a daemon that connects to nobody: one folder is left. */
enum status sandbox_enter(const char *state_folder, struct error *error);

#endif
