/**
 * The prelude itself: this function's text stands before an author's code and runs in the sandbox, so it uses nothing but
 * its parameters and the language (prelude.ts).
 */
/* oxlint-disable unicorn/consistent-function-scoping -- outside of the function is outside of its text */

/** What the prelude is told of a bundle. */
export interface Linkage {
  /** The entry's file name. */
  entry: string;
  /** The file names that `require.resolve` finds. */
  files: string[];
  /** Packages by the name they were asked for. */
  packages: Record<string, string>;
}

/** A module as Node makes one. */
interface FileModule {
  exports: unknown;
  id?: string;
  filename?: string;
  loaded?: boolean;
  children?: FileModule[];
}

type Require = ((name: string) => unknown) & {
  resolve?: (name: string) => string;
};

/** Gives a bundle its `require` and each of its files a `module`. `entryModule` is the one that is exported from. */
export function linkFiles(
  hostRequire: Require,
  entryModule: FileModule,
  linkage: Linkage,
) {
  const known = new Set(linkage.files);
  const loaders = new Map<string, () => unknown>();
  const cache: Record<string, FileModule> = Object.create(null);
  const folderOf = (name: string) =>
    name.slice(0, name.lastIndexOf("/")) || "/";
  const join = (folder: string, name: string) => {
    const parts: string[] = [];
    const whole = name.startsWith("/") ? name : `${folder}/${name}`;
    for (const part of whole.split("/")) {
      if (part === "..") parts.pop();
      else if (part !== "." && part !== "") parts.push(part);
    }
    return `/${parts.join("/")}`;
  };
  const endings = [
    "",
    ".js",
    ".json",
    ".cjs",
    ".mjs",
    ".ts",
    "/index.js",
    "/index.json",
    "/index.ts",
  ];
  const fileAt = (name: string) =>
    endings.map((ending) => name + ending).find((one) => known.has(one));
  const foldersAbove = (folder: string) => {
    const parts = folder.split("/").filter(Boolean);
    return parts.map((_, at) => `/${parts.slice(0, at + 1).join("/")}`);
  };
  const modulesAbove = (folder: string) =>
    ["", ...foldersAbove(folder)]
      .filter((one) => !one.endsWith("/node_modules"))
      .map((one) => `${one}/node_modules`)
      .toReversed();
  const notFound = (name: string, from: string) =>
    Object.assign(
      new Error(`Cannot find module '${name}'\nRequire stack:\n- ${from}`),
      { code: "MODULE_NOT_FOUND", requireStack: [from] },
    );
  const isPath = (name: string) => /^(\/|\.\.?(\/|$))/.test(name);
  const resolve = (from: string, name: string): string => {
    if (typeof name !== "string")
      throw Object.assign(
        new TypeError(
          'The "request" argument must be of type string. Received ' +
            (name === null ? "null" : typeof name),
        ),
        { code: "ERR_INVALID_ARG_TYPE" },
      );
    const folder = folderOf(from);
    const found = isPath(name)
      ? fileAt(join(folder, name))
      : (linkage.packages[name] ??
        modulesAbove(folder)
          .map((one) => fileAt(`${one}/${name}`))
          .find(Boolean));
    if (found !== undefined) return found;
    if (!isPath(name))
      return hostRequire.resolve ? hostRequire.resolve(name) : name;
    throw notFound(name, from);
  };
  const hidden = (value: unknown) => ({
    value,
    writable: true,
    configurable: true,
  });
  const describe = (
    module: FileModule,
    filename: string,
    parent: FileModule | undefined,
  ) => {
    const folder = folderOf(filename);
    const described = Object.assign(module, {
      id: filename,
      path: folder,
      filename,
      loaded: false,
      children: [],
      paths: modulesAbove(folder),
    });
    Object.defineProperties(module, {
      parent: hidden(parent),
      require: hidden((name: string) => require(name)),
      $resolve: hidden((name: string) => resolve(filename, name)),
    });
    parent?.children?.push(module);
    return described;
  };
  const main = describe({ exports: {} }, linkage.entry, undefined);
  main.id = ".";
  let current: FileModule = describe(entryModule, linkage.entry, main);
  cache[linkage.entry] = entryModule;
  void Promise.resolve().then(() => {
    entryModule.loaded = true;
  });
  const require = Object.assign(
    (name: string) => {
      const file =
        typeof name === "string" && isPath(name)
          ? fileAt(join(folderOf(linkage.entry), name))
          : undefined;
      const load = file === undefined ? undefined : loaders.get(file);
      return load ? load() : hostRequire(name);
    },
    {
      main,
      cache,
      resolve: (name: string) => resolve(linkage.entry, name),
    },
  );
  return {
    require,
    file: (
      files: Record<string, (exports: unknown, module: FileModule) => void>,
      name: string,
    ) => {
      const filename = `/${name}`;
      let module: FileModule | undefined;
      const load = () => {
        if (module !== undefined && cache[filename] === module)
          return module.exports;
        const asking = current;
        const loading =
          filename === linkage.entry
            ? entryModule
            : describe({ exports: {} }, filename, asking);
        module = loading;
        cache[filename] = loading;
        current = loading;
        try {
          files[name]?.(loading.exports, loading);
          loading.loaded = true;
        } catch (thrown) {
          module = undefined;
          throw thrown;
        } finally {
          current = asking;
        }
        return loading.exports;
      };
      loaders.set(filename, load);
      return load;
    },
    // The files that a computed path can mean, by the path with its ending.
    computed: (files: Record<string, () => unknown>) => (name: string) => {
      const found = endings.find((ending) =>
        Object.hasOwn(files, name + ending),
      );
      if (found === undefined)
        throw notFound(name, current.filename ?? linkage.entry);
      return files[name + found]?.();
    },
    exporting: (getters: Record<string, () => unknown>) => {
      const exported = Object.defineProperty({}, "__esModule", {
        value: true,
      });
      for (const [name, get] of Object.entries(getters))
        Object.defineProperty(exported, name, { get, enumerable: true });
      return exported;
    },
    meta: (filename: string, url: string) =>
      Object.assign(Object.create(null), {
        dirname: folderOf(filename),
        filename,
        main: false,
        resolve: (name: string) => {
          if (/^[a-z][a-z0-9+.-]*:/i.test(name) || isPath(name))
            return new URL(name, url).href;
          const found = resolve(filename, name);
          if (found.startsWith("/")) return new URL(found, url).href;
          return found.startsWith("node:") ? found : `node:${found}`;
        },
        url,
      }),
  };
}
