// What the modules of the peer share: the client and its libraries, and how to wait.
import { pathToFileURL } from "node:url";

const modules = process.env.HUBBUB_STACK_JSSDK + "/node_modules/";

// load imports a file of the installed packages; they load in this process once, whoever imports them.
export const load = (path) => import(pathToFileURL(modules + path).href);

// peer is filled at login: sdk (matrix-js-sdk), api (its crypto-api), wasm (the Rust crypto itself), client, session
// (the answer to the login), user, keyFile, secretKeys (the keys of secret storage that were made or given here) and
// starts: how often this device was started before.
export const peer = { secretKeys: new Map(), starts: 0 };

export const crypto = () => peer.client.getCrypto();

// enumName gives the name of a value of one of the library's enumerations.
export const enumName = (values, value) => (value === null || value === undefined ? "" : (values[value] ?? String(value)));

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// until waits for probe to return something, which is the result; what is the name of the wait, or makes it.
export async function until(limit, what, probe) {
  const end = Date.now() + limit;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited ${limit} ms for ${typeof what === "function" ? what() : what}`);
    await pause(25);
  }
}

// untilEqual waits for probe to return what has the wanted values, and says at the end what it had instead.
export async function untilEqual(limit, what, want, probe) {
  let last;
  return until(limit, () => `${what} to be ${JSON.stringify(want)}; it is ${JSON.stringify(last)}`, async () => {
    last = await probe();
    return last && Object.keys(want).every((key) => last[key] === want[key]) ? last : undefined;
  });
}

// withPassword does a request that needs the person: without authentication, and with the password if that is asked for.
export function withPassword(password) {
  return async (request) => {
    try {
      return await request(null);
    } catch (error) {
      if (error.httpStatus !== 401 || !error.data?.flows) throw error;
      return await request({
        type: "m.login.password", identifier: { type: "m.id.user", user: peer.user }, password, session: error.data.session,
      });
    }
  };
}
