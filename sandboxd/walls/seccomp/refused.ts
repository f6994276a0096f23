/**
 * The system calls that nothing behind the walls may make. What is not here is allowed, up to Linux 6.1: what later kernels
 * add is answered as if the kernel did not have it. A list of what is allowed would be shorter, and would break with a
 * patch of Node or libc; executors must start on kernels and libcs that nobody tried.
 */
import type { SyscallName } from "./numbers.ts";

/** What becomes of a call: refused, or refused unless its argument is as it should be. */
export interface Rule {
  call: SyscallName;
  errno: number;
  unless?: Condition;
}

/** Of one argument, its lower 32 bits: the kernel reads no more of any argument named here. All that is said must hold. */
export interface Condition {
  argument: number;
  isOneOf?: readonly number[];
  isNoneOf?: readonly number[];
  hasBit?: number;
  hasNoneOfBits?: number;
}

/** The rules of a program with or without a network. */
export function rulesFor(hasNetwork: boolean): Rule[] {
  return [
    ...refused.map((call) => ({ call, errno: EPERM })),
    ...(hasNetwork ? outwardOnly : noSockets),
    ...byArgument,
    // Its flags lie in memory, where a filter cannot look. libc then makes its threads by `clone`.
    { call: "clone3", errno: ENOSYS },
  ];
}

// Numbers of Linux, the same on both architectures.
const EPERM = 1;
export const ENOSYS = 38;
const EAFNOSUPPORT = 97;
const AF_INET = 2;
const AF_INET6 = 10;
const CLONE_THREAD = 0x10000;
/** New mount, cgroup, uts, ipc, user, pid and network namespaces. */
const CLONE_NEW = 0x20000 | 0x2000000 | 0x7c000000;
const TIOCSTI = 0x5412;
const TIOCLINUX = 0x541c;
const TIOCSETD = 0x5423;

/** The pipe is there already and is read and written like a file. */
const noSockets: Rule[] = [
  { call: "socket", errno: EAFNOSUPPORT },
  { call: "socketpair", errno: EAFNOSUPPORT },
  ...refusals(["connect", "bind", "listen", "accept", "accept4"]),
  ...refusals(["sendto", "sendmsg", "sendmmsg"]),
  ...refusals(["recvfrom", "recvmsg", "recvmmsg"]),
];

/** To the internet, and not to sockets of this host that go by a name; nobody can call in. */
const outwardOnly: Rule[] = [
  {
    call: "socket",
    errno: EAFNOSUPPORT,
    unless: { argument: 0, isOneOf: [AF_INET, AF_INET6] },
  },
  { call: "socketpair", errno: EAFNOSUPPORT },
  ...refusals(["bind", "listen", "accept", "accept4"]),
];

const byArgument: Rule[] = [
  // Threads, not processes.
  {
    call: "clone",
    errno: EPERM,
    unless: { argument: 0, hasBit: CLONE_THREAD, hasNoneOfBits: CLONE_NEW },
  },
  // Typing into a terminal, for whoever reads there.
  {
    call: "ioctl",
    errno: EPERM,
    unless: { argument: 1, isNoneOf: [TIOCSTI, TIOCLINUX, TIOCSETD] },
  },
  { call: "personality", errno: EPERM, unless: { argument: 0, isOneOf: [0] } },
];

/** Refused whatever the arguments. */
const refused: SyscallName[] = [
  // Other processes, other namespaces, another root.
  "fork",
  "vfork",
  "execveat",
  "unshare",
  "setns",
  "chroot",
  "pivot_root",
  // File systems, and files by another way than their path.
  "mount",
  "umount2",
  "mount_setattr",
  "move_mount",
  "open_tree",
  "fsopen",
  "fsconfig",
  "fsmount",
  "fspick",
  "name_to_handle_at",
  "open_by_handle_at",
  "mknod",
  "mknodat",
  "quotactl",
  "quotactl_fd",
  "acct",
  "swapon",
  "swapoff",
  // Other processes: their memory, their descriptors, what they do.
  "ptrace",
  "process_vm_readv",
  "process_vm_writev",
  "process_madvise",
  "process_mrelease",
  "kcmp",
  "pidfd_open",
  "pidfd_getfd",
  "pidfd_send_signal",
  "perf_event_open",
  // Large parts of the kernel that Node can do without, where flaws have been found again and again.
  "bpf",
  "userfaultfd",
  "io_uring_setup",
  "io_uring_enter",
  "io_uring_register",
  "io_setup",
  "io_destroy",
  "io_submit",
  "io_cancel",
  "io_getevents",
  "io_pgetevents",
  // Memory that is no process's own, and pages shared by sleight of hand.
  "vmsplice",
  "splice",
  "tee",
  "memfd_create",
  "memfd_secret",
  "remap_file_pages",
  // The kernel's keys.
  "add_key",
  "keyctl",
  "request_key",
  // Being told what others do with files.
  "fanotify_init",
  "fanotify_mark",
  "lookup_dcookie",
  // Memory and messages shared with other processes: no limit of a process counts them.
  "shmget",
  "shmat",
  "shmctl",
  "shmdt",
  "semget",
  "semop",
  "semctl",
  "semtimedop",
  "msgget",
  "msgsnd",
  "msgrcv",
  "msgctl",
  "mq_open",
  "mq_unlink",
  "mq_timedsend",
  "mq_timedreceive",
  "mq_notify",
  "mq_getsetattr",
  // Where memory lies.
  "mbind",
  "set_mempolicy",
  "get_mempolicy",
  "migrate_pages",
  "move_pages",
  "set_mempolicy_home_node",
  // The kernel itself.
  "init_module",
  "finit_module",
  "delete_module",
  "create_module",
  "query_module",
  "get_kernel_syms",
  "kexec_load",
  "kexec_file_load",
  "reboot",
  // The machine's clock, name, log and terminals.
  "settimeofday",
  "clock_settime",
  "clock_adjtime",
  "adjtimex",
  "sethostname",
  "setdomainname",
  "syslog",
  "vhangup",
  // What only old programs know.
  "modify_ldt",
  "iopl",
  "ioperm",
  "uselib",
  "sysfs",
  "ustat",
  "_sysctl",
  "nfsservctl",
  // Filters upon filters: each takes memory of the kernel.
  "seccomp",
  "landlock_create_ruleset",
  "landlock_add_rule",
  "landlock_restrict_self",
];

function refusals(calls: SyscallName[]): Rule[] {
  return calls.map((call) => ({ call, errno: EPERM }));
}
