// The keys of messages outside this device: the backup on the homeserver, and the file of keys.
import { crypto, peer, until } from "./context.mjs";

async function roomKeyCounts() {
  const { total, backedUp } = await crypto().olmMachine.roomKeyCounts();
  return { total, backedUp };
}

export const backupCommands = {
  async createBackup() {
    await crypto().resetKeyBackup();
    await crypto().checkKeyBackupAndEnable();
    return { version: (await crypto().getActiveSessionBackupVersion()) ?? "" };
  },
  async backup() {
    const check = await crypto().checkKeyBackupAndEnable();
    const key = await crypto().getSessionBackupPrivateKey();
    return {
      version: check?.backupInfo.version ?? "", publicKey: check?.backupInfo.auth_data.public_key ?? "",
      onServer: check?.backupInfo.count ?? 0, trusted: Boolean(check?.trustInfo.trusted),
      matchesKey: Boolean(check?.trustInfo.matchesDecryptionKey),
      active: (await crypto().getActiveSessionBackupVersion()) ?? "",
      recoveryKey: key ? peer.api.encodeRecoveryKey(key) : "", ...(await roomKeyCounts()),
    };
  },
  async waitBackedUp({ atLeast, timeout }) {
    let counts;
    await until(timeout, () => `all keys to be backed up; counts ${JSON.stringify(counts)}`, async () => {
      if ((await crypto().getActiveSessionBackupVersion()) === null) return false;
      await crypto().backupManager.maybeUploadKey();
      counts = await roomKeyCounts();
      return counts.backedUp >= counts.total && counts.total >= atLeast;
    });
    return counts;
  },
  // With a recovery key the backup is read with it; without, with the key from secret storage.
  async restoreBackup({ recoveryKey }) {
    const check = await crypto().checkKeyBackupAndEnable();
    if (!check) throw new Error("the account has no backup");
    if (recoveryKey) {
      await crypto().storeSessionBackupPrivateKey(peer.api.decodeRecoveryKey(recoveryKey), check.backupInfo.version);
    } else {
      await crypto().loadSessionBackupPrivateKeyFromSecretStorage();
    }
    const { total, imported } = await crypto().restoreKeyBackup();
    return { total, imported };
  },
  async deleteBackup() {
    const check = await crypto().checkKeyBackupAndEnable();
    if (!check) throw new Error("the account has no backup");
    await crypto().deleteKeyBackupVersion(check.backupInfo.version);
  },
  async disableKeyStorage() {
    await crypto().disableKeyStorage();
  },
  async roomKeys({ roomId }) {
    return (await crypto().exportRoomKeys()).filter((key) => !roomId || key.room_id === roomId).map((key) => ({
      roomId: key.room_id, sessionId: key.session_id, senderKey: key.sender_key,
      sharedHistory: Boolean(key["m.shared_history"]),
    }));
  },
  async exportKeyFile({ passphrase, rounds }) {
    const keys = await crypto().exportRoomKeysAsJson();
    return { text: peer.wasm.OlmMachine.encryptExportedRoomKeys(keys, passphrase, rounds) };
  },
  async importKeyFile({ text, passphrase }) {
    const keys = peer.wasm.OlmMachine.decryptExportedRoomKeys(text, passphrase);
    const { totalCount, importedCount } = await crypto().olmMachine.importExportedRoomKeys(keys, () => undefined);
    return { total: totalCount, imported: importedCount };
  },
};
