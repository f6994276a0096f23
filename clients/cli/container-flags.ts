/** The options of `container create` and `update` that say what holds for a container. */
import { type Command, Option } from "commander";
import type {
  Container,
  ContainerEgress,
} from "../../proto/gen/annex/control/v1/container.ts";
import {
  type LimitFlags,
  mergedLimits,
  withContainerLimits,
} from "./limits.ts";
import { collect, collectPair } from "./verb.ts";

/** What was given. */
export interface ContainerFlags extends LimitFlags {
  label?: Record<string, string>;
  removeLabel?: string[];
  /** False: none. */
  trustGroup?: string | false;
  allow?: string[];
  allowAny?: boolean;
  deny?: string[];
  denyNone?: boolean;
}

/** Adds the options. */
export function withContainerSettings(command: Command): Command {
  withContainerLimits(
    command
      .option(
        "--label <name=value>",
        "set a label; may be repeated",
        collectPair,
      )
      .option(
        "--trust-group <name>",
        "let its code share executors with the other containers of this group",
      )
      .option("--no-trust-group", "let it share executors with nobody"),
  );
  return command
    .addOption(
      new Option(
        "--allow <rule>",
        "let its code connect there and nowhere else: a host, *.domain, an address or a range, with an optional :port; private addresses open by `annex egress update --internal-host` alone; may be repeated",
      ).argParser(collect),
    )
    .addOption(
      new Option(
        "--allow-any",
        "let its code connect to every public address",
      ).conflicts("allow"),
    )
    .addOption(
      new Option(
        "--deny <rule>",
        "never let its code connect there; may be repeated",
      ).argParser(collect),
    )
    .addOption(
      new Option("--deny-none", "take all --deny rules away").conflicts("deny"),
    );
}

/** What they make of the settings there are; only what they name. */
export function settingsOf(
  flags: ContainerFlags,
  before: Partial<Container> = {},
) {
  const { label, removeLabel = [], trustGroup, limit } = flags;
  const labels = Object.entries({ ...before.labels, ...label }).filter(
    ([name]) => !removeLabel.includes(name),
  );
  return {
    ...((label || flags.removeLabel) && {
      labels: Object.fromEntries(labels),
    }),
    ...(trustGroup !== undefined && { trustGroup: trustGroup || "" }),
    ...(limit && { limits: mergedLimits(before.limits, flags) }),
    ...(namesEgress(flags) && { egress: egressOf(flags, before.egress) }),
  };
}

/** Whether they change a part of something, which must be read first. */
export function needsPresent(flags: ContainerFlags): boolean {
  const { label, removeLabel, limit } = flags;
  return Boolean(label || removeLabel || limit || namesEgress(flags));
}

function namesEgress(flags: ContainerFlags): boolean {
  const { allow, allowAny, deny, denyNone } = flags;
  return Boolean(allow || allowAny || deny || denyNone);
}

function egressOf(
  { allow, allowAny, deny, denyNone }: ContainerFlags,
  before: ContainerEgress | undefined,
): ContainerEgress {
  return {
    allow: allow ?? (allowAny ? [] : (before?.allow ?? [])),
    deny: deny ?? (denyNone ? [] : (before?.deny ?? [])),
  };
}
