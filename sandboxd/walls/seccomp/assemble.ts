/** Turns rules about system calls into the program the kernel runs before each: classic BPF. */
import { lastNumber, numberOf, type Architecture } from "./numbers.ts";
import { ENOSYS, type Condition, type Rule } from "./refused.ts";

/**
 * The program as bubblewrap reads it. Each rule is a block that the next one follows, so that no jump is longer than a block
 * and none can be out of a byte's reach; for calls that are always allowed the kernel remembers so and does not run it.
 */
export function assemble(
  rules: readonly Rule[],
  architecture: Architecture,
): Buffer {
  const program = [
    load(architectureOffset),
    ...orElse("is", auditArchitectures[architecture], killProcess),
    load(numberOffset),
    // The 32-bit pointers' variant of x86-64 (x32) has numbers above 2^30 for the same calls.
    ...where("above", lastNumber, [giveBack(refuse(ENOSYS))]),
    ...rules.flatMap((rule) => ruleBlock(rule, architecture)),
    giveBack(allow),
  ];
  return Buffer.concat(program.map(encode));
}

interface Instruction {
  code: number;
  /** Instructions to skip where the test holds, and where it does not. */
  jumpTrue?: number;
  jumpFalse?: number;
  value: number;
}

// linux/bpf_common.h
const loadWord = 0x20;
const returnValue = 0x06;
const tests = { is: 0x15, above: 0x25, hasBits: 0x45 };

// linux/seccomp.h: actions, and where in what is judged the number, the architecture and the arguments lie.
const killProcess = 0x80000000;
const allow = 0x7fff0000;
const refuse = (errno: number) => 0x00050000 | errno;
const numberOffset = 0;
const architectureOffset = 4;
const argumentsOffset = 16;
const argumentBytes = 8;

/** linux/audit.h */
const auditArchitectures = { x64: 0xc000003e, arm64: 0xc00000b7 };

function ruleBlock(rule: Rule, architecture: Architecture): Instruction[] {
  const number = numberOf(rule.call, architecture);
  if (number === undefined) return [];
  const refusal = refuse(rule.errno);
  const body = rule.unless
    ? conditionBlock(rule.unless, refusal)
    : [giveBack(refusal)];
  return where("is", number, body);
}

/** Ends in every case: the number is no longer at hand after it. Little endian: the lower half of an argument comes first. */
function conditionBlock(condition: Condition, refusal: number): Instruction[] {
  const { argument, isOneOf, isNoneOf = [], hasBit, hasNoneOfBits } = condition;
  const refused = [giveBack(refusal)];
  return [
    load(argumentsOffset + argument * argumentBytes),
    ...isNoneOf.flatMap((value) => where("is", value, refused)),
    ...(hasNoneOfBits ? where("hasBits", hasNoneOfBits, refused) : []),
    ...(hasBit ? orElse("hasBits", hasBit, refusal) : []),
    ...(isOneOf ?? []).flatMap((value) =>
      where("is", value, [giveBack(allow)]),
    ),
    giveBack(isOneOf ? refusal : allow),
  ];
}

/** The body runs where the test holds. */
function where(
  test: keyof typeof tests,
  value: number,
  body: Instruction[],
): Instruction[] {
  return [{ code: tests[test], jumpFalse: body.length, value }, ...body];
}

/** Ends with `action` where the test does not hold. */
function orElse(
  test: keyof typeof tests,
  value: number,
  action: number,
): Instruction[] {
  return [{ code: tests[test], jumpTrue: 1, value }, giveBack(action)];
}

function load(offset: number): Instruction {
  return { code: loadWord, value: offset };
}

function giveBack(action: number): Instruction {
  return { code: returnValue, value: action };
}

/** As struct sock_filter. A jump beyond a byte throws here. */
function encode({ code, jumpTrue = 0, jumpFalse = 0, value }: Instruction) {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt8(jumpTrue, 2);
  bytes.writeUInt8(jumpFalse, 3);
  bytes.writeUInt32LE(value, 4);
  return bytes;
}
