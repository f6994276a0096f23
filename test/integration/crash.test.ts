/** Both daemons are killed at random moments while authors publish and services call. */
import { setTimeout as delay } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { AnnexError } from "../../proto/errors.ts";
import { ExtensionServiceDefinition } from "../../proto/gen/annex/control/v1/extension.ts";
import { connectRpc } from "../../proto/rpc/client.ts";
import { startAnnex, type TestAnnex } from "../support/annex.ts";
import { CrashModel, type Extensions } from "../support/crash-model.ts";
import { printedRandom, type Random } from "../support/random.ts";

const rounds = 200;
/** A publish takes a few tens of milliseconds: kills fall before, into and between some of them. */
const longestDelayMs = 120;
/** Every so often the host is given the time to catch up, and must. */
const roundsBetweenRests = 8;
const settleMs = 60_000;
/** Services do not call without a pause. */
const pauseMs = 5;

type Part = "controlplane" | "sandboxd";

test(
  "two hundred kill -9 of control plane and sandboxd lose nothing acknowledged and take no host backwards",
  { timeout: 20 * 60_000 },
  async () => {
    const random = printedRandom();
    const annex = await startAnnex({ sandboxd: ["--pool-size", "1"] });
    await annex.createContainer("acme");
    const models = ["one", "two"].map((name) => new CrashModel("acme", name));
    for (const model of models) await publishFirst(annex, model);
    const life = new Lives();
    const callers = models.map((model) => keepCalling(annex, model, life));

    for (let round = 1; round <= rounds; round++) {
      const parts = random.pick<Part[]>([
        ["controlplane"],
        ["controlplane"],
        ["sandboxd"],
        ["sandboxd"],
        ["controlplane", "sandboxd"],
      ]);
      await oneRound(annex, models, { random, life, parts });
      const isRest = round % roundsBetweenRests === 0;
      await withExtensions(annex, async (extensions) => {
        for (const model of models) await model.check(extensions);
        if (isRest && parts.includes("sandboxd"))
          for (const model of models) await settled(annex, extensions, model);
      });
    }

    life.end();
    await Promise.all(callers);
    await withExtensions(annex, async (extensions) => {
      for (const model of models) {
        await settled(annex, extensions, model);
        await model.checkAll(extensions);
        model.checkSightings();
        expect(model.seen).toBeGreaterThan(rounds / 10);
      }
    });
    expect(life.faults).toEqual([]);
  },
);

/** Which daemons live, and what went wrong while sandboxd did. */
class Lives {
  readonly faults: unknown[] = [];
  isOver = false;
  /** Counts the times sandboxd was killed. */
  deaths = 0;
  #back = Promise.withResolvers<void>();

  constructor() {
    this.#back.resolve();
  }

  sandboxdDies(): void {
    this.deaths += 1;
    this.#back = Promise.withResolvers();
  }

  sandboxdIsBack(): void {
    this.#back.resolve();
  }

  end(): void {
    this.isOver = true;
  }

  /** Resolves at once while sandboxd lives. */
  sandboxd(): Promise<void> {
    return this.#back.promise;
  }
}

async function publishFirst(
  annex: TestAnnex,
  model: CrashModel,
): Promise<void> {
  await withExtensions(annex, async (extensions) => {
    await model.publish(extensions, { activate: true, isBroken: false });
    await settled(annex, extensions, model);
  });
}

async function oneRound(
  annex: TestAnnex,
  models: CrashModel[],
  { random, life, parts }: { random: Random; life: Lives; parts: Part[] },
): Promise<void> {
  const stop = new AbortController();
  const authors = withExtensions(annex, (extensions) =>
    Promise.all(
      models.map((model) => author(extensions, model, random, stop.signal)),
    ),
  );
  await delay(random.next() * longestDelayMs);
  if (parts.includes("sandboxd")) life.sandboxdDies();
  await Promise.all(parts.map(async (part) => annex[part]?.kill()));
  stop.abort();
  const lost = (await authors).filter((error) => error !== undefined);
  // Only the control plane's own end excuses that an order was not acknowledged.
  if (!parts.includes("controlplane")) expect(lost).toEqual([]);
  await Promise.all(parts.map((part) => start(annex, part)));
  if (parts.includes("sandboxd")) life.sandboxdIsBack();
}

async function start(annex: TestAnnex, part: Part): Promise<void> {
  if (part === "controlplane") await annex.startControlPlane();
  else await annex.startSandboxd();
}

/** Gives orders one after the other until told to stop; gives the error that ended it. */
async function author(
  extensions: Extensions,
  model: CrashModel,
  random: Random,
  stop: AbortSignal,
): Promise<unknown> {
  try {
    while (!stop.aborted) await giveOrder(extensions, model, random);
    return undefined;
  } catch (error) {
    if (error instanceof AnnexError && error.code === "unavailable")
      return error;
    throw error;
  }
}

function giveOrder(
  extensions: Extensions,
  model: CrashModel,
  random: Random,
): Promise<void> {
  const chance = random.next();
  if (chance < 0.2) {
    const older = 1 + Math.floor(random.next() * model.versions);
    return model.activate(extensions, older);
  }
  return model.publish(extensions, {
    activate: chance < 0.9,
    isBroken: random.next() < 0.1,
  });
}

/** Calls as a service would, and remembers which versions answered. */
async function keepCalling(
  annex: TestAnnex,
  model: CrashModel,
  life: Lives,
): Promise<void> {
  const client = annex.client();
  while (!life.isOver) {
    await life.sandboxd();
    const { deaths } = life;
    const { sightings } = model;
    try {
      const { container, extension } = model;
      const outcome = await client.invoke({ container, extension });
      if (outcome.kind === "result")
        model.saw(sightings, outcome.version, outcome.payload);
      else life.faults.push(outcome);
    } catch (error) {
      if (deaths === life.deaths) life.faults.push(error);
    }
    await delay(pauseMs);
  }
}

/** The host takes the active version or refuses it; what it has taken answers. */
async function settled(
  annex: TestAnnex,
  extensions: Extensions,
  model: CrashModel,
): Promise<void> {
  const { container, extension } = model;
  let sightings = 0;
  const rollout = await vi.waitFor(
    async () => {
      ({ sightings } = model);
      const answer = await extensions.getRollout({ container, extension });
      // A host that is not back yet is none that could be waited for.
      expect(answer.rollout).toMatchObject({ subscribed: 1 });
      const { compiled = 0, refused = [] } = answer.rollout ?? {};
      expect(compiled + refused.length).toBe(1);
      return answer.rollout;
    },
    { timeout: settleMs, interval: 50 },
  );
  expect(rollout).toMatchObject({ version: model.active });
  if (rollout?.compiled !== 1) return;
  model.saw(sightings, model.active);
  const outcome = await annex.client().invoke({ container, extension });
  expect(outcome).toMatchObject({ kind: "result", version: model.active });
}

/** A connection of its own, so that none has to notice that its control plane was killed. */
async function withExtensions<Result>(
  annex: TestAnnex,
  work: (extensions: Extensions) => Promise<Result>,
): Promise<Result> {
  const { client, close } = connectRpc(ExtensionServiceDefinition, {
    address: annex.grpc,
    token: annex.adminToken,
  });
  try {
    return await work(client);
  } finally {
    close();
  }
}
