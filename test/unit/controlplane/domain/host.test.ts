import { expect, test } from "vitest";
import {
  withHeld,
  type HostVersion,
} from "../../../../controlplane/domain/host.ts";

function version(number: number, state: HostVersion["state"]): HostVersion {
  const refusal = { reason: "threw", message: "index.js:1:7: at start" };
  return {
    container: "acme",
    extension: "hello",
    version: number,
    state,
    ...(state === "refused" && { refusal }),
  };
}

function held(...told: HostVersion[]): string[] {
  const versions = told.reduce<ReadonlyMap<number, HostVersion> | undefined>(
    withHeld,
    undefined,
  );
  return [...(versions?.values() ?? [])].map(
    (one) => `${one.version} ${one.state}`,
  );
}

test("a version that serves takes the place of the one before", () => {
  expect(held(version(1, "warm"), version(2, "compiled"))).toEqual([
    "2 compiled",
  ]);
});

test("a refused version is still known when the one that serves becomes warm", () => {
  expect(
    held(
      version(1, "compiled"),
      version(2, "refused"),
      version(1, "warm"),
    ).toSorted(),
  ).toEqual(["1 warm", "2 refused"]);
});

test("an older version that was refused when it was activated again is still known too", () => {
  expect(
    held(
      version(2, "compiled"),
      version(1, "refused"),
      version(2, "warm"),
    ).toSorted(),
  ).toEqual(["1 refused", "2 warm"]);
});

test("a refused version is forgotten once a newer one serves", () => {
  expect(held(version(2, "refused"), version(3, "compiled"))).toEqual([
    "3 compiled",
  ]);
});

test("a quarantined version is still known when the one before serves in its place", () => {
  expect(
    held(
      version(2, "warm"),
      version(2, "quarantined"),
      version(1, "compiled"),
      version(1, "warm"),
    ),
  ).toEqual(["2 quarantined", "1 warm"]);
});

test("a quarantined version that serves again is quarantined no more", () => {
  expect(
    held(
      version(2, "quarantined"),
      version(1, "compiled"),
      version(2, "compiled"),
    ),
  ).toEqual(["2 compiled"]);
});

test("no more than eight quarantined versions are remembered beside the last that was told of", () => {
  const many = Array.from({ length: 20 }, (_, at) =>
    version(at + 1, "quarantined"),
  );
  expect(held(...many)).toHaveLength(9);
  expect(held(...many)[0]).toBe("12 quarantined");
});
