/** Containers, and what an admin may set for each. */
import { checkTrustGroupName } from "./name.ts";
import { egressRulesOf } from "./egress-rule.ts";
import { checkLabels } from "./labels.ts";
import {
  checkContainerLimits,
  noContainerLimits,
  type ContainerLimits,
} from "./limits.ts";

/** A container: the isolation scope, usually one tenant. */
export interface Container extends ContainerSettings {
  name: string;
  createdAtMs: number;
  etag: string;
}

/** What holds for a container's code. */
export interface ContainerSettings {
  /** Of the platform's own choosing. */
  labels: Record<string, string>;
  /** Containers of the same group may share an executor; empty: it shares with nobody. */
  trustGroup: string;
  limits: ContainerLimits;
  egress: ContainerEgress;
}

/** Where a container's code may connect to, as rules. */
export interface ContainerEgress {
  /** Empty: every public address. */
  allow: string[];
  /** Wins over `allow`. */
  deny: string[];
}

/** Settings to be changed; what is unset stays. */
export type ContainerChange = {
  [Name in keyof ContainerSettings]?: ContainerSettings[Name] | undefined;
};

/** Of a container that nobody has set anything for. */
export const noContainerSettings: ContainerSettings = {
  labels: {},
  trustGroup: "",
  limits: noContainerLimits,
  egress: { allow: [], deny: [] },
};

/** The settings after a change, its rules in their one spelling; throws `invalid`. */
export function changedSettings(
  before: ContainerSettings,
  change: ContainerChange,
): ContainerSettings {
  const { labels, trustGroup, limits, egress } = change;
  if (labels) checkLabels("labels", labels);
  if (trustGroup) checkTrustGroupName(trustGroup);
  if (limits) checkContainerLimits(limits);
  return {
    labels: labels ?? before.labels,
    trustGroup: trustGroup ?? before.trustGroup,
    limits: limits ?? before.limits,
    egress: egress
      ? {
          allow: egressRulesOf("egress.allow", egress.allow),
          deny: egressRulesOf("egress.deny", egress.deny),
        }
      : before.egress,
  };
}
