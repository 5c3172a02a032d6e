// The studio's HTTP API, one function a path. Every failure is an ApiError with words for people.

const ROOT = "/api/v1";
const UNREACHABLE = "The server does not answer. Is pechead-live studio still running?";

/** What the server refused, or that it did not answer (status 0). */
export class ApiError extends Error {
  constructor(status, code, message, retryMs = 0) {
    super(message.charAt(0).toUpperCase() + message.slice(1));
    this.status = status;
    this.code = code;
    this.retryMs = retryMs;
  }
}

async function refusal(response) {
  const retryMs = 1000 * Number(response.headers.get("Retry-After") ?? 0) || 0;
  const fallback = `The server answered ${response.status} ${response.statusText}.`;
  try {
    const { error } = await response.json();
    return new ApiError(response.status, error.code, error.message, retryMs);
  } catch {
    return new ApiError(response.status, "unknown", fallback, retryMs);
  }
}

async function ask(method, path, { json, bytes, keepalive = false } = {}) {
  const request = { method, keepalive, cache: "no-store" };
  if (json !== undefined) {
    request.body = JSON.stringify(json);
    request.headers = { "Content-Type": "application/json" };
  } else if (bytes !== undefined) {
    request.body = bytes;
    request.headers = { "Content-Type": "application/octet-stream" };
  }
  let response;
  try {
    response = await fetch(ROOT + path, request);
  } catch {
    throw new ApiError(0, "unreachable", UNREACHABLE);
  }
  if (!response.ok) throw await refusal(response);
  return response.status === 204 ? null : response.json();
}

export const readOptions = () => ask("GET", "/options");
export const readAvatars = async () => (await ask("GET", "/avatars")).avatars;
export const readSession = (id) => ask("GET", `/sessions/${encodeURIComponent(id)}`);
export const readStatus = (id) => ask("GET", `/sessions/${encodeURIComponent(id)}/status`);

/** Makes an avatar of a picture's bytes. */
export function addAvatar({ picture, name, consent }) {
  const query = new URLSearchParams({ name, consent });
  return ask("POST", `/avatars?${query}`, { bytes: picture });
}

export const deleteAvatar = (id) => ask("DELETE", `/avatars/${encodeURIComponent(id)}`);

export const openSession = ({ camera, offer, controls }) =>
  ask("POST", "/sessions", { json: { camera, offer, controls } });

/** A new offer of a session that is there: its answer. */
export async function offerAgain(id, offer) {
  return (await ask("POST", `/sessions/${encodeURIComponent(id)}/offer`, { json: { offer } }))
    .answer;
}

/** One more viewer of a session: the answer. */
export async function offerToView(id, offer) {
  const path = `/sessions/${encodeURIComponent(id)}/viewers`;
  return (await ask("POST", path, { json: { offer } })).answer;
}

export const changeControls = (id, patch) =>
  ask("PATCH", `/sessions/${encodeURIComponent(id)}/controls`, { json: patch });

export const calibrate = (id) =>
  ask("POST", `/sessions/${encodeURIComponent(id)}/calibrate`, { json: {} });

/** Opens (`on`) or closes a sink, "virtualcam" or "recording": the session's sinks. */
export async function switchSink(id, name, on) {
  const path = `/sessions/${encodeURIComponent(id)}/sinks/${name}`;
  return (await (on ? ask("PUT", path, { json: {} }) : ask("DELETE", path))).sinks;
}

/** Ends a session; `keepalive` lets the request outlive the page. */
export const closeSession = (id, { keepalive = false } = {}) =>
  ask("DELETE", `/sessions/${encodeURIComponent(id)}`, { keepalive });
