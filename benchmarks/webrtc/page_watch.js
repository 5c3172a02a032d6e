// Notes when each numbered frame is shown: by the page's view of its own camera, and by the avatar.
(() => {
  const BLOCK = 16, COUNT = 16, CHECK = 4;
  const seen = { own: [], avatar: [] };
  const peers = [];
  // A file as Chromium's camera has 30 frames a second, whatever its device was started with.
  const ask = MediaDevices.prototype.getUserMedia;
  MediaDevices.prototype.getUserMedia = function (wanted) {
    const rate = window.cameraRate;
    if (wanted.video && rate) wanted.video.frameRate = { ideal: rate, max: rate };
    return ask.call(this, wanted);
  };
  const Plain = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Plain {
    constructor(...given) { super(...given); peers.push(this); }
  };

  function reader() {
    const [wide, middle] = [COUNT * BLOCK, BLOCK / 2];
    const canvas = new OffscreenCanvas(wide, BLOCK);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    return (video) => {
      const [w, h] = [video.videoWidth, video.videoHeight];
      if (w < wide) return null;
      context.drawImage(video, w - wide, h - BLOCK, wide, BLOCK, 0, 0, wide, BLOCK);
      const row = context.getImageData(0, middle, wide, 1).data;
      let word = 0;
      for (let place = 0; place < COUNT; place++) {
        word = (word << 1) | (row[4 * (place * BLOCK + middle) + 1] > 120);
      }
      const number = word >> CHECK, check = word & 15;
      return check === ((number ^ (number >> 4) ^ (number >> 8) ^ 10) & 15) ? number : null;
    };
  }

  function watch(video, list) {
    const read = reader();
    const note = () => {
      const number = read(video);
      if (number !== null && list.at(-1)?.[0] !== number) list.push([number, performance.now()]);
      video.requestVideoFrameCallback(note);
    };
    video.requestVideoFrameCallback(note);
  }

  window.watchVideos = () => {
    watch(document.querySelector("#own-video"), seen.own);
    watch(document.querySelector("#avatar-video"), seen.avatar);
  };
  window.seenVideos = async () => {
    let decoded = 0, lost = 0;
    for (const peer of peers) {
      if (peer.connectionState !== "connected") continue;
      for (const [, stats] of await peer.getStats()) {
        if (stats.type === "inbound-rtp" && stats.kind === "video") {
          decoded += stats.framesDecoded ?? 0;
          lost += stats.packetsLost ?? 0;
        }
      }
    }
    const now = performance.now();
    const found = { own: [...seen.own], avatar: [...seen.avatar], decoded, lost, now };
    seen.own.length = seen.avatar.length = 0;
    return found;
  };

  // Milliseconds from setting the head's turn, on an avatar that nobody drives, to the first shown
  // picture that is nearer to the other turn's.
  window.controlTimes = async (set, count) => {
    const video = document.querySelector("#avatar-video");
    const canvas = new OffscreenCanvas(64, 64);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    const picture = () => {
      context.drawImage(video, 0, 0, 64, 64);
      return context.getImageData(0, 0, 64, 64).data;
    };
    const wait = (ms) => new Promise((wake) => setTimeout(wake, ms));
    const next = () => new Promise((shown) => video.requestVideoFrameCallback(shown));
    const apart = (one, other) => {
      let sum = 0;
      for (let k = 0; k < one.length; k++) sum += Math.abs(one[k] - other[k]);
      return sum / one.length;
    };
    const turns = [0, 25], settled = [];
    await set({ presence: "idle" });
    for (const yaw of turns) {
      await set({ pose: { yaw } });
      await wait(2000);
      settled.push(picture());
    }
    const times = [];
    for (let k = 0; k < count; k++) {
      const [to, from] = [k % 2, 1 - (k % 2)];
      const began = performance.now();
      set({ pose: { yaw: turns[to] } });
      do await next();
      while (apart(picture(), settled[to]) > apart(picture(), settled[from]));
      times.push(performance.now() - began);
      await wait(700 + 37 * k);
    }
    return times;
  };
})();
