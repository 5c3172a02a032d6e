// How a stream is sent.

import { MOST_FRAMES } from "./packet.js";

const REFERENCES = ["measured", "previous", "acknowledged"];

const USUAL = {
  // What a frame refers to: "previous", the one before, which is smallest; "acknowledged", the
  // newest that the receiver is known to have, so that no loss is felt beyond its own frame;
  // "measured", the one before while nothing is lost.
  reference: "measured",
  // So many seconds nothing must be lost before a "measured" stream refers to the one before again.
  calm: 5,
  // 1 to 3: fewer packets, and as much later.
  framesPerPacket: 1,
  // Squared steps of error that a bit is worth; 0 sends the nearest levels.
  thrift: 0.1,
  // So many frames without a change are followed by silence.
  stillFrames: 3,
  // The longest silence, seconds.
  keepAlive: 0.4,
};

/** The settings, those that are not given as usual; throws a RangeError for what is none. */
export function encoderConfig(settings = {}) {
  const config = { ...USUAL, ...settings };
  const { reference, framesPerPacket, thrift, stillFrames } = config;
  const whole = (value, least, most) => Number.isInteger(value) && least <= value && value <= most;
  const right = {
    reference: REFERENCES.includes(reference),
    framesPerPacket: whole(framesPerPacket, 1, MOST_FRAMES),
    thrift: Number.isFinite(thrift) && thrift >= 0,
    stillFrames: whole(stillFrames, 1, Infinity),
    calm: Number.isFinite(config.calm) && config.calm > 0,
    keepAlive: Number.isFinite(config.keepAlive) && config.keepAlive > 0,
  };
  for (const [name, value] of Object.entries(config)) {
    if (!right[name]) throw new RangeError(`a stream's setting ${name} cannot be ${value}`);
  }
  return Object.freeze(config);
}
