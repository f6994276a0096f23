/**
 * A program that makes system calls which Node never would: a small executable for x86-64, put together here. It makes each
 * call of a table in turn, puts what came back in the table, and writes the table to descriptor 3.
 */

/** Number and arguments. */
export type RawCall = readonly number[];

const fieldBytes = 8;
const rowBytes = 7 * fieldBytes;
const headerBytes = 64 + 56;
const origin = 0x400000;

/** The executable. */
export function rawCallsProgram(calls: readonly RawCall[]): Buffer {
  const code = loopOver(calls.length);
  const table = Buffer.alloc(calls.length * rowBytes);
  calls.forEach((call, row) =>
    call.forEach((value, field) =>
      table.writeBigInt64LE(BigInt(value), row * rowBytes + field * fieldBytes),
    ),
  );
  const size = headerBytes + code.length + table.length;
  return Buffer.concat([elfHeader(), programHeader(size), code, table]);
}

/** The executable that makes one call as i386 programs do: getpid. */
export function oldCallProgram(): Buffer {
  const code = Buffer.from(
    [
      [0xb8, 20, 0, 0, 0], // mov eax, 20
      [0xcd, 0x80], // int 0x80
      [0x0f, 0x0b], // ud2
    ].flat(),
  );
  const size = headerBytes + code.length;
  return Buffer.concat([elfHeader(), programHeader(size), code]);
}

/** What the kernel answered to each: a value, or minus an errno. */
export function answersIn(table: Buffer): number[] {
  return Array.from({ length: table.length / rowBytes }, (_, row) =>
    Number(table.readBigInt64LE(row * rowBytes)),
  );
}

function loopOver(count: number): Buffer {
  const code = Buffer.from(
    [
      [0x48, 0x8d, 0x1d, 0, 0, 0, 0], // lea rbx, [rip + table]
      [0x41, 0xbc, 0, 0, 0, 0], // mov r12d, count
      // each row:
      [0x48, 0x8b, 0x03], // mov rax, [rbx]
      [0x48, 0x8b, 0x7b, 8], // mov rdi, [rbx + 8]
      [0x48, 0x8b, 0x73, 16], // mov rsi, [rbx + 16]
      [0x48, 0x8b, 0x53, 24], // mov rdx, [rbx + 24]
      [0x4c, 0x8b, 0x53, 32], // mov r10, [rbx + 32]
      [0x4c, 0x8b, 0x43, 40], // mov r8, [rbx + 40]
      [0x4c, 0x8b, 0x4b, 48], // mov r9, [rbx + 48]
      [0x0f, 0x05], // syscall
      [0x48, 0x89, 0x03], // mov [rbx], rax
      [0x48, 0x83, 0xc3, rowBytes], // add rbx, rowBytes
      [0x41, 0xff, 0xcc], // dec r12d
      [0x75, 0xd6], // jnz row
      [0xb8, 1, 0, 0, 0], // mov eax, 1 (write)
      [0xbf, 3, 0, 0, 0], // mov edi, 3
      [0x48, 0x8d, 0x35, 0, 0, 0, 0], // lea rsi, [rip + table]
      [0xba, 0, 0, 0, 0], // mov edx, bytes
      [0x0f, 0x05], // syscall
      [0xb8, 231, 0, 0, 0], // mov eax, 231 (exit_group)
      [0x31, 0xff], // xor edi, edi
      [0x0f, 0x05], // syscall
    ].flat(),
  );
  const rowAt = 13;
  const jumpEnd = code.indexOf(Buffer.from([0x75, 0xd6])) + 2;
  const secondLea = code.indexOf(Buffer.from([0x48, 0x8d, 0x35]));
  code.writeInt8(rowAt - jumpEnd, jumpEnd - 1);
  code.writeInt32LE(code.length - 7, 3);
  code.writeInt32LE(code.length - (secondLea + 7), secondLea + 3);
  code.writeInt32LE(count, 9);
  code.writeInt32LE(count * rowBytes, secondLea + 8);
  return code;
}

function elfHeader(): Buffer {
  const header = Buffer.alloc(64);
  header.write("\x7fELF\x02\x01\x01", "latin1");
  header.writeUInt16LE(2, 16); // an executable
  header.writeUInt16LE(62, 18); // x86-64
  header.writeUInt32LE(1, 20);
  header.writeBigUInt64LE(BigInt(origin + headerBytes), 24); // where it begins
  header.writeBigUInt64LE(64n, 32); // where its one program header is
  header.writeUInt16LE(64, 52);
  header.writeUInt16LE(56, 54);
  header.writeUInt16LE(1, 56);
  return header;
}

/** All of the file, readable, writable and executable. */
function programHeader(size: number): Buffer {
  const header = Buffer.alloc(56);
  header.writeUInt32LE(1, 0);
  header.writeUInt32LE(7, 4);
  header.writeBigUInt64LE(BigInt(origin), 16);
  header.writeBigUInt64LE(BigInt(origin), 24);
  header.writeBigUInt64LE(BigInt(size), 32);
  header.writeBigUInt64LE(BigInt(size), 40);
  header.writeBigUInt64LE(0x1000n, 48);
  return header;
}
