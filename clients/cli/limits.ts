/** `--limit NAME=VALUE`, and limits as they are shown. */
import { type Command, InvalidArgumentError } from "commander";
import { ContainerLimits } from "../../proto/gen/annex/control/v1/container.ts";
import { PointLimits } from "../../proto/gen/annex/control/v1/point.ts";

/** Limits by their names on the wire, e.g. cpu_ms; 0: the default. */
export type LimitValues = Record<string, number>;

/** What `--limit` gave. */
export interface LimitFlags {
  limit?: LimitValues;
}

/** Adds `--limit` for a container's limits. */
export function withContainerLimits(command: Command): Command {
  return withLimits(command, namesOf(ContainerLimits.create()), hostsWord);
}

/** What a host makes of limits that say less than they seem to. */
const hostsWord =
  "; where memory_mb is less than heap_mb + 64 because one of them is a host's default, that host uses heap_mb + 64; 0 is the host's default, of max_queued_calls too: only a host itself can let no call wait (--max-queued-calls 0)";

/** Adds `--limit` for a point's limits. */
export function withPointLimits(command: Command): Command {
  return withLimits(command, namesOf(PointLimits.create()));
}

/** The limits that were given, over those there are. */
export function mergedLimits(
  before: object | undefined,
  { limit = {} }: LimitFlags,
): LimitValues {
  const given = Object.entries(limit).map(([name, value]) => [
    fieldOf(name),
    value,
  ]);
  return { ...before, ...Object.fromEntries(given) };
}

/** A container's limits, each under its name on the wire. */
export function containerLimitsJson(limits: ContainerLimits | undefined) {
  return limitsJson(limits ?? ContainerLimits.create());
}

/** A point's limits, each under its name on the wire. */
export function pointLimitsJson(limits: PointLimits | undefined) {
  return limitsJson(limits ?? PointLimits.create());
}

/** The limits that are set, as `--limit` takes them. */
export function shownLimits(limits: LimitValues): string {
  return Object.entries(limits)
    .filter(([, value]) => value !== 0)
    .map(([name, value]) => `${name}=${value}`)
    .join(", ");
}

function limitsJson(limits: ContainerLimits | PointLimits): LimitValues {
  const values = Object.entries<number>({ ...limits });
  return Object.fromEntries(
    values.map(([field, value]) => [wireNameOf(field), value]),
  );
}

function withLimits(command: Command, names: string[], more = ""): Command {
  const collect = (text: string, before: LimitValues = {}) => ({
    ...before,
    ...limitOf(text, names),
  });
  return command.option(
    "--limit <name=value>",
    `set a limit, or NAME=default for none; may be repeated: ${names.join(", ")}${more}`,
    collect,
  );
}

function limitOf(text: string, names: string[]): LimitValues {
  const [, given = "", value = ""] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  const name = given.replaceAll("-", "_");
  if (!names.includes(name))
    throw new InvalidArgumentError(
      `It must look like NAME=VALUE, where NAME is one of ${names.join(", ")}.`,
    );
  if (value === "default") return { [name]: 0 };
  if (!/^\d{1,10}$/.test(value))
    throw new InvalidArgumentError(
      `The value of ${name} must be a whole number, or default.`,
    );
  return { [name]: Number(value) };
}

function namesOf(limits: object): string[] {
  return Object.keys(limits).map(wireNameOf);
}

/** heapMb is heap_mb. */
function wireNameOf(field: string): string {
  return field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function fieldOf(name: string): string {
  return name.replaceAll(/_([a-z])/g, (_, letter: string) =>
    letter.toUpperCase(),
  );
}
