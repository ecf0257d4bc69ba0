// The account's identity (cross-signing), secret storage, and what this device thinks of other people and their devices.
import { crypto, peer, until, untilEqual, withPassword } from "./context.mjs";

// secretStorageKey answers matrix-js-sdk when it needs a key of secret storage: those made or unlocked here.
export async function secretStorageKey({ keys }) {
  const keyId = Object.keys(keys).find((id) => peer.secretKeys.has(id));
  return keyId ? [keyId, peer.secretKeys.get(keyId)] : null;
}

// cacheSecretStorageKey is told of a key that was just made.
export const cacheSecretStorageKey = (keyId, info, key) => peer.secretKeys.set(keyId, key);

function recoveryKeyBytes(text) {
  try {
    return peer.api.decodeRecoveryKey(text);
  } catch {
    return undefined; // not in the form of a recovery key
  }
}

// newKey makes a key for secret storage: a given recovery key, one derived from a passphrase, or a random one.
async function newKey(secret) {
  const given = secret && recoveryKeyBytes(secret);
  return given
    ? { privateKey: given, encodedPrivateKey: peer.api.encodeRecoveryKey(given) }
    : crypto().createRecoveryKeyFromPassphrase(secret || undefined);
}

// queryKeys asks the homeserver for a user's keys, whether a room is shared with them or not.
export async function queryKeys(userId) {
  const request = crypto().olmMachine.queryKeysForUsers([new peer.wasm.UserId(userId)]);
  await crypto().outgoingRequestProcessor.makeOutgoingRequest(request);
}

// identity waits until a user's identity is known; asking helps when there is no shared room.
export async function identity(userId, limit) {
  await queryKeys(userId);
  await until(limit, `an identity of ${userId}`, async () => (await crypto().getUserVerificationStatus(userId)).known);
}

async function userTrust(userId) {
  const status = await crypto().getUserVerificationStatus(userId);
  return {
    known: status.known, verified: status.isCrossSigningVerified(), wasVerified: status.wasCrossSigningVerified(),
    needsApproval: status.needsUserApproval,
  };
}

async function deviceTrust(userId, deviceId) {
  const status = await crypto().getDeviceVerificationStatus(userId, deviceId);
  return {
    known: status !== null, signedByOwner: Boolean(status?.signedByOwner), verified: Boolean(status?.crossSigningVerified),
    localVerified: Boolean(status?.localVerified),
  };
}

const publicKey = (info) => (info ? Object.values(info.keys)[0] : "");

export const trustCommands = {
  async bootstrapCrossSigning({ password, renew }) {
    await crypto().bootstrapCrossSigning({
      setupNewCrossSigning: renew, authUploadDeviceSigningKeys: withPassword(password),
    });
  },
  async bootstrapSecretStorage({ secret, newBackup }) {
    const key = await newKey(secret);
    await crypto().bootstrapSecretStorage({
      setupNewSecretStorage: true, setupNewKeyBackup: newBackup,
      createSecretStorageKey: async () => key,
    });
    return { recoveryKey: key.encodedPrivateKey };
  },
  async unlockSecrets({ secret, timeout }) {
    const [keyId, info] = (await peer.client.secretStorage.getKey()) ?? [];
    if (!keyId) throw new Error("the account has no secret storage");
    const phrase = info.passphrase;
    const key = recoveryKeyBytes(secret) ?? (phrase && await peer.api.deriveRecoveryKeyFromPassphrase(
      secret, phrase.salt, phrase.iterations, phrase.bits));
    if (!key) throw new Error("neither a recovery key nor is there a passphrase");
    if (!(await peer.client.secretStorage.checkKey(key, info))) throw new Error("the key does not open the secret storage");
    peer.secretKeys.set(keyId, key);
    await identity(peer.user, timeout);
    await crypto().bootstrapCrossSigning({});
    if (await peer.client.secretStorage.isStored("m.megolm_backup.v1")) {
      await crypto().loadSessionBackupPrivateKeyFromSecretStorage();
      await crypto().checkKeyBackupAndEnable();
    }
    await until(timeout, "the own device to be verified", async () =>
      (await deviceTrust(peer.user, peer.client.getDeviceId())).verified);
  },
  async resetIdentity({ password }) {
    await crypto().resetEncryption(withPassword(password));
  },
  async crossSigning() {
    const [status, storage] = [await crypto().getCrossSigningStatus(), await crypto().getSecretStorageStatus()];
    return {
      ready: await crypto().isCrossSigningReady(), publicKeys: status.publicKeysOnDevice,
      inSecretStorage: status.privateKeysInSecretStorage, ...status.privateKeysCachedLocally,
      storageReady: storage.ready, storageKeyId: storage.defaultKeyId ?? "",
    };
  },
  async waitSecrets({ timeout }) {
    const backup = Boolean(await crypto().getKeyBackupInfo());
    const want = { masterKey: true, selfSigningKey: true, userSigningKey: true, backupKey: backup };
    await untilEqual(timeout, "the secrets", want, async () => ({
      ...(await crypto().getCrossSigningStatus()).privateKeysCachedLocally,
      backupKey: (await crypto().getSessionBackupPrivateKey()) !== null,
    }));
  },
  async identityKeys({ userId }) {
    const keys = await crypto().getUserCrossSigningKeys(userId);
    return {
      master: publicKey(keys?.master_key), selfSigning: publicKey(keys?.self_signing_key),
      userSigning: publicKey(keys?.user_signing_key),
    };
  },
  async secret({ name }) {
    return { secret: (await peer.client.secretStorage.get(name)) ?? "" };
  },
  async queryKeys({ userId }) {
    await queryKeys(userId);
  },
  async waitIdentity({ userId, timeout }) {
    await identity(userId, timeout);
  },
  async userTrust({ userId, want, timeout }) {
    return want ? untilEqual(timeout, `trust in ${userId}`, want, () => userTrust(userId)) : userTrust(userId);
  },
  async deviceTrust({ userId, deviceId, want, timeout }) {
    const probe = () => deviceTrust(userId, deviceId);
    return want ? untilEqual(timeout, `trust in ${userId} ${deviceId}`, want, probe) : probe();
  },
  async pinIdentity({ userId }) {
    await crypto().pinCurrentUserIdentity(userId);
  },
  async withdrawVerification({ userId }) {
    await crypto().withdrawVerificationRequirement(userId);
  },
};
