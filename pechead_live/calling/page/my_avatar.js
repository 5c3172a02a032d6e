// This end's avatar: its stills and its stream's header, as the host's program makes them.

import { readHeader } from "../calls/header.js";
import { digestOf, openStill } from "./still.js";

const LONGEST_NAME = 60; // characters

/**
 * `file`: an avatar file or a photo, which needs a `consent` line, or null for the sample that the
 * host has. Gives `{me, avatar}`, the avatar of still.js; rejected with the host's words where the
 * file is neither.
 */
export async function myAvatar(file, consent) {
  const request = file
    ? { method: "POST", body: file, headers: { "Content-Type": "application/octet-stream" } }
    : {};
  const name = (file?.name ?? "").replace(/\.[^.]*$/, "").slice(0, LONGEST_NAME);
  const query = new URLSearchParams({ name: name || "photo", consent });
  const answer = await fetch(file ? `/api/v1/avatar?${query}` : "/api/v1/avatar", request);
  if (!answer.ok) throw new Error((await answer.json()).error?.message ?? "the avatar is refused");
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const parts = [];
  for (let at = 0; at < bytes.length; ) {
    const size = new DataView(bytes.buffer, at).getUint32(0);
    parts.push(bytes.slice(at + 4, at + 4 + size));
    at += 4 + size;
  }
  const [header, ...contents] = parts;
  const stills = await Promise.all(
    contents.map(async (content) => ({ content, digest: await digestOf(content) })),
  );
  const avatar = await openStill(contents.at(-1));
  const told = { bytes: header, header: readHeader(header) };
  return { me: { name: avatar.name, stills, header: told }, avatar };
}
