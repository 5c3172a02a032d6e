// Stills that came once, by digest: a second call with the same avatar sends none.

import { digestOf } from "./still.js";

const MOST = 200; // that are kept; those that were used longest ago go

const place = (digest) => `/stills/${digest}`;

/** The still of this digest (Uint8Array), or null. A browser that keeps nothing has none. */
export async function find(digest) {
  try {
    const found = await (await caches.open("stills")).match(place(digest));
    const content = found && new Uint8Array(await found.arrayBuffer());
    if (!content || (await digestOf(content)) !== digest) return null;
    await keep(digest, content); // it was used last
    return content;
  } catch {
    return null;
  }
}

export async function keep(digest, content) {
  try {
    const cache = await caches.open("stills");
    await cache.put(place(digest), new Response(content));
    const known = await cache.keys(); // as they were put there, one after the other
    await Promise.all(known.slice(0, -MOST).map((each) => cache.delete(each)));
  } catch {
    // a private window: it is sent again next time
  }
}
