// Stills that came once, by digest: a second call with the same avatar sends none.

import { digestOf } from "./still.js";

const place = (digest) => `/stills/${digest}`;

/** The still of this digest (Uint8Array), or null. A browser that keeps nothing has none. */
export async function find(digest) {
  try {
    const found = await (await caches.open("stills")).match(place(digest));
    const content = found && new Uint8Array(await found.arrayBuffer());
    return content && (await digestOf(content)) === digest ? content : null;
  } catch {
    return null;
  }
}

export async function keep(digest, content) {
  try {
    await (await caches.open("stills")).put(place(digest), new Response(content));
  } catch {
    // a private window: it is sent again next time
  }
}
