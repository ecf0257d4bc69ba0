// Keeps a peer's device, keys and session in a file, and brings them back.
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { deserialize, serialize } from "node:v8";
import { peer } from "./context.mjs";

const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

// dump reads every database of the in-memory IndexedDB into one value that v8 can serialise.
async function dump() {
  const all = [];
  for (const { name, version } of await indexedDB.databases()) {
    const db = await done(indexedDB.open(name));
    const stores = [];
    for (const storeName of db.objectStoreNames) {
      const store = db.transaction(storeName).objectStore(storeName);
      const indexes = [...store.indexNames].map((n) => store.index(n)).map((i) => ({
        name: i.name, keyPath: i.keyPath, unique: i.unique, multiEntry: i.multiEntry,
      }));
      const [keys, values] = await Promise.all([done(store.getAllKeys()), done(store.getAll())]);
      stores.push({ name: storeName, keyPath: store.keyPath, autoIncrement: store.autoIncrement, indexes, keys, values });
    }
    db.close();
    all.push({ name, version, stores });
  }
  return all;
}

async function restore(all) {
  for (const { name, version, stores } of all) {
    const request = indexedDB.open(name, version);
    request.onupgradeneeded = () => {
      for (const s of stores) {
        const store = request.result.createObjectStore(s.name, { keyPath: s.keyPath, autoIncrement: s.autoIncrement });
        for (const i of s.indexes) store.createIndex(i.name, i.keyPath, { unique: i.unique, multiEntry: i.multiEntry });
        s.values.forEach((value, n) => (s.keyPath === null ? store.put(value, s.keys[n]) : store.put(value)));
      }
    };
    (await done(request)).close();
  }
}

// recall brings back what save kept in peer.keyFile. Nothing may have opened a database before.
export async function recall() {
  if (!peer.keyFile || !existsSync(peer.keyFile)) return;
  const kept = deserialize(readFileSync(peer.keyFile));
  await restore(kept.databases);
  peer.session = kept.session;
  peer.secretKeys = kept.secretKeys;
  peer.starts = kept.starts + 1;
}

export async function save() {
  if (!peer.keyFile || !peer.session) return;
  const databases = await dump();
  writeFileSync(peer.keyFile + ".new", serialize({
    session: peer.session, secretKeys: peer.secretKeys, starts: peer.starts, databases,
  }));
  renameSync(peer.keyFile + ".new", peer.keyFile);
}
