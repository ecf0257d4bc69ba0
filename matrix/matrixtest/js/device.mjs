// The account's devices, to-device messages, and whether a message's sender is who they seem to be.
import { crypto, enumName, peer, until, untilEqual, withPassword } from "./context.mjs";
import { timeline } from "./room.mjs";

const received = []; // to-device messages, decrypted

export function listenForToDevice() {
  peer.client.on(peer.sdk.ClientEvent.ReceivedToDeviceMessage, ({ message, encryptionInfo }) => received.push({
    type: message.type, sender: message.sender, content: message.content, encrypted: encryptionInfo !== null,
    senderDevice: encryptionInfo?.senderDevice ?? "", senderVerified: Boolean(encryptionInfo?.senderVerified),
  }));
}

async function shield(roomId, eventId) {
  const event = timeline(roomId).find((e) => e.getId() === eventId);
  if (!event) return { failure: "the event is not there" };
  await peer.client.decryptEventIfNeeded(event);
  const info = await crypto().getEncryptionInfoForEvent(event);
  return {
    encrypted: event.isEncrypted(), failure: event.isDecryptionFailure() ? String(event.decryptionFailureReason) : "",
    colour: info ? enumName(peer.api.EventShieldColour, info.shieldColour).toLowerCase() : "",
    reason: info ? enumName(peer.api.EventShieldReason, info.shieldReason) : "",
  };
}

export const deviceCommands = {
  async ownKeys() {
    return crypto().getOwnDeviceKeys();
  },
  async devices() {
    const { devices } = await peer.client.getDevices();
    return devices.map((d) => ({ deviceId: d.device_id, name: d.display_name ?? "" }));
  },
  async deleteDevice({ deviceId, password }) {
    await withPassword(password)((auth) => peer.client.deleteDevice(deviceId, auth ?? undefined));
  },
  async crossSignDevice({ deviceId }) {
    await crypto().crossSignDevice(deviceId);
  },
  async setDeviceVerified({ userId, deviceId, verified }) {
    await crypto().setDeviceVerified(userId, deviceId, verified);
  },
  async isolate({ onlySigned, strict }) {
    const { AllDevicesIsolationMode, OnlySignedDevicesIsolationMode } = peer.api;
    crypto().setDeviceIsolationMode(onlySigned ? new OnlySignedDevicesIsolationMode() : new AllDevicesIsolationMode(strict));
  },
  async blockUnverified({ block }) {
    crypto().globalBlacklistUnverifiedDevices = block;
  },
  async answerKeyRequests({ answer }) {
    crypto().olmMachine.roomKeyRequestsEnabled = answer;
  },
  async shield({ roomId, eventId, want, timeout }) {
    const probe = () => shield(roomId, eventId);
    return want ? untilEqual(timeout, `the shield of ${eventId}`, want, probe) : probe();
  },
  async sendToDevice({ type, userId, deviceId, content, encrypted }) {
    if (!encrypted) {
      await peer.client.sendToDevice(type, new Map([[userId, new Map([[deviceId, content]])]]));
      return;
    }
    const { batch } = await crypto().encryptToDeviceMessages(type, [{ userId, deviceId }], content);
    if (batch.length !== 1) throw new Error(`device ${deviceId} of ${userId} is not known`);
    await peer.client.sendToDevice("m.room.encrypted", new Map([[userId, new Map([[deviceId, batch[0].payload]])]]));
  },
  // Messages are given out once, in the order of their arrival.
  async waitToDevice({ type, timeout }) {
    const what = () => `a to-device ${type}; there are: ${received.map((m) => m.type).join(", ")}`;
    const message = await until(timeout, what, () => received.find((m) => m.type === type));
    received.splice(received.indexOf(message), 1);
    return message;
  },
};
