/** Labels: what a platform says of its containers, and by what egress proxies choose them. */
import { AnnexError } from "../../proto/errors.ts";
import { quote } from "./name.ts";

const maxLabels = 16;
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._\-/]{0,62}$/;
const valuePattern = /^[A-Za-z0-9._\-/]{0,63}$/;

/** Throws `invalid` unless they may be a container's labels; `field` says where they stand. */
export function checkLabels(
  field: string,
  labels: Record<string, string>,
): void {
  const entries = Object.entries(labels);
  if (entries.length > maxLabels)
    throw new AnnexError(
      "invalid",
      `${field} has ${entries.length} entries: at most ${maxLabels} are allowed`,
    );
  for (const [name, value] of entries) checkLabel(field, name, value);
}

/** Whether all of these are among them. */
export function hasLabels(
  labels: Record<string, string>,
  wanted: Record<string, string>,
): boolean {
  const present = new Map(Object.entries(labels));
  return Object.entries(wanted).every(
    ([name, value]) => present.get(name) === value,
  );
}

function checkLabel(field: string, name: string, value: string): void {
  if (!namePattern.test(name))
    throw new AnnexError(
      "invalid",
      `${field}: ${quote(name)} cannot name a label: a name is 1 to 63 of letters, digits and ._-/, beginning with a letter or digit`,
    );
  if (!valuePattern.test(value))
    throw new AnnexError(
      "invalid",
      `${field}: ${quote(value)} cannot be the value of label ${quote(name)}: a value is at most 63 of letters, digits and ._-/`,
    );
}
