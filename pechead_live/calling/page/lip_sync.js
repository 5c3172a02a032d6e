// Delays the sound so that it is heard when its picture is seen: the browser's jitter buffer is
// asked for as much more (RTCRtpReceiver.jitterBufferTarget).

const RATE = 48000;
const MOST_MS = 400;
const EVERY_MS = 500;

/** `receiver`: of the sound. `soundTime` and `shown` are told what connection.js and picture.js say. */
export function keepInStep(receiver) {
  let origin = null; // [RTP timestamp, the stream's seconds]
  let pictureLag = null;
  let target = 0;

  const timer = setInterval(() => {
    const [source] = receiver.getSynchronizationSources();
    if (!source || !origin || pictureLag === null || !("jitterBufferTarget" in receiver)) return;
    const apart = ((source.rtpTimestamp - origin[0]) << 0) / RATE;
    const playedAt = (source.timestamp - performance.timeOrigin) / 1000;
    const soundLag = playedAt - (origin[1] + apart);
    const off = pictureLag - soundLag; // more: the sound comes too early
    target = Math.min(Math.max(target + 500 * off, 0), MOST_MS);
    receiver.jitterBufferTarget = target;
  }, EVERY_MS);

  return {
    soundTime: (rtpTimestamp, seconds) => {
      origin = [rtpTimestamp, seconds];
    },
    shown: (seconds, now) => {
      const lag = now - seconds;
      pictureLag = pictureLag === null ? lag : pictureLag + 0.05 * (lag - pictureLag);
    },
    stop: () => clearInterval(timer),
  };
}
