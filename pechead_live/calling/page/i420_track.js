// A track of pictures in the colours that every receiver of VP8 expects.
//
// VP8 does not say how colours were made of red, green and blue: receivers take BT.601, limited range.
// Chromium makes a canvas's own track by BT.709, full range (measured: a green of 190 arrives at a
// program as 231), so pictures are converted here where the browser takes converted ones.

const COLOURS = {
  matrix: "smpte170m",
  primaries: "bt709",
  transfer: "bt709",
  fullRange: false,
};

/** Of what is drawn on `canvas`: `{track, put(now)}`; `put`: what is on it now goes out. */
export function trackOf(canvas, context) {
  if (!globalThis.MediaStreamTrackGenerator) {
    return { track: canvas.captureStream().getVideoTracks()[0], put() {} };
  }
  const track = new MediaStreamTrackGenerator({ kind: "video" });
  const writer = track.writable.getWriter();

  function put(now) {
    if (writer.desiredSize <= 0 || track.readyState !== "live") return; // the one before waits
    const { width, height } = canvas;
    const { data } = context.getImageData(0, 0, width, height);
    const frame = new VideoFrame(i420(data, width, height), {
      format: "I420",
      codedWidth: width,
      codedHeight: height,
      timestamp: Math.round(1e6 * now),
      colorSpace: COLOURS,
    });
    writer.write(frame).catch(() => frame.close()); // the track has ended
  }

  return { track, put };
}

/** RGBA to planes of Y, U and V (BT.601, limited range); even sides. */
export function i420(rgba, width, height) {
  const planes = new Uint8Array((width * height * 3) / 2);
  const [half, size] = [width / 2, width * height];
  for (let y = 0; y < height; y += 2) {
    for (let x = 0; x < width; x += 2) {
      let [red, green, blue] = [0, 0, 0];
      for (const place of [y * width + x, (y + 1) * width + x]) {
        for (let at = place; at < place + 2; at++) {
          const [r, g, b] = [rgba[4 * at], rgba[4 * at + 1], rgba[4 * at + 2]];
          planes[at] = 16.5 + (65.481 * r + 128.553 * g + 24.966 * b) / 255;
          red += r;
          green += g;
          blue += b;
        }
      }
      const at = size + (y / 2) * half + x / 2; // of four pixels
      planes[at] = 128.5 + (-37.797 * red - 74.203 * green + 112 * blue) / 1020;
      planes[at + size / 4] = 128.5 + (112 * red - 93.786 * green - 18.214 * blue) / 1020;
    }
  }
  return planes;
}
