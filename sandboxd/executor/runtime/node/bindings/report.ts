/** Reports on the process: what they would hold, without what is the platform's. Nothing writes them anywhere. */
import { heapBytesOf } from "../heap.ts";
import type { Exports, RealmParts } from "../realm.ts";
import { refusal } from "../unavailable.ts";

export function createBinding(parts: RealmParts): Exports {
  const settings: Exports = {
    Directory: "",
    Filename: "",
    Compact: false,
    ExcludeNetwork: false,
    ExcludeEnv: false,
    Signal: "SIGUSR2",
  };
  const triggers: Exports = {
    ReportOnFatalError: false,
    ReportOnSignal: false,
    ReportOnUncaughtException: false,
  };
  const binding: Exports = {
    getReport: (error: unknown) => JSON.stringify(reportOf(parts, error)),
    writeReport: () => {
      throw refusal(
        "process.report.writeReport",
        "an extension has no files that last; getReport gives the same",
      );
    },
  };
  for (const name of Object.keys(settings)) {
    binding[`get${name}`] = () => settings[name];
    binding[`set${name}`] = (value: unknown) => {
      settings[name] = value;
    };
  }
  for (const name of Object.keys(triggers)) {
    binding[`should${name}`] = () => triggers[name];
    binding[`set${name}`] = (value: unknown) => {
      triggers[name] = value;
    };
  }
  return binding;
}

function reportOf(parts: RealmParts, error: unknown): object {
  const { process } = parts;
  const { message, stack } = Object(error);
  const [, ...frames] = String(stack).split("\n");
  const { total, used, limit, external } = heapBytesOf(parts);
  return {
    header: {
      reportVersion: 5,
      event: "JavaScript API",
      trigger: "GetReport",
      dumpEventTime: new Date().toISOString(),
      processId: process["pid"],
      threadId: 0,
      nodejsVersion: process["version"],
      arch: process["arch"],
      platform: process["platform"],
      componentVersions: process["versions"],
      release: process["release"],
    },
    javascriptStack: {
      message: `Error: ${String(message)}`,
      stack: frames.map((frame) => frame.trim()),
      errorProperties: {},
    },
    javascriptHeap: {
      totalMemory: total,
      usedMemory: used,
      memoryLimit: limit,
      externalMemory: external,
    },
    environmentVariables: { ...Object(process["env"]) },
    userLimits: {},
    sharedObjects: [],
  };
}
