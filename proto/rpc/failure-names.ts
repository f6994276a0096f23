/** Failure reasons and sources between their names in code and their numbers on the wire. */
import type { FailureReason, FailureSource } from "../errors.ts";
import {
  FailureReason as ReasonNumber,
  FailureSource as SourceNumber,
} from "../gen/annex/invoke/v1/invoke.ts";

const reasonNames = namesOf<FailureReason>(ReasonNumber);
const sourceNames = namesOf<FailureSource>(SourceNumber);
const reasonNumbers = numbersOf(ReasonNumber);
const sourceNumbers = numbersOf(SourceNumber);

export function reasonNumberOf(reason: FailureReason): ReasonNumber {
  return reasonNumbers.get(reason) ?? ReasonNumber.UNSPECIFIED;
}

export function sourceNumberOf(source: FailureSource): SourceNumber {
  return sourceNumbers.get(source) ?? SourceNumber.UNSPECIFIED;
}

/** Undefined for a number this release does not know. */
export function reasonNameOf(number: number): FailureReason | undefined {
  return reasonNames.get(number);
}

/** Undefined for a number this release does not know. */
export function sourceNameOf(number: number): FailureSource | undefined {
  return sourceNames.get(number);
}

function namesOf<Name extends string>(
  numbers: Record<string, number>,
): ReadonlyMap<number, Name> {
  const entries = Object.entries(numbers)
    .filter(([, number]) => number !== 0)
    .map(([name, number]) => [number, name.toLowerCase() as Name] as const); // a test holds both lists together
  return new Map(entries);
}

function numbersOf<Numbers extends Record<string, number>>(
  numbers: Numbers,
): ReadonlyMap<string, Numbers[keyof Numbers]> {
  const entries = Object.entries(numbers).map(
    ([name, number]) =>
      [name.toLowerCase(), number as Numbers[keyof Numbers]] as const, // Object.entries forgets it
  );
  return new Map(entries);
}
