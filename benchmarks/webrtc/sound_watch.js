// The browser's microphone beeps; notes when it does, and when a beep is heard. Times are
// milliseconds since 1970, so that two pages can be compared.
(() => {
  const EVERY = 1.7, LONG = 0.03, LOUD = 0.1; // a beep every EVERY seconds, LONG seconds long
  const beeps = [], heard = [], offsets = [];
  let context = null;

  const epoch = () => performance.timeOrigin + performance.now();
  const middle = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

  function opened() {
    if (context) return context;
    context = new AudioContext({ sampleRate: 48000, latencyHint: 0 });
    setInterval(() => offsets.push(epoch() - 1000 * context.currentTime), 50);
    return context;
  }

  const ask = MediaDevices.prototype.getUserMedia;
  MediaDevices.prototype.getUserMedia = async function (wanted) {
    const stream = await ask.call(this, wanted);
    if (!wanted.audio) return stream;
    const out = opened().createMediaStreamDestination();
    // Without a hum the source stands still between beeps.
    const hum = context.createOscillator(), low = context.createGain();
    hum.frequency.value = 180;
    low.gain.value = 0.004;
    hum.connect(low).connect(out);
    hum.start();
    let next = context.currentTime + 0.5;
    setInterval(() => {
      while (next < context.currentTime + 0.3) {
        const tone = context.createOscillator(), gain = context.createGain();
        tone.frequency.value = 1500;
        gain.gain.value = 0.8;
        tone.connect(gain).connect(out);
        tone.start(next);
        tone.stop(next + LONG);
        beeps.push(next);
        next += EVERY;
      }
    }, 50);
    for (const track of stream.getAudioTracks()) {
      track.stop();
      stream.removeTrack(track);
    }
    stream.addTrack(out.stream.getAudioTracks()[0]);
    return stream;
  };

  // What the page plays in its avatar's video.
  window.listen = async () => {
    const tracks = document.querySelector("#avatar-video").srcObject.getAudioTracks();
    const ear = opened().createScriptProcessor(256, 1, 1);
    await context.resume();
    ear.onaudioprocess = ({ inputBuffer, playbackTime }) => {
      const samples = inputBuffer.getChannelData(0);
      const place = samples.findIndex((value) => Math.abs(value) > LOUD);
      // What is processed was taken in during the buffer before, and is for the one after.
      const time = playbackTime + (place - 2 * samples.length) / context.sampleRate;
      if (place >= 0 && !(time - heard.at(-1) < EVERY / 2)) heard.push(time);
    };
    context.createMediaStreamSource(new MediaStream(tracks)).connect(ear);
    ear.connect(context.destination);
  };

  window.soundTimes = () => {
    const offset = middle(offsets.slice(-200));
    const found = { beeps, heard };
    return Object.fromEntries(
      Object.entries(found).map(([name, times]) => [name, times.map((at) => 1000 * at + offset)]),
    );
  };
})();
