// Rooms, their members and messages.
import { crypto, peer, until } from "./context.mjs";

function describe(event) {
  return {
    eventId: event.getId(), sender: event.getSender(), type: event.getType(), stateKey: event.getStateKey(),
    body: event.isDecryptionFailure() ? "" : (event.getContent().body ?? ""),
    content: event.isDecryptionFailure() ? {} : event.getContent(),
    encrypted: event.isEncrypted(), decrypted: event.isEncrypted() && !event.isDecryptionFailure() && event.getClearContent() !== null,
    failure: event.isDecryptionFailure() ? String(event.decryptionFailureReason) : "",
    sessionId: event.getWireContent().session_id ?? "", redacted: event.isRedacted(),
  };
}

export const timeline = (roomId) => peer.client.getRoom(roomId)?.getLiveTimeline().getEvents() ?? [];

export const roomCommands = {
  async createRoom({ name, encrypted, invite, request }) {
    const initial = encrypted
      ? [{ type: "m.room.encryption", state_key: "", content: { algorithm: "m.megolm.v1.aes-sha2" } }]
      : [];
    const { room_id: roomId } = await peer.client.createRoom({
      name, invite: invite ?? [], preset: "private_chat", initial_state: initial, ...request,
    });
    await joined(roomId, encrypted);
    return { roomId };
  },
  async invite({ roomId, userId }) {
    await peer.client.invite(roomId, userId);
  },
  async join({ roomId }) {
    const room = await peer.client.joinRoom(roomId);
    await joined(room.roomId, false);
    return { roomId: room.roomId };
  },
  async leave({ roomId }) {
    await peer.client.leave(roomId);
  },
  async waitMember({ roomId, userId, membership, timeout }) {
    await until(timeout, `${userId} to be ${membership} in ${roomId}`,
      () => peer.client.getRoom(roomId)?.getMember(userId)?.membership === membership);
  },
  async waitEncrypted({ roomId, timeout }) {
    await until(timeout, `encryption of ${roomId}`, () => crypto().isEncryptionEnabledInRoom(roomId));
  },
  async waitDevice({ userId, deviceId, timeout }) {
    await until(timeout, `device ${deviceId} of ${userId}`, async () =>
      (await crypto().getUserDeviceInfo([userId], true)).get(userId)?.has(deviceId));
  },
  async send({ roomId, type, content }) {
    if (peer.client.getRoom(roomId)?.hasEncryptionStateEvent()) {
      await roomCommands.waitEncrypted({ roomId, timeout: 10000 });
    }
    const { event_id: eventId } = await peer.client.sendEvent(roomId, type, content);
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
  async waitFailure({ roomId, eventId, timeout }) {
    return until(timeout, `${eventId} not to be readable`,
      () => timeline(roomId).map(describe).find((e) => e.eventId === eventId && e.failure));
  },
  async messages({ roomId, backTo }) {
    const room = peer.client.getRoom(roomId);
    for (let before = -1; room && backTo && timeline(roomId).length > before && timeline(roomId).length < backTo;) {
      before = timeline(roomId).length;
      await peer.client.scrollback(room, backTo - before);
    }
    for (const event of timeline(roomId)) await peer.client.decryptEventIfNeeded(event);
    return timeline(roomId).map(describe);
  },
  async rotate({ roomId }) {
    await crypto().forceDiscardSession(roomId);
  },
};

async function joined(roomId, encrypted) {
  await until(20000, `own membership of ${roomId}`, () => peer.client.getRoom(roomId)?.getMyMembership() === "join");
  if (encrypted) await roomCommands.waitEncrypted({ roomId, timeout: 20000 });
}
