// The last frames of a stream, by number: a fixed bound on what is remembered.

export const KEPT = 128; // at 25 frames a second five seconds

/** Adds a moment to a Map; the oldest by number goes if there are more than KEPT. */
export function remember(memory, moment) {
  memory.set(moment.number, moment);
  if (memory.size > KEPT) memory.delete(Math.min(...memory.keys()));
}
