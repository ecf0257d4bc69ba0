// A matrix-js-sdk client driven by JSON lines: {id, cmd, ...arguments} in, {id, result} or {id, error} out.
// Without a directory its keys live in memory; with one they are kept there when it stops.
import { createInterface } from "node:readline";
import { backupCommands } from "./backup.mjs";
import { load, peer, until } from "./context.mjs";
import { deviceCommands, listenForToDevice } from "./device.mjs";
import { recall, save } from "./keep.mjs";
import { roomCommands } from "./room.mjs";
import { cacheSecretStorageKey, secretStorageKey, trustCommands } from "./trust.mjs";
import { listenForVerification, verifyCommands } from "./verify.mjs";

for (const name of ["log", "info", "debug", "trace", "warn"]) console[name] = (...args) => console.error(...args);

const commands = {
  async login({ url, user, password, dir, displayName }) {
    peer.sdk = await load("matrix-js-sdk/lib/index.js");
    peer.api = await load("matrix-js-sdk/lib/crypto-api/index.js");
    peer.wasm = await load("@matrix-org/matrix-sdk-crypto-wasm/node.mjs");
    peer.sdk.logger?.setLevel?.("error");
    // uploads to the backup begin at once instead of after up to ten seconds
    (await load("matrix-js-sdk/lib/rust-crypto/backup.js")).RustBackupManager.maxBackupLoopStartDelayMillis = 0;
    await load("fake-indexeddb/auto/index.mjs");
    if (dir) peer.keyFile = dir + "/peer.keys";
    await recall();
    peer.session ??= await peer.sdk.createClient({ baseUrl: url }).loginRequest({
      type: "m.login.password", identifier: { type: "m.id.user", user }, password,
      initial_device_display_name: displayName ?? "matrix-js-sdk",
    });
    const { user_id: userId, device_id: deviceId, access_token: accessToken } = peer.session;
    peer.user = userId;
    peer.client = peer.sdk.createClient({
      baseUrl: url, userId, deviceId, accessToken, timelineSupport: true,
      cryptoCallbacks: { getSecretStorageKey: secretStorageKey, cacheSecretStorageKey },
    });
    await peer.client.initRustCrypto({ cryptoDatabasePrefix: "peer" });
    listenForVerification();
    listenForToDevice();
    return { userId, deviceId };
  },
  async sync() {
    const { client, sdk } = peer;
    let state;
    client.on(sdk.ClientEvent.Sync, (s) => (state = s));
    // Synapse repeats its answer to a device's first sync for two minutes, unless the filter is another
    await client.startClient({ initialSyncLimit: 100 + peer.starts, lazyLoadMembers: false, pollTimeout: 10000 });
    await until(30000, () => `first sync (state ${state})`, () => state === "PREPARED" || state === "SYNCING");
    // keys are uploaded after the first sync; others need them before they can write to this device
    await until(30000, "own device keys on the homeserver", async () => {
      const answer = await client.downloadKeysForUsers([client.getUserId()]);
      return answer.device_keys?.[client.getUserId()]?.[client.getDeviceId()];
    });
  },
  ...roomCommands,
  ...trustCommands,
  ...backupCommands,
  ...deviceCommands,
  ...verifyCommands,
  async logout() {
    peer.client.stopClient();
    await peer.client.logout(true);
    peer.session = undefined;
  },
  async eval({ source, args }) {
    const Body = Object.getPrototypeOf(async () => {}).constructor;
    return new Body("client", "sdk", "args", "until", "peer", source)(peer.client, peer.sdk, args, until, peer);
  },
  async stop() {
    peer.client?.stopClient();
    peer.client?.getCrypto()?.stop();
    await save();
  },
};

const reply = (answer) => process.stdout.write(JSON.stringify(answer) + "\n");
const lines = createInterface({ input: process.stdin });
lines.on("line", async (line) => {
  const { id, cmd, ...args } = JSON.parse(line);
  try {
    if (!Object.hasOwn(commands, cmd)) throw new Error(`no command ${cmd}`);
    const result = (await commands[cmd](args)) ?? null;
    reply({ id, result });
    if (cmd === "stop") process.stdout.end(() => process.exit(0));
  } catch (error) {
    reply({ id, error: String(error?.message ?? error) });
  }
});
lines.on("close", () => process.exit(0));
