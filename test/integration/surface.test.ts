/** What of Node is in the isolate stays there: of each builtin a few members, by what they do beside plain Node. */
import { afterAll, beforeAll, expect, test } from "vitest";
import floors from "../surface/floors.json" with { type: "json" };
import { measure } from "../surface/measure.ts";
import { sliceOf } from "../surface/slice.ts";
import { setStage } from "../surface/stage.ts";

let stage: Awaited<ReturnType<typeof setStage>>;

beforeAll(async () => {
  stage = await setStage();
}, 60_000);

afterAll(() => stage?.close());

const offered = Object.entries(floors).filter(([, floor]) => floor > 0);

test.each(offered)(
  "of %s at least %i members of its slice do what Node's do",
  async (module, floor) => {
    const { findings } = await measure(module, stage, await sliceOf(module));
    const absent = findings.filter(({ isPresent }) => !isPresent);
    expect(
      findings.length - absent.length,
      JSON.stringify(absent, undefined, 1),
    ).toBeGreaterThanOrEqual(floor);
  },
);
