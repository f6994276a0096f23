import { expect, test } from "vitest";
import { AnnexError } from "../../../../proto/errors.ts";
import { InvokeRequest } from "../../../../proto/gen/annex/invoke/v1/invoke.ts";
import {
  createInvoker,
  type Run,
} from "../../../../sandboxd/invoke/invoker.ts";
import type {
  LoadableVersion,
  ServedExtension,
} from "../../../../sandboxd/invoke/versions.ts";

test("a call whose version ceased to serve before it could be loaded runs on the one that serves now", async () => {
  const host = hostServing(1);
  const response = await host.invoke((version) => {
    host.serve(2);
    return version.key.startsWith("hello@1") ? bundleGone() : answered();
  });
  expect(response).toMatchObject({ version: 2 });
});

test("a version that serves and cannot be read fails its call", async () => {
  const host = hostServing(1);
  await expect(host.invoke(bundleGone)).rejects.toMatchObject({
    code: "unavailable",
  });
});

function hostServing(number: number) {
  let serving = extension(number);
  const limits = {
    wallMs: 1000,
    syncMs: 1000,
    maxPayloadBytes: 1024,
    cpuMs: 1000,
    maxRunningCalls: 1,
    maxQueuedCalls: 0,
  };
  return {
    serve(next: number) {
      serving = extension(next);
    },
    invoke(run: (version: LoadableVersion) => Promise<Run>) {
      const catalog = {
        hasContainer: () => true,
        extension: () => serving,
        bound: () => undefined,
        containerSettings: () => undefined,
        pointLimits: () => undefined,
        readBundle: bundleGone,
        readInline: bundleGone,
      };
      const invoker = createInvoker(limits, {
        catalog,
        run,
        buildInline: () => Promise.resolve(undefined),
        record: () => undefined,
      });
      const request = InvokeRequest.create({
        container: "acme",
        target: { $case: "extension", value: "hello" },
      });
      return invoker.invoke(request, { mayManage: false });
    },
  };
}

function extension(number: number): ServedExtension {
  return {
    container: "acme",
    extension: "hello",
    enabled: true,
    version: { number, digest: `digest of ${number}` },
    secrets: {},
    meta: {},
  };
}

function bundleGone(): Promise<never> {
  return Promise.reject(new AnnexError("unavailable", "it is not held"));
}

function answered(): Promise<Run> {
  return Promise.resolve({
    outcome: {
      kind: "answered",
      payload: Buffer.from("1"),
      contentType: "application/json",
      httpStatus: 200,
      headers: [],
    },
    isCold: true,
    isUnloadable: false,
    admittedAt: 0,
    acquiredAt: 0,
    loadedAt: 0,
    endedAt: 0,
    runUs: 0,
    compileUs: 0,
    egress: [],
  });
}
