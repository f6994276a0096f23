/** The control plane's state in one SQLite file, one owner of it at a time. */
import { backupDatabase } from "./backup.ts";
import { changeStore, type ChangeStore } from "./changes.ts";
import { containerStore, type ContainerStore } from "./containers.ts";
import { openDatabase } from "./db.ts";
import { egressStore, type EgressStore } from "./egress.ts";
import { extensionStore, type ExtensionStore } from "./extensions.ts";
import { unlock } from "./history.ts";
import { lockFolderOf, type FolderLock } from "./lock.ts";
import { pointStore, type PointStore } from "./points.ts";
import { secretStore, type SecretStore } from "./secrets.ts";
import { tokenStore, type TokenStore } from "./tokens.ts";
import { transactionsOf } from "./transactions.ts";
import { versionStore, type VersionStore } from "./versions.ts";

/** Where the state lies. */
export interface StoreOptions {
  /** The database; created, with its folder, where missing. */
  file: string;
  /** The key that seals secrets; created where missing and the database is new. */
  masterKeyFile: string;
  /** Milliseconds since 1970. */
  now: () => number;
}

/** Everything the control plane keeps. What a promise here has resolved for survives kill -9 and loss of power. */
export interface Store {
  containers: ContainerStore;
  points: PointStore;
  egress: EgressStore;
  extensions: ExtensionStore;
  versions: VersionStore;
  secrets: SecretStore;
  tokens: TokenStore;
  changes: ChangeStore;
  /** Writes a backup while everything goes on; the master key is not in it. */
  backupTo(file: string): Promise<void>;
  /** May be called twice. */
  close(): Promise<void>;
}

/** Opens the store for this process alone; refused with precondition while another control plane has it. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const lock = lockFolderOf(options.file);
  try {
    return await openLocked(options, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function openLocked(
  options: StoreOptions,
  lock: FolderLock,
): Promise<Store> {
  const db = await openDatabase(options.file);
  try {
    const masterKey = await unlock(db, options);
    const transactions = transactionsOf(db, options.now);
    return {
      containers: containerStore(transactions),
      points: pointStore(transactions),
      egress: egressStore(transactions, masterKey),
      extensions: extensionStore(transactions, masterKey),
      versions: versionStore(transactions, masterKey),
      secrets: secretStore(transactions, masterKey),
      tokens: tokenStore(transactions, masterKey),
      changes: changeStore(transactions),
      backupTo: (backupFile) =>
        backupDatabase({ databaseFile: options.file, backupFile }),
      async close() {
        await transactions.close();
        lock.release();
      },
    };
  } catch (error) {
    await db.destroy();
    throw error;
  }
}
