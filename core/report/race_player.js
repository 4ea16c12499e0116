// Plays a finished race step by step, or draws a running one; see race_player.py for the scene. No library, no network.
// All that came from data is written as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";
const PLAY = "M7 4.5v15L19.5 12z";
const PAUSE = "M6.5 5h4v14h-4zM13.5 5h4v14h-4z";
const GROWTH_MS = 450;

function playRace(root, scene) {
  const part = (name) => root.querySelector(`.${name}`);
  const race = part("race");
  const picture = part("picture");
  const canvas = picture.querySelector("svg");
  const place = part("place");
  const moments = scene.moments;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  // The answer first; whoever wants the story plays it.
  let at = scene.opens;
  let now = moments[at].minutes;
  let timer = null;
  let growth = null;

  race.classList.toggle("live", scene.live);
  race.classList.toggle("whole", scene.whole);
  place.max = moments.length - 1;

  // --- what is drawn ---------------------------------------------------------------------------------------------

  function element(name, attributes, text) {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function mark(side, x, y, size) {
    const shapes = {
      circle: ["circle", { cx: x, cy: y, r: size }],
      square: ["rect", { x: x - size * 0.9, y: y - size * 0.9, width: size * 1.8, height: size * 1.8 }],
      diamond: ["path", { d: `M${x} ${y - 1.25 * size}L${x + 1.25 * size} ${y}L${x} ${y + 1.25 * size}L${x - 1.25 * size} ${y}z` }],
    };
    const [name, attributes] = shapes[side.mark];
    return element(name, { ...attributes, fill: side.colour });
  }

  function whisker(side, x, low, high, wide) {
    const d = `M${x} ${low}V${high}M${x - wide} ${low}h${2 * wide}M${x - wide} ${high}h${2 * wide}`;
    return element("path", { d, stroke: side.colour, "stroke-width": 2, fill: "none" });
  }

  function sizes() {
    const letters = parseFloat(getComputedStyle(picture).fontSize);
    return { width: picture.clientWidth, height: picture.clientHeight, letters };
  }

  function grid(frame, ticks, y, letters, right) {
    for (const { value, text } of ticks) {
      canvas.append(element("line", { class: "grid", x1: frame.left, x2: right, y1: y(value), y2: y(value) }));
      const label = { x: frame.left - 0.5 * letters, y: y(value) + 0.35 * letters, "text-anchor": "end" };
      canvas.append(element("text", label, text));
    }
  }

  // Scores upwards, something else to the right: draws both axes, and says where a value lies on each.
  function axes(scores, ticks, most, title) {
    const { width, height, letters } = sizes();
    const frame = { left: 3.4 * letters, right: width - 3.2 * letters, top: 1.9 * letters, bottom: height - 3.1 * letters };
    const x = (value) => frame.left + ((frame.right - frame.left) * value) / most;
    const y = (score) => frame.bottom - ((frame.bottom - frame.top) * (score - scores.low)) / (scores.high - scores.low);
    canvas.append(element("text", { x: 0, y: 0.9 * letters }, scene.metric));
    grid(frame, scores.ticks, y, letters, width);
    for (const { value, text } of ticks) {
      canvas.append(element("text", { x: x(value), y: frame.bottom + 1.2 * letters, "text-anchor": "middle" }, text));
    }
    const middle = (frame.left + frame.right) / 2;
    canvas.append(element("text", { x: middle, y: height - 0.3 * letters, "text-anchor": "middle" }, title));
    return { frame, x, y, letters };
  }

  function lines() {
    const { x, y, letters } = axes(scene.scores, scene.times, scene.budget, "minutes spent");
    // The one that does both lies beneath those that do one.
    const last = scene.sides.length - 1;
    [...scene.sides].reverse().forEach((side, place) => {
      const number = last - place;
      const gone = side.line.filter(([minutes]) => minutes <= now + 1e-9);
      if (!gone.length) return;
      let d = `M${x(gone[0][0])} ${y(gone[0][1])}`;
      // A score holds until the next step.
      for (const [minutes, score] of gone.slice(1)) d += `H${x(minutes)}V${y(score)}`;
      const stroke = { stroke: side.colour, "stroke-width": 0.24 * letters, "stroke-dasharray": side.dash, fill: "none" };
      canvas.append(element("path", { ...stroke, d: `${d}H${x(now)}` }));
      for (const [minutes, score] of gone.slice(1)) canvas.append(mark(side, x(minutes), y(score), 0.24 * letters));
      // Beside each other: intervals on top of each other can't be told apart.
      const [, score, low, high] = gone[gone.length - 1];
      const tip = x(now) + (0.55 + 0.9 * number) * letters;
      canvas.append(whisker(side, tip, y(low), y(high), 0.25 * letters), mark(side, tip, y(score), 0.42 * letters));
    });
  }

  function knobs() {
    const { width, height, letters } = sizes();
    const frame = { left: 3.8 * letters, right: width, top: 1.9 * letters, bottom: height - 4.8 * letters };
    const { low, high, ticks } = scene.gains;
    const y = (gain) => frame.bottom - ((frame.bottom - frame.top) * (gain - low)) / (high - low);
    canvas.append(element("text", { x: 0, y: 0.9 * letters }, `gain of ${scene.metric} from the common start`));
    grid(frame, ticks, y, letters, width);
    canvas.append(element("line", { class: "zero", x1: frame.left, x2: frame.right, y1: y(0), y2: y(0) }));
    scene.sides.forEach((side, number) => {
      const step = (frame.right - frame.left) / scene.sides.length;
      const middle = frame.left + step * (number + 0.5);
      const { gain, low: least, high: most, text, interval } = side.gained;
      const [top, bottom] = [Math.min(y(gain), y(0)), Math.max(y(gain), y(0))];
      const bar = { x: middle - 0.22 * step, width: 0.44 * step, y: top, height: Math.max(1, bottom - top) };
      canvas.append(element("rect", { ...bar, fill: side.colour }));
      canvas.append(element("path", { class: "interval", d: whisker(side, middle, y(least), y(most), 0.35 * letters).getAttribute("d") }));
      const label = { x: middle, "text-anchor": "middle" };
      canvas.append(element("text", { ...label, y: height - 3.1 * letters }, side.title));
      canvas.append(element("text", { ...label, class: "gain", y: height - 1.75 * letters }, text));
      canvas.append(element("text", { ...label, class: "between", y: height - 0.5 * letters }, interval));
    });
  }

  function volume() {
    const { rows, most, scores, ticks, curves, apart } = moments[at].volume;
    const { frame, x, y, letters } = axes(scores, ticks, most, "train examples");
    canvas.append(element("line", { class: "here", x1: x(rows), x2: x(rows), y1: frame.top, y2: frame.bottom }));
    canvas.append(element("text", { x: x(rows) + 0.4 * letters, y: frame.bottom - 0.4 * letters }, "now"));
    curves.forEach(({ measured, fitted }, number) => {
      const side = moments[at].sides[number];
      const path = (points) => `M${points.map(([count, score]) => `${x(count)} ${y(score)}`).join("L")}`;
      const stroke = { stroke: side.colour, "stroke-width": 0.24 * letters, fill: "none" };
      canvas.append(element("path", { ...stroke, d: path(fitted.filter(([count]) => count <= rows)) }));
      // Beyond what there is, it is a law and no measurement.
      const ahead = { "stroke-dasharray": `0 ${0.5 * letters}`, "stroke-linecap": "round" };
      canvas.append(element("path", { ...stroke, ...ahead, d: path(fitted.filter(([count]) => count >= rows)) }));
      for (const [count, score, low, high] of measured) {
        const ends = whisker(side, x(count), y(low), y(high), 0.2 * letters);
        ends.setAttribute("class", "pale");
        canvas.append(ends, mark(side, x(count), y(score), 0.36 * letters));
      }
    });
    if (apart) stretch(apart, rows, x, y, letters);
  }

  // How much farther one has to go on the lower curve to be as high as the upper one is now.
  function stretch({ score, to, low, high, reached, text }, rows, x, y, letters) {
    const cap = 0.3 * letters;
    const ends = `M${x(low)} ${y(score)}H${x(high)}M${x(low)} ${y(score) - cap}v${2 * cap}M${x(high)} ${y(score) - cap}v${2 * cap}`;
    canvas.append(element("path", { class: "interval thin", d: ends }));
    canvas.append(element("path", { class: "interval", d: `M${x(rows)} ${y(score)}H${x(to)}` }));
    const [size, tip] = [0.45 * letters, x(to)];
    const end = reached ? `M${tip} ${y(score) - size}l${size} ${size}l${-size} ${size}l${-size} ${-size}z` : `M${tip} ${y(score) - size}l${1.5 * size} ${size}l${-1.5 * size} ${size}z`;
    canvas.append(element("path", { class: "end", d: end }));
    const label = { class: "gain clear", x: (x(rows) + tip) / 2, y: y(score) + 1.4 * letters, "text-anchor": "middle" };
    canvas.append(element("text", label, text));
  }

  const views = { lines, knobs, volume };

  function draw() {
    const moment = moments[at];
    canvas.replaceChildren();
    canvas.setAttribute("aria-label", moment.alt);
    views[moment.view]();
  }

  // --- what is said ----------------------------------------------------------------------------------------------

  function say() {
    const moment = moments[at];
    part("headline").textContent = moment.says;
    part("sub").textContent = moment.sub;
    part("clock").textContent = moment.clock;
    place.value = at;
    place.style.setProperty("--done", `${(100 * at) / (moments.length - 1 || 1)}%`);
    place.setAttribute("aria-valuetext", moment.clock || moment.says);
    part("sides").replaceChildren(
      ...moment.sides.map((told, number) => {
        // What is not about the sides of the race brings names and colours of its own.
        const side = { ...scene.sides[number], ...told };
        const row = document.createElement("li");
        row.classList.toggle("moved", told.moved);
        row.style.setProperty("--side", side.colour);
        const sign = element("svg", { viewBox: "0 0 24 24", class: "sign", "aria-hidden": "true" });
        sign.append(mark(side, 12, 12, 8));
        row.append(sign);
        for (const [name, text] of [["title", side.title], ["score", told.score], ["interval", told.interval], ["did", told.did]]) {
          const line = document.createElement("span");
          line.className = name;
          line.textContent = text;
          row.append(line);
        }
        return row;
      }),
    );
  }

  // --- going on --------------------------------------------------------------------------------------------------

  function go(to) {
    const from = now;
    at = Math.min(moments.length - 1, Math.max(0, to));
    const until = moments[at].minutes;
    cancelAnimationFrame(growth);
    say();
    if (at === moments.length - 1) pause();
    if (still || until <= from) {
      now = until;
      draw();
      return;
    }
    const begun = performance.now();
    const grow = (time) => {
      const share = Math.min(1, Math.max(0, (time - begun) / GROWTH_MS));
      now = from + (until - from) * share;
      draw();
      if (share < 1) growth = requestAnimationFrame(grow);
    };
    growth = requestAnimationFrame(grow);
  }

  function shown(playing) {
    part("play").querySelector("span").textContent = playing ? "Pause" : "Play";
    part("play").querySelector(".sign").setAttribute("d", playing ? PAUSE : PLAY);
    part("says").setAttribute("aria-live", playing ? "off" : "polite");
  }

  function pause() {
    clearInterval(timer);
    timer = null;
    shown(false);
  }

  function play() {
    if (at >= scene.opens) go(0);
    timer = setInterval(() => go(at + 1), scene.pace);
    shown(true);
  }

  const toggle = () => (timer === null ? play() : pause());

  // By hand is by hand: whoever steps has stopped the play.
  function step(to) {
    pause();
    go(to);
  }

  const acts = {
    first: () => step(0),
    back: () => step(at - 1),
    play: toggle,
    on: () => step(at + 1),
    last: () => step(moments.length - 1),
  };
  for (const [name, act] of Object.entries(acts)) part(name).onclick = act;
  place.oninput = () => step(Number(place.value));

  const keys = { ArrowLeft: "back", ArrowRight: "on", Home: "first", End: "last", " ": "play" };
  function pressed(event) {
    const on = event.composedPath()[0];
    // What has a use for the key itself keeps it.
    const own = on.matches?.("input, textarea, select, [contenteditable]") || (event.key === " " && on.matches?.("button, a, summary"));
    if (own || scene.live || event.ctrlKey || event.metaKey || event.altKey || !(event.key in keys)) return;
    event.preventDefault();
    acts[keys[event.key]]();
  }
  // Where the race is all there is, it hears every key; on a page with other things only those meant for it.
  const hears = scene.whole ? document : race;
  hears.addEventListener("keydown", pressed);

  const resized = new ResizeObserver(draw);
  resized.observe(picture);
  say();
  draw();
  pause();
  return () => {
    pause();
    cancelAnimationFrame(growth);
    resized.disconnect();
    hears.removeEventListener("keydown", pressed);
  };
}
