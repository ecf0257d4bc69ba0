// Interactive verification, step by step. A verification is named by its transaction: the id of a to-device one, the
// event id of one in a room.
import { crypto, peer, until } from "./context.mjs";
import { identity, queryKeys } from "./trust.mjs";

// Each record holds its request (matrix-js-sdk does not keep it alive), every phase that it was seen in, and what the
// request forgets when it ends.
const records = new Map();
const incoming = []; // ids of requests from others that nobody has taken yet

const methodNames = ["m.sas.v1", "m.qr_code.scan.v1", "m.qr_code.show.v1", "m.reciprocate.v1"];
const phaseNames = ["", "unsent", "requested", "ready", "started", "cancelled", "done"];

// alone runs one step after the other. When the other side's start arrives while matrix-js-sdk makes its own, it forgets
// the one that arrived and the verification hangs; so messages are taken in before or after.
let steps = Promise.resolve();
function alone(step) {
  const result = steps.then(step);
  steps = result.catch(() => undefined);
  return result;
}

export function listenForVerification() {
  for (const name of ["processSyncChanges", "onKeyVerificationEvent"]) {
    const original = crypto()[name].bind(crypto());
    crypto()[name] = (...args) => alone(() => original(...args));
  }
  peer.client.on(peer.api.CryptoEvent.VerificationRequestReceived, (request) => incoming.push(keep(request).request.transactionId));
}

function keep(request) {
  const known = records.get(request.transactionId);
  if (known) return known;
  const record = { request, phases: [], deviceId: "", methods: [], verifier: undefined, failure: "" };
  records.set(request.transactionId, record);
  request.on(peer.api.VerificationRequestEvent.Change, () => note(record));
  note(record);
  return record;
}

function note(record) {
  const { request } = record;
  record.deviceId = request.otherDeviceId ?? record.deviceId;
  const methods = methodNames.filter((name) => request.otherPartySupportsMethod(name));
  if (methods.length > 0) record.methods = methods;
  let phase;
  try {
    phase = phaseNames[request.phase];
  } catch {
    return; // between two phases: the change that completes the step follows
  }
  if (record.phases.at(-1) !== phase) record.phases.push(phase);
}

function find(id) {
  const record = records.get(id);
  if (!record) throw new Error(`no verification ${id}`);
  note(record);
  return record;
}

function describe(record) {
  note(record);
  const { request } = record;
  return {
    id: request.transactionId, roomId: request.roomId ?? "", userId: request.otherUserId, deviceId: record.deviceId,
    initiatedByMe: request.initiatedByMe, self: request.isSelfVerification, phase: record.phases.at(-1) ?? "",
    phases: record.phases, theirMethods: record.methods,
    cancelCode: request.cancellationCode ?? "", cancelReason: request.inner.cancelInfo?.reason() ?? "",
    cancelledBy: request.cancellingUserId ?? "", failure: record.failure,
  };
}

const over = (record) => record.phases.includes("cancelled") || record.phases.includes("done");

// reach waits until the verification has been in a phase, and fails at once when it has ended without.
async function reach(record, phase, limit) {
  await until(limit, () => `phase ${phase}; ${JSON.stringify(describe(record))}`, () => {
    note(record);
    if (record.phases.includes(phase)) return true;
    if (over(record)) throw new Error(`it ended before phase ${phase}: ${JSON.stringify(describe(record))}`);
    return false;
  });
}

// run does this side's part of a verifier, once; how it ends shows in the phases.
function run(record, verifier) {
  if (record.verifier === verifier) return;
  record.verifier = verifier;
  verifier.verify().catch((error) => (record.failure = String(error?.message ?? error)));
}

// callbacks waits until there is something to show to the person, or to confirm.
async function callbacks(id, method, limit) {
  const record = find(id);
  await reach(record, "started", limit);
  return until(limit, () => `something to confirm; ${JSON.stringify(describe(record))}`, () => {
    note(record);
    const { verifier } = record.request;
    if (verifier) run(record, verifier);
    const found = (verifier ?? record.verifier)?.[method]();
    if (!found && over(record)) throw new Error(`it has ended: ${JSON.stringify(describe(record))}`);
    return found;
  });
}

const sasCallbacks = (id, limit) => callbacks(id, "getShowSasCallbacks", limit);
const qrCallbacks = (id, limit) => callbacks(id, "getReciprocateQrCodeCallbacks", limit);

export const verifyCommands = {
  // The crypto measures its time limits with performance.now.
  async skipTime({ ms }) {
    const now = performance.now.bind(performance);
    performance.now = () => now() + ms;
  },
  async verificationMethods({ methods }) {
    crypto().setSupportedVerificationMethods(methods);
  },
  async requestOwnVerification() {
    return describe(keep(await crypto().requestOwnUserVerification()));
  },
  async requestDeviceVerification({ userId, deviceId }) {
    await queryKeys(userId);
    return describe(keep(await crypto().requestDeviceVerification(userId, deviceId)));
  },
  async requestRoomVerification({ userId, roomId, timeout }) {
    await identity(userId, timeout);
    return describe(keep(await crypto().requestVerificationDM(userId, roomId)));
  },
  async verifications() {
    return [...records.values()].map(describe);
  },
  // Requests are given out once, in the order of their arrival.
  async waitVerification({ userId, roomId, timeout }) {
    const matches = (id) => {
      const { request } = records.get(id);
      return request.otherUserId === userId && (!roomId || request.roomId === roomId);
    };
    const id = await until(timeout, `a verification request from ${userId}`, () => incoming.find(matches));
    incoming.splice(incoming.indexOf(id), 1);
    return describe(find(id));
  },
  async verification({ verification }) {
    return describe(find(verification));
  },
  async verificationPhase({ verification, phase, timeout }) {
    const record = find(verification);
    await reach(record, phase, timeout);
    return describe(record);
  },
  async acceptVerification({ verification }) {
    await find(verification).request.accept();
  },
  async cancelVerification({ verification }) {
    await find(verification).request.cancel();
  },
  async startSAS({ verification, timeout }) {
    const record = find(verification);
    await reach(record, "ready", timeout);
    run(record, await alone(() => record.request.verifier ?? record.request.startVerification("m.sas.v1")));
  },
  async acceptSAS({ verification, timeout }) {
    const record = find(verification);
    await reach(record, "started", timeout);
    run(record, await until(timeout, "a verifier", () => record.request.verifier));
  },
  async sas({ verification, timeout }) {
    const { sas } = await sasCallbacks(verification, timeout);
    return {
      decimal: sas.decimal ?? [], symbols: (sas.emoji ?? []).map(([symbol]) => symbol),
      names: (sas.emoji ?? []).map(([, name]) => name),
    };
  },
  async confirmSAS({ verification, timeout }) {
    await (await sasCallbacks(verification, timeout)).confirm();
  },
  async mismatchSAS({ verification, timeout }) {
    (await sasCallbacks(verification, timeout)).mismatch();
  },
  async showQR({ verification, timeout }) {
    const record = find(verification);
    await reach(record, "ready", timeout);
    const bytes = await record.request.generateQRCode();
    if (!bytes) throw new Error(`no QR code can be shown: ${JSON.stringify(describe(record))}`);
    return { bytes: Buffer.from(bytes).toString("base64") };
  },
  async scanQR({ verification, bytes, timeout }) {
    const record = find(verification);
    await reach(record, "ready", timeout);
    run(record, await record.request.scanQRCode(new Uint8ClampedArray(Buffer.from(bytes, "base64"))));
  },
  async waitQRScanned({ verification, timeout }) {
    await qrCallbacks(verification, timeout);
  },
  async confirmQR({ verification, timeout }) {
    (await qrCallbacks(verification, timeout)).confirm();
  },
  async rejectQR({ verification, timeout }) {
    (await qrCallbacks(verification, timeout)).cancel();
  },
};
