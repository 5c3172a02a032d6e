// A still in pieces, so slowly that motion and sound hardly wait (calling/transfer.py).

export const PIECE_BYTES = 200;
export const ALONE = 4; // pieces in a message of their own
const MOST_RECEIPTS = 40;
const MOST_WAITING = 400; // receipts
const LARGEST = 256 * 1024; // bytes of a still
const NEWEST = 4; // measurements of which the least counts
const TARGET = 0.2; // seconds of delay that a transfer may add
const [LEAST, FIRST, MOST] = [80, 3200, 64 * 1024]; // bytes under way
const [FIRST_RETRY, LEAST_RETRY, LONGEST_RETRY] = [2.5, 0.6, 8]; // seconds
const OVERTAKEN = 0.1; // seconds that a piece is waited for after the receipt of a later one
const [NAME, PLACE] = [8, 4];
const HEAD = NAME + PLACE;

/** What is known of the line; it holds for the next still, too. */
export const newPace = () => ({ window: FIRST, shortest: null, usual: null, newest: [] });

const nameOf = (digest) =>
  Uint8Array.from(digest.slice(0, 2 * NAME).match(/../g), (two) => parseInt(two, 16));

const isOf = (message, digest) =>
  message.length >= HEAD && nameOf(digest).every((byte, at) => byte === message[at]);

const placeAt = (message, at) =>
  new DataView(message.buffer, message.byteOffset, message.length).getUint32(at);

function withPlaces(digest, places, content = new Uint8Array()) {
  const made = new Uint8Array(NAME + PLACE * places.length + content.length);
  made.set(nameOf(digest));
  places.forEach((place, at) => new DataView(made.buffer).setUint32(NAME + PLACE * at, place));
  made.set(content, NAME + PLACE * places.length);
  return made;
}

/** One still on its way; times are passed in, seconds. */
export class Sending {
  constructor({ content, digest }, pace) {
    [this.content, this.digest, this.pace] = [content, digest, pace];
    this.missing = startsBetween(0, content.length);
    this.flying = new Map(); // start to {firstAt, sentAt, attempts, overtakenAt}
    this.nextAt = -Infinity;
  }

  get done() {
    return !this.missing.length && !this.flying.size;
  }

  /** Whether all of it was sent once. */
  get allWent() {
    return !this.missing.length;
  }

  /** Up to `most` pieces that may be sent now, in one message; null if there are none. */
  due(now, most = 1) {
    if (now < this.nextAt) return null;
    for (const [start, flight] of this.flying) {
      if (this.isLost(flight, now)) {
        this.pace = { ...this.pace, window: Math.max(this.pace.window / 2, PIECE_BYTES) };
        this.flying.set(start, {
          firstAt: flight.firstAt,
          sentAt: now,
          attempts: flight.attempts + 1,
          overtakenAt: null,
        });
        this.rest(now, 1);
        return this.pieces(start, 1);
      }
    }
    let count = 0;
    const start = this.missing[0];
    while (count < Math.min(most, this.missing.length) && this.hasRoom()) {
      if (this.missing[count] !== start + count * PIECE_BYTES) break;
      this.flying.set(this.missing[count], {
        firstAt: now,
        sentAt: now,
        attempts: 1,
        overtakenAt: null,
      });
      count += 1;
    }
    if (!count) return null;
    this.missing.splice(0, count);
    this.rest(now, count);
    return this.pieces(start, count);
  }

  /** Something else goes first: what is under way, and may not arrive, goes again later. */
  pause() {
    this.missing = [...this.missing, ...this.flying.keys()].sort((a, b) => a - b);
    this.flying.clear();
  }

  /** What the receiver answered. */
  hear(receipt, now) {
    if (!isOf(receipt, this.digest)) return;
    for (let at = NAME; at + PLACE <= receipt.length; at += PLACE) {
      const start = placeAt(receipt, at);
      const flight = this.flying.get(start);
      this.flying.delete(start);
      if (!flight) continue;
      this.overtake(start, flight, now);
      const once = flight.attempts === 1; // else it is not known which one came
      if (once || this.pace.usual === null) this.measure(now - flight.firstAt, once);
      else if (now - flight.sentAt > this.pace.usual) this.measure(now - flight.sentAt, false);
    }
  }

  isLost(flight, now) {
    const { overtakenAt, sentAt } = flight;
    if (overtakenAt !== null) return now - overtakenAt > OVERTAKEN;
    return now - sentAt > this.retry(flight);
  }

  /** What was sent before that piece, and is not there, is lost or late. */
  overtake(start, received, now) {
    if (received.attempts > 1) return;
    for (const [other, flight] of this.flying) {
      if (other < start && flight.attempts === 1 && flight.overtakenAt === null) {
        this.flying.set(other, { ...flight, overtakenAt: now });
      }
    }
  }

  pieces(start, count) {
    const content = this.content.subarray(start, start + count * PIECE_BYTES);
    return withPlaces(this.digest, [start], content);
  }

  hasRoom() {
    const underWay = this.flying.size * PIECE_BYTES;
    return !underWay || underWay + PIECE_BYTES <= this.pace.window;
  }

  rest(now, count) {
    const { window, usual } = this.pace;
    if (window < PIECE_BYTES && usual !== null) {
      this.nextAt = now + (usual * count * PIECE_BYTES) / window;
    }
  }

  measure(took, first) {
    let { window, shortest, usual, newest } = this.pace;
    usual = usual === null ? took : 0.75 * usual + 0.25 * took;
    if (first) {
      shortest = Math.min(took, shortest ?? took);
      newest = [...newest, took].slice(-NEWEST);
      const off = Math.min((TARGET - (Math.min(...newest) - shortest)) / TARGET, 1);
      const grown = (off * PIECE_BYTES * PIECE_BYTES) / Math.max(window, PIECE_BYTES);
      window = Math.min(window + Math.max(-0.3 * window, grown), MOST);
    }
    this.pace = { window: Math.max(window, LEAST), shortest, usual, newest };
  }

  retry({ attempts }) {
    const { usual } = this.pace;
    const first = usual === null ? FIRST_RETRY : Math.max(2 * usual, LEAST_RETRY);
    return Math.min(first * 2 ** (attempts - 1), LONGEST_RETRY);
  }
}

/** One still that comes, in whatever order. */
export class Receiving {
  constructor({ digest, bytes }) {
    this.digest = digest;
    this.content = new Uint8Array(bytes);
    this.missing = new Set(startsBetween(0, bytes));
  }

  get done() {
    return !this.missing.size;
  }

  /** Whether `pieces` are of this still. */
  take(pieces) {
    if (!isOf(pieces, this.digest)) return false;
    const start = placeAt(pieces, NAME);
    const end = start + pieces.length - HEAD;
    const size = this.content.length;
    if (start % PIECE_BYTES || end === start || end > size) return false;
    if (end % PIECE_BYTES && end !== size) return false;
    this.content.set(pieces.subarray(HEAD), start);
    for (const each of startsBetween(start, end)) this.missing.delete(each);
    return true;
  }
}

/** The receipts for pieces that came, of one still after the other. */
export class Receipts {
  constructor() {
    [this.digest, this.starts, this.told] = ["", [], []];
  }

  add(digest, pieces) {
    if (digest !== this.digest) [this.digest, this.starts, this.told] = [digest, [], []];
    const start = placeAt(pieces, NAME);
    const all = startsBetween(start, start + Math.min(pieces.length - HEAD, ALONE * PIECE_BYTES));
    this.starts.push(...all.filter((each) => each < LARGEST && !this.starts.includes(each)));
    this.starts = this.starts.slice(-MOST_WAITING);
  }

  /** The next one (bytes), or null. What was told before goes again where there is room: it may
   * have been lost. */
  take() {
    if (!this.starts.length) return null;
    const starts = this.starts.splice(0, MOST_RECEIPTS);
    const room = MOST_RECEIPTS - starts.length;
    this.told = [...(room ? this.told.slice(-room) : []), ...starts];
    return withPlaces(this.digest, this.told);
  }

  /** What was told is to be told again. */
  repeat() {
    if (!this.starts.length) this.starts = this.told.slice(-1);
  }
}

export { isOf };

function startsBetween(start, end) {
  const starts = [];
  for (let at = start; at < end; at += PIECE_BYTES) starts.push(at);
  return starts;
}
