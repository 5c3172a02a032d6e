// Beside the page: puts riders into sound that goes out, and takes them from sound that comes.

import { padded, paddingOf } from "./opus_padding.js";
import { SoundTime } from "./sound_time.js";

const MOST_WAITING = 4; // messages; older ones go another way
const waiting = [];
const time = new SoundTime();

onmessage = ({ data: { riders, beganAt } }) => {
  if (beganAt !== undefined) time.begin(beganAt);
  if (riders) waiting.push(riders); // packed
  if (waiting.length > MOST_WAITING) postMessage({ missed: waiting.shift() });
};

onrtctransform = ({ transformer }) => {
  const transform = transformer.options.outgoing ? outgoing : incoming;
  transformer.readable
    .pipeThrough(new TransformStream({ transform }))
    .pipeTo(transformer.writable)
    .catch(() => {}); // the call is over
};

function outgoing(frame, controller) {
  const now = performance.timeOrigin + performance.now();
  const told = time.due(now) ? time.told(frame, now) : [];
  postMessage({ sent: true });
  const riders = waiting.shift() ?? [];
  if (told.length || riders.length) {
    const made = padded(new Uint8Array(frame.data), Uint8Array.of(...told, ...riders));
    if (made) frame.data = made.buffer;
    else if (riders.length) postMessage({ missed: riders });
  }
  controller.enqueue(frame);
}

function incoming(frame, controller) {
  const padding = paddingOf(new Uint8Array(frame.data));
  if (padding.some((byte) => byte)) {
    const { rtpTimestamp } = frame.getMetadata();
    postMessage({ riders: padding.slice(), rtpTimestamp });
  }
  controller.enqueue(frame);
}
