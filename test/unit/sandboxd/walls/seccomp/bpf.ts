/** A machine for classic BPF, as far as filters of system calls use it. */

/** What the kernel gives a filter to judge: struct seccomp_data. */
export interface Syscall {
  number: number;
  /** As audit.h names it. */
  architecture: number;
  args?: readonly bigint[];
}

/** Runs the program and gives its verdict; throws where the kernel would not have loaded it. */
export function judge(program: Buffer, call: Syscall): number {
  const data = dataOf(call);
  let accumulator = 0;
  for (let at = 0; at < program.length; at += 8) {
    const [code, value] = [
      program.readUInt16LE(at),
      program.readUInt32LE(at + 4),
    ];
    const skip = (holds: boolean) =>
      void (at += 8 * program.readUInt8(at + (holds ? 2 : 3)));
    if (code === 0x06) return value;
    else if (code === 0x20) accumulator = data.readUInt32LE(value);
    else if (code === 0x15) skip(accumulator === value);
    else if (code === 0x25) skip(accumulator > value);
    else if (code === 0x45) skip((accumulator & value) !== 0);
    else throw new Error(`no such instruction: ${code}`);
  }
  throw new Error("the program does not end with a verdict");
}

function dataOf({ number, architecture, args = [] }: Syscall): Buffer {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(number, 0);
  data.writeUInt32LE(architecture, 4);
  args.forEach((arg, index) =>
    data.writeBigUInt64LE(BigInt.asUintN(64, arg), 16 + 8 * index),
  );
  return data;
}
