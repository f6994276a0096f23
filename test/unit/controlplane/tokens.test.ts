import { expect, test } from "vitest";
import { operatorToken } from "../../../controlplane/tokens.ts";
import {
  callersOf,
  startTestControlPlane,
} from "../../support/controlplane.ts";

test("gives the operator a token while the control plane runs, and while it does not", async () => {
  const controlplane = await startTestControlPlane();
  const state = {
    file: controlplane.config.databaseFile,
    masterKeyFile: controlplane.config.masterKeyFile,
    now: Date.now,
  };
  const beside = await operatorToken(state, "admin");
  const running = callersOf(controlplane, "http", beside).containers;
  expect((await running.listContainers({})).containers).toEqual([]);
  await controlplane.close();
  const alone = await operatorToken(state, "admin");

  const again = await startTestControlPlane(controlplane.config.home);
  const restarted = callersOf(again, "http", alone).containers;
  expect((await restarted.listContainers({})).containers).toEqual([]);
});
