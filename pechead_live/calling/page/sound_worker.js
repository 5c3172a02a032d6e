// Beside the page: puts riders into sound that goes out, and takes them from sound that comes.

import { padded, paddingOf } from "./opus_padding.js";

const MOST_WAITING = 4; // messages; older ones go another way
const waiting = [];

onmessage = ({ data }) => {
  waiting.push(data); // packed riders
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
  postMessage({ sent: true });
  if (waiting.length) {
    const riders = waiting.shift();
    const made = padded(new Uint8Array(frame.data), riders);
    if (made) frame.data = made.buffer;
    else postMessage({ missed: riders });
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
