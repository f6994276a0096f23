import { describe, expect, test } from "vitest";
import { assemble } from "../../../../../sandboxd/walls/seccomp/assemble.ts";
import {
  lastNumber,
  numberOf,
  type SyscallName,
} from "../../../../../sandboxd/walls/seccomp/numbers.ts";
import { rulesFor } from "../../../../../sandboxd/walls/seccomp/refused.ts";
import { judge } from "./bpf.ts";

const allowed = 0x7fff0000;
const killed = 0x80000000;
const refusedWith = (errno: number) => 0x00050000 + errno;
const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;

/** What Node was seen to call when it starts and serves, by its numbers on each architecture. */
const harmless = {
  x64: {
    architecture: 0xc000003e,
    other: 0x40000003, // AUDIT_ARCH_I386
    calls: {
      read: 0,
      write: 1,
      close: 3,
      mmap: 9,
      mprotect: 10,
      munmap: 11,
      rt_sigaction: 13,
      pread64: 17,
      madvise: 28,
      getpid: 39,
      execve: 59,
      exit: 60,
      futex: 202,
      epoll_pwait: 281,
      eventfd2: 290,
      pipe2: 293,
      prlimit64: 302,
      getrandom: 318,
      statx: 332,
      rseq: 334,
    },
  },
  arm64: {
    architecture: 0xc00000b7,
    other: 0x40000028, // AUDIT_ARCH_ARM
    calls: {
      eventfd2: 19,
      epoll_pwait: 22,
      close: 57,
      pipe2: 59,
      read: 63,
      write: 64,
      pread64: 67,
      exit: 93,
      futex: 98,
      rt_sigaction: 134,
      getpid: 172,
      munmap: 215,
      execve: 221,
      mmap: 222,
      mprotect: 226,
      madvise: 233,
      prlimit64: 261,
      getrandom: 278,
      statx: 291,
      rseq: 293,
    },
  },
} as const;

describe.each(["x64", "arm64"] as const)("the filter for %s", (name) => {
  const { architecture, other, calls } = harmless[name];
  const executor = assemble(rulesFor(false), name);
  const broker = assemble(rulesFor(true), name);

  const verdict = (
    program: Buffer,
    call: SyscallName | number,
    ...args: bigint[]
  ) => {
    const number = typeof call === "number" ? call : numberOf(call, name);
    if (number === undefined) throw new Error(`${name} has no ${call}`);
    return judge(program, { number, architecture, args });
  };

  test("refuses every call of the list", () => {
    for (const { call, errno, unless } of rulesFor(false)) {
      const number = numberOf(call, name);
      if (number === undefined || unless) continue;
      expect(verdict(executor, number), call).toBe(refusedWith(errno));
    }
  });

  test.each(Object.entries(calls))("allows %s", (_, number) => {
    expect(verdict(executor, number)).toBe(allowed);
    expect(verdict(broker, number)).toBe(allowed);
  });

  test("kills what calls by another architecture's convention", () => {
    for (const wrong of [other, 0, 0xffffffff])
      expect(judge(executor, { number: 0, architecture: wrong })).toBe(killed);
  });

  test("does not know calls newer than its table, nor x32's", () => {
    for (const number of [lastNumber + 1, 0x40000000, 0x40000029, 0xffffffff])
      expect(verdict(executor, number)).toBe(refusedWith(ENOSYS));
    expect(verdict(executor, lastNumber)).not.toBe(refusedWith(ENOSYS));
  });

  test("gives an executor no socket, and a broker only those of the internet", () => {
    const families = Array.from({ length: 46 }, (_, family) => family);
    const given = (program: Buffer) =>
      families.filter(
        (family) =>
          verdict(program, "socket", BigInt(family)) !==
          refusedWith(EAFNOSUPPORT),
      );
    expect(given(executor)).toEqual([]);
    expect(given(broker)).toEqual([2, 10]);
    expect(verdict(broker, "connect")).toBe(allowed);
    expect(verdict(broker, "listen")).toBe(refusedWith(EPERM));
  });

  test("looks at no more of an argument than the kernel does", () => {
    const high = 1n << 32n;
    expect(verdict(broker, "socket", high | 1n)).toBe(
      refusedWith(EAFNOSUPPORT),
    );
    expect(verdict(executor, "ioctl", 0n, high | 0x5412n)).toBe(
      refusedWith(EPERM),
    );
    expect(verdict(executor, "clone", high | 0x10000n)).toBe(allowed);
  });

  test("lets threads begin and nothing else", () => {
    const thread = 0x3d0f00n;
    expect(verdict(executor, "clone", thread)).toBe(allowed);
    expect(verdict(executor, "clone", 17n)).toBe(refusedWith(EPERM));
    for (const bit of [17n, 25n, 26n, 27n, 28n, 29n, 30n])
      expect(verdict(executor, "clone", thread | (1n << bit))).toBe(
        refusedWith(EPERM),
      );
    expect(verdict(executor, "clone3")).toBe(refusedWith(ENOSYS));
  });

  test("lets nobody type into a terminal or change personality", () => {
    for (const request of [0x5412n, 0x541cn, 0x5423n])
      expect(verdict(executor, "ioctl", 0n, request)).toBe(refusedWith(EPERM));
    expect(verdict(executor, "ioctl", 0n, 0x5401n)).toBe(allowed);
    expect(verdict(executor, "personality", 0n)).toBe(allowed);
    expect(verdict(executor, "personality", 0x0040000n)).toBe(
      refusedWith(EPERM),
    );
  });
});
