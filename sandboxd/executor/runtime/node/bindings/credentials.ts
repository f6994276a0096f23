/** Who the process runs as: nobody in particular, who can become no other. */
import type { Exports, RealmParts } from "../realm.ts";

const userId = 1000;

const own = () => userId;
const refuse = () => {
  const error = new Error("operation not permitted");
  throw Object.assign(error, { code: "EPERM", errno: -1 });
};

export function createBinding({ process }: RealmParts): Exports {
  const environment = (name: string): unknown =>
    Reflect.get(Object(process["env"]), name);
  return {
    implementsPosixCredentials: true,
    safeGetenv: environment,
    getTempDir: () => {
      const names = ["TMPDIR", "TMP", "TEMP"];
      const path = names.map(environment).find((value) => value);
      if (typeof path !== "string") return "/tmp";
      return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
    },
    getuid: own,
    geteuid: own,
    getgid: own,
    getegid: own,
    getgroups: () => [userId],
    setuid: refuse,
    seteuid: refuse,
    setgid: refuse,
    setegid: refuse,
    setgroups: refuse,
    initgroups: refuse,
  };
}
