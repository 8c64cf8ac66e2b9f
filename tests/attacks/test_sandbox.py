#!/usr/bin/python3
"""What code injected into licetd could do (rows 3, 6, 45, 49; R10.1).

The stand-in for injected code: a debugger attaches to the running licetd, sets its registers to a system call and lets
it go on. What the kernel then does is what it would do to an attacker.
"""
import ctypes
import os
import platform
import re
import signal
import socket

from attack import harness
from harness import Server, Vendor, increment, new_id, ok, skip, word_of

PTRACE_PEEKDATA, PTRACE_POKEDATA, PTRACE_CONT, PTRACE_SINGLESTEP = 2, 5, 7, 9
PTRACE_GETREGS, PTRACE_SETREGS, PTRACE_ATTACH, PTRACE_DETACH = 12, 13, 16, 17
SYSCALL_INSTRUCTION = b"\x0f\x05"
CALLS = {"mmap": 9, "connect": 42, "fork": 57, "vfork": 58, "execve": 59, "ptrace": 101, "openat": 257,
         "process_vm_readv": 310, "execveat": 322}
AT_FDCWD = -100 & (2 ** 64 - 1)
EACCES, EPERM = 13, 1


class Registers(ctypes.Structure):
    _fields_ = [(name, ctypes.c_ulonglong) for name in (
        "r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss fs_base gs_base ds es fs"
        " gs").split()]


libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


def ptrace(request, pid, address=0, data=0):
    ctypes.set_errno(0)
    result = libc.ptrace(request, pid, address, data)
    if ctypes.get_errno() != 0:
        raise OSError(ctypes.get_errno(), f"ptrace {request}")
    return result


def attach(pid):
    ptrace(PTRACE_ATTACH, pid)
    os.waitpid(pid, 0)


def find_syscall_instruction(pid):
    """Its address in executable memory of the process (in the C library, or in the kernel's page)."""
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            match = re.match(r"([0-9a-f]+)-([0-9a-f]+) r-xp .*(libc|vdso)", line)
            if not match:
                continue
            start, end = int(match.group(1), 16), int(match.group(2), 16)
            memory.seek(start)
            place = memory.read(end - start).find(SYSCALL_INSTRUCTION)
            if place >= 0:
                return start + place
    raise AssertionError("no system call instruction")


def prepare(pid, number, arguments, text=b""):
    """Registers for the call; `text` is put below the stack, and its address stands for the argument None."""
    registers = Registers()
    ptrace(PTRACE_GETREGS, pid, 0, ctypes.addressof(registers))
    place = (registers.rsp - 4096) & ~15
    with open(f"/proc/{pid}/mem", "r+b", 0) as memory:
        memory.seek(place)
        memory.write(text + b"\0")
    values = [place if argument is None else argument for argument in arguments] + [0] * 6
    registers.rdi, registers.rsi, registers.rdx, registers.r10 = values[:4]
    registers.rax, registers.orig_rax = number, 2 ** 64 - 1  # no system call is to be restarted
    registers.rip = find_syscall_instruction(pid)
    ptrace(PTRACE_SETREGS, pid, 0, ctypes.addressof(registers))


def death_by(call, arguments=(), text=b""):
    """A fresh licetd makes the call: the signal that ended it, or what the call returned. `text` may be made from it."""
    server = Server(Vendor()).start()
    text = text(server) if callable(text) else text
    pid = server.pid
    attach(pid)
    prepare(pid, CALLS[call], arguments, text)
    ptrace(PTRACE_SINGLESTEP, pid)
    status = os.waitpid(pid, 0)[1]
    server.process.returncode = 0  # reaped here
    if os.WIFSIGNALED(status):
        return signal.Signals(os.WTERMSIG(status)).name
    registers = Registers()
    ptrace(PTRACE_GETREGS, pid, 0, ctypes.addressof(registers))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return ctypes.c_longlong(registers.rax).value


def row_3():
    if os.getuid() != 0 or platform.machine() != "x86_64":
        skip("row 3: injected calls die by SIGSYS", "licetd lets nobody but root look into it; the stand-in is x86-64 code")
        return
    for call, arguments, text in (("execve", (None, 0, 0), b"/bin/sh"), ("execveat", (AT_FDCWD, None, 0, 0), b"/bin/sh"),
                                  ("connect", (0, None, 16), b"\2\0\0\x50\x7f\0\0\1"), ("ptrace", (0, 0, 0, 0), b""),
                                  ("fork", (), b""), ("vfork", (), b""), ("process_vm_readv", (1, 0, 0, 0), b"")):
        result = death_by(call, arguments, text)
        ok(result == "SIGSYS", f"row 3: an injected {call} dies by SIGSYS", result)
    result = death_by("mmap", (0, 4096, 7, 0x22))  # readable, writable and executable
    ok(result == "SIGSYS" or isinstance(result, int) and -4096 < result < 0,
       "row 3: memory that is writable and executable is not to be had", result)
    result = death_by("mmap", (0, 4096, 3, 0x22))
    ok(isinstance(result, int) and result > 0, "row 3: while plain memory is: the stand-in reaches the kernel", result)
    for path in (b"/etc/passwd", b"/proc/self/maps", b"/tmp", b"/"):
        result = death_by("openat", (AT_FDCWD, None, 0), path)
        ok(result in (-EACCES, -EPERM), f"row 45: injected code cannot open {path.decode()}", result)
    result = death_by("openat", (AT_FDCWD, None, 0o101, 0o600), harness.path_of("dropped").encode())
    ok(result in (-EACCES, -EPERM), "row 45: nor make a file outside of the state folder", result)
    result = death_by("openat", (AT_FDCWD, None, 0), lambda server: f"{server.state}/administrators".encode() if
                      server.administrator() else b"")
    ok(isinstance(result, int) and result >= 0, "row 45: while a file of the state folder is open to it", result)


def row_3_status():
    with Server(Vendor()) as server:
        for task in os.listdir(f"/proc/{server.pid}/task"):
            with open(f"/proc/{server.pid}/task/{task}/status", encoding="ascii") as file:
                status = file.read()
            ok(re.search(r"Seccomp:\s+2", status) and re.search(r"NoNewPrivs:\s+1", status),
               "row 3: each thread is under the filter and gains no privileges", status)
            effective = re.search(r"CapEff:\s+(\w+)", status).group(1)
            ok(int(effective, 16) == 0, "row 3: and has no capabilities", effective)


def sockets_of(pid):
    """The sockets that this process has open, as the kernel lists them: (protocol, local address, state)."""
    inodes = set()
    folder = f"/proc/{pid}/fd"
    for name in os.listdir(folder):
        try:
            match = re.match(r"socket:\[(\d+)\]", os.readlink(os.path.join(folder, name)))
        except OSError:
            continue
        inodes |= {match.group(1)} if match else set()
    found = []
    for protocol in ("tcp", "tcp6", "udp", "udp6", "raw", "raw6", "packet", "unix"):
        with open(f"/proc/{pid}/net/{protocol}", encoding="ascii") as file:
            for line in file.read().split("\n")[1:]:
                words = line.split()
                if protocol in ("packet", "unix"):
                    found += [(protocol, "", "")] if words and inodes & {words[6], words[-1]} else []
                elif len(words) > 9 and words[9] in inodes:
                    found.append((protocol, words[1], words[3]))
    return found


def row_6():
    if os.getuid() != 0:
        skip("row 6: only the declared port is open", "licetd lets nobody but root look into it")
        return
    with Server(Vendor()) as server:
        server.serve(increment())
        server.call("CHECKOUT", "cad_pro", new_id())
        wanted = ("tcp", "0100007F:%04X" % server.address[1], "0A")
        sockets = [entry for entry in sockets_of(server.pid) if entry[2] not in ("01", "06", "08")]
        ok([entry for entry in sockets if entry[0] != "unix"] == [wanted], "row 6: one TCP port is open, and no UDP at all",
           sockets)
        with server.connect() as connection:
            connection.call("PING")
            ends = [entry for entry in sockets_of(server.pid) if entry[2] == "01"]
            ok(all(entry[1].endswith(":%04X" % server.address[1]) for entry in ends),
               "row 49: every connection that it has came in through that port", ends)


def row_49():
    """Nothing that a peer says makes licetd call out: there is no URL, host or port in any request or file."""
    with Server(Vendor()) as server, socket.create_server(("127.0.0.1", 0)) as trap:
        trap.settimeout(1)
        port = trap.getsockname()[1]
        url = f"http://127.0.0.1:{port}/"
        token = server.administrator()
        server.serve(increment())
        for target in (f"/request?url={url}", f"/receipt?server=127.0.0.1:{port}", f"/license/install?hash={url}",
                       f"/status?portal={url}", url, "/request?portal=127.0.0.1:%d" % port):
            server.http("GET", target, token=token)
            server.http("POST", target, url, token=token)
        server.post("/tokens", {"name": url, "password": url, "server": url})
        for verb in ("CHECKOUT", "WHY", "CHAIN", "CONFIG", "CLIENT"):
            server.call(verb, "cad_pro", new_id(), "HOST", f"127.0.0.1:{port}", "USER", url)
        for command in (("REPLICAOF", "127.0.0.1", str(port)), ("SLA" "VEOF", "127.0.0.1", str(port)),
                        ("MIGRATE", "127.0.0.1", str(port), "x", "0", "1"), ("CONFIG", "SET", "dir", "/tmp")):
            answer = server.call(*command)
            ok(word_of(answer) in ("NOTFOUND", "UNSUPPORTED", "INVALID"), f"row 46: {command[0]} does not exist here", answer)
        try:
            trap.accept()
            called = True
        except socket.timeout:
            called = False
        ok(not called, "row 49: nothing that is sent to it makes licetd call out")


harness.run(row_3, row_3_status, row_6, row_49)
