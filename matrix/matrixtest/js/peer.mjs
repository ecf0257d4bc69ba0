// A matrix-js-sdk client driven by JSON lines: {id, cmd, ...arguments} in, {id, result} or {id, error} out.
// Without a directory its keys live in memory; with one they are kept there when it stops.
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { deserialize, serialize } from "node:v8";

for (const name of ["log", "info", "debug", "trace", "warn"]) console[name] = (...args) => console.error(...args);
const modules = process.env.HUBBUB_STACK_JSSDK + "/node_modules/";
const load = (path) => import(pathToFileURL(modules + path).href);

let sdk, client, keyFile;
const prefix = "peer";
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

async function until(limit, what, probe) {
  const end = Date.now() + limit;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited ${limit} ms for ${typeof what === "function" ? what() : what}`);
    await pause(25);
  }
}

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

function save(session) {
  if (!keyFile) return;
  return dump().then((databases) => {
    writeFileSync(keyFile + ".new", serialize({ session, databases }));
    renameSync(keyFile + ".new", keyFile);
  });
}

function describe(event) {
  const clear = event.getClearContent() ?? {};
  return {
    eventId: event.getId(), sender: event.getSender(), type: event.getType(), stateKey: event.getStateKey(),
    body: event.isDecryptionFailure() ? "" : (event.getContent().body ?? ""),
    content: event.isDecryptionFailure() ? {} : event.getContent(),
    encrypted: event.isEncrypted(), decrypted: event.isEncrypted() && !event.isDecryptionFailure() && "body" in clear,
    failure: event.isDecryptionFailure() ? String(event.decryptionFailureReason) : "",
    sessionId: event.getWireContent().session_id ?? "", redacted: event.isRedacted(),
  };
}

const timeline = (roomId) => client.getRoom(roomId)?.getLiveTimeline().getEvents() ?? [];

let session;
const commands = {
  async login({ url, user, password, dir, displayName }) {
    sdk = await load("matrix-js-sdk/lib/index.js");
    sdk.logger?.setLevel?.("error");
    await load("fake-indexeddb/auto/index.mjs");
    let kept;
    if (dir) {
      keyFile = dir + "/peer.keys";
      if (existsSync(keyFile)) kept = deserialize(readFileSync(keyFile));
    }
    if (kept) await restore(kept.databases);
    session = kept?.session ?? (await sdk.createClient({ baseUrl: url }).loginRequest({
      type: "m.login.password", identifier: { type: "m.id.user", user }, password,
      initial_device_display_name: displayName ?? "matrix-js-sdk",
    }));
    client = sdk.createClient({
      baseUrl: url, userId: session.user_id, deviceId: session.device_id, accessToken: session.access_token,
      timelineSupport: true,
    });
    await client.initRustCrypto({ cryptoDatabasePrefix: prefix });
    return { userId: session.user_id, deviceId: session.device_id };
  },
  async sync() {
    let state;
    client.on(sdk.ClientEvent.Sync, (s) => (state = s));
    await client.startClient({ initialSyncLimit: 100, lazyLoadMembers: false, pollTimeout: 10000 });
    await until(30000, () => `first sync (state ${state})`, () => state === "PREPARED" || state === "SYNCING");
    // keys are uploaded after the first sync; others need them before they can write to this device
    await until(30000, "own device keys on the homeserver", async () => {
      const answer = await client.downloadKeysForUsers([client.getUserId()]);
      return answer.device_keys?.[client.getUserId()]?.[client.getDeviceId()];
    });
  },
  async createRoom({ name, encrypted, invite, request }) {
    const initial = encrypted
      ? [{ type: "m.room.encryption", state_key: "", content: { algorithm: "m.megolm.v1.aes-sha2" } }]
      : [];
    const { room_id: roomId } = await client.createRoom({
      name, invite: invite ?? [], preset: "private_chat", initial_state: initial, ...request,
    });
    await joined(roomId, encrypted);
    return { roomId };
  },
  async invite({ roomId, userId }) {
    await client.invite(roomId, userId);
  },
  async join({ roomId }) {
    const room = await client.joinRoom(roomId);
    await joined(room.roomId, false);
    return { roomId: room.roomId };
  },
  async leave({ roomId }) {
    await client.leave(roomId);
  },
  async waitMember({ roomId, userId, membership, timeout }) {
    await until(timeout, `${userId} to be ${membership} in ${roomId}`,
      () => client.getRoom(roomId)?.getMember(userId)?.membership === membership);
  },
  async waitEncrypted({ roomId, timeout }) {
    await until(timeout, `encryption of ${roomId}`, () => client.getCrypto().isEncryptionEnabledInRoom(roomId));
  },
  async waitDevice({ userId, deviceId, timeout }) {
    await until(timeout, `device ${deviceId} of ${userId}`, async () =>
      (await client.getCrypto().getUserDeviceInfo([userId], true)).get(userId)?.has(deviceId));
  },
  async send({ roomId, type, content }) {
    if (client.getRoom(roomId)?.hasEncryptionStateEvent()) {
      await commands.waitEncrypted({ roomId, timeout: 10000 });
    }
    const { event_id: eventId } = await client.sendEvent(roomId, type, content);
    return { eventId };
  },
  async waitMessage({ roomId, body, eventId, timeout }) {
    const seen = () => timeline(roomId).map((e) => {
      const d = describe(e);
      return d.failure ? `${d.eventId} (${d.failure})` : `${d.type} ${JSON.stringify(d.body)}`;
    }).join(", ");
    const wanted = (e) => (eventId ? e.eventId === eventId && !e.failure && (!e.encrypted || e.decrypted || e.redacted) : e.body === body);
    return until(timeout, () => `message ${JSON.stringify(body || eventId)}; seen: ${seen()}`,
      () => timeline(roomId).map(describe).find(wanted));
  },
  async messages({ roomId, backTo }) {
    const room = client.getRoom(roomId);
    for (let before = -1; room && backTo && timeline(roomId).length > before && timeline(roomId).length < backTo;) {
      before = timeline(roomId).length;
      await client.scrollback(room, backTo - before);
    }
    for (const event of timeline(roomId)) await client.decryptEventIfNeeded(event);
    return timeline(roomId).map(describe);
  },
  async rotate({ roomId }) {
    await client.getCrypto().forceDiscardSession(roomId);
  },
  async logout() {
    client.stopClient();
    await client.logout(true);
    session = undefined;
    keyFile = undefined;
  },
  async eval({ source, args }) {
    const Body = Object.getPrototypeOf(async () => {}).constructor;
    return new Body("client", "sdk", "args", "until", source)(client, sdk, args, until);
  },
  async stop() {
    client?.stopClient();
    client?.getCrypto()?.stop();
    if (session) await save(session);
  },
};

async function joined(roomId, encrypted) {
  await until(20000, `own membership of ${roomId}`, () => client.getRoom(roomId)?.getMyMembership() === "join");
  if (encrypted) await commands.waitEncrypted({ roomId, timeout: 20000 });
}

const reply = (answer) => process.stdout.write(JSON.stringify(answer) + "\n");
const lines = createInterface({ input: process.stdin });
lines.on("line", async (line) => {
  const { id, cmd, ...args } = JSON.parse(line);
  try {
    const result = (await commands[cmd](args)) ?? null;
    reply({ id, result });
    if (cmd === "stop") process.stdout.end(() => process.exit(0));
  } catch (error) {
    reply({ id, error: String(error?.message ?? error) });
  }
});
lines.on("close", () => process.exit(0));
