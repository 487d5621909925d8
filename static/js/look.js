// What matters in a picture, and what is left of it, set on the picture itself.
//
// The number fields of the form hold it, in percent; this draws them, writes them, and
// shows at once what each preset makes of the picture. All measures are parts of the
// picture's width and height, 0 to 1.

const look = document.querySelector("[data-look]");
if (look) start();

function start() {
  const stage = look.querySelector("[data-look-stage]");
  const frame = look.querySelector("[data-look-frame]");
  const point = stage.querySelector("[data-drag=point]");
  const news = look.querySelector("[data-look-news]");
  const takeBack = look.querySelector("[data-look-reset]");
  const fields = Object.fromEntries(
    [...look.querySelectorAll("[data-look-part]")].map((field) => [field.dataset.lookPart, field]),
  );
  const shape = stage.querySelector("img").width / stage.querySelector("img").height;
  stage.style.setProperty("--shape", shape);
  look.dataset.drawn = "";
  const WHOLE = { left: 0, top: 0, right: 1, bottom: 1 };
  const LEAST = 0.02; // of a side is always left
  const STEP = 0.01;
  const TALLEST = 12; // rem, of a preview

  const within = (value, least, most) => Math.min(Math.max(value, least), most);
  const isWhole = (at) => at.left <= 0 && at.top <= 0 && at.right >= 1 && at.bottom >= 1;

  function read() {
    const part = (name, otherwise) => {
      const value = fields[name].valueAsNumber / 100;
      return value >= 0 && value <= 1 ? value : otherwise;
    };
    const at = { x: part("x", 0.5), y: part("y", 0.5) };
    for (const side of Object.keys(WHOLE)) at[side] = part(side, WHOLE[side]);
    return at.left < at.right && at.top < at.bottom ? at : { ...at, ...WHOLE };
  }

  function write(at) {
    at.x = within(at.x, at.left, at.right);
    at.y = within(at.y, at.top, at.bottom);
    const cropped = !isWhole(at);
    for (const [name, field] of Object.entries(fields))
      field.value = name in WHOLE && !cropped ? "" : Math.round(at[name] * 1000) / 10;
    draw();
  }

  function draw() {
    const at = read();
    place(frame, at.left, at.top);
    frame.style.width = percent(at.right - at.left);
    frame.style.height = percent(at.bottom - at.top);
    place(point, at.x, at.y);
    takeBack.disabled = at.x === 0.5 && at.y === 0.5 && isWhole(at);
    for (const preview of look.querySelectorAll("[data-preview]")) show(preview, cut(preview, at));
  }

  const percent = (part) => `${part * 100}%`;
  function place(element, left, top) {
    element.style.left = percent(left);
    element.style.top = percent(top);
  }

  // What a preset leaves of the picture: all that was not cropped, or, in a box of its own
  // shape, as much of it as fits, around the focal point or from the middle.
  function cut({ dataset }, at) {
    const width = at.right - at.left;
    const height = at.bottom - at.top;
    if (dataset.preview === "fit" || dataset.preview === "width") return { ...at, width, height };
    const ratio = Number(dataset.ratio) / shape; // of parts, where the picture's own is 1
    const box = { width: Math.min(width, height * ratio), height: Math.min(height, width / ratio) };
    const middle = dataset.preview === "crop" ? at : { x: at.left + width / 2, y: at.top + height / 2 };
    box.left = within(middle.x - box.width / 2, at.left, at.right - box.width);
    box.top = within(middle.y - box.height / 2, at.top, at.bottom - box.height);
    return box;
  }

  function show(preview, box) {
    const ratio = (box.width / box.height) * shape;
    preview.style.aspectRatio = ratio;
    preview.style.maxWidth = `${TALLEST * ratio}rem`;
    const picture = preview.querySelector("img");
    picture.style.width = percent(1 / box.width);
    picture.style.height = percent(1 / box.height);
    place(picture, -box.left / box.width, -box.top / box.height);
  }

  // Moves a part of the frame, or the point, to a place.
  const SIDES = {
    n: ["top"], s: ["bottom"], w: [null, "left"], e: [null, "right"],
    nw: ["top", "left"], ne: ["top", "right"], sw: ["bottom", "left"], se: ["bottom", "right"],
  };
  function move(part, x, y) {
    const at = read();
    const [up, across] = SIDES[part] ?? [];
    if (part === "point") Object.assign(at, { x, y });
    if (across === "left") at.left = within(x, 0, at.right - LEAST);
    if (across === "right") at.right = within(x, at.left + LEAST, 1);
    if (up === "top") at.top = within(y, 0, at.bottom - LEAST);
    if (up === "bottom") at.bottom = within(y, at.top + LEAST, 1);
    write(at);
  }
  const inStage = ({ clientX, clientY }) => {
    const box = stage.getBoundingClientRect();
    return [within((clientX - box.left) / box.width, 0, 1), within((clientY - box.top) / box.height, 0, 1)];
  };

  let pressed = false; // here: another button, or what is dragged from elsewhere, sets nothing
  let dragged = null;
  stage.addEventListener("pointerdown", (event) => {
    pressed = event.button === 0;
    if (!pressed) return;
    // A finger beside point and frame scrolls the page; its press alone sets the point.
    const part = event.target.closest("[data-drag]")?.dataset.drag;
    dragged = part ?? (event.pointerType === "mouse" ? "point" : null);
    if (!dragged) return;
    stage.setPointerCapture(event.pointerId);
    if (!part) move(dragged, ...inStage(event));
  });
  stage.addEventListener("pointermove", (event) => {
    if (dragged) move(dragged, ...inStage(event));
  });
  for (const end of ["pointerup", "pointercancel"])
    stage.addEventListener(end, (event) => {
      if (pressed && !dragged && end === "pointerup") move("point", ...inStage(event));
      if (dragged) tell();
      dragged = null;
      pressed = false;
    });

  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  stage.addEventListener("keydown", (event) => {
    const part = event.target.closest("[data-drag]")?.dataset.drag;
    const arrow = ARROWS[event.key];
    if (!part || !arrow) return;
    event.preventDefault();
    const at = read();
    const [x, y] = arrow.map((way) => way * STEP * (event.shiftKey ? 5 : 1));
    if (part === "point") move(part, at.x + x, at.y + y);
    else move(part, (part === "w" ? at.left : at.right) + x, (part === "n" ? at.top : at.bottom) + y);
    tell();
  });

  function tell() {
    const at = read();
    const words = news.dataset.words;
    news.textContent = words.replace("{x}", Math.round(at.x * 100)).replace("{y}", Math.round(at.y * 100));
  }

  takeBack.addEventListener("click", () => write({ x: 0.5, y: 0.5, ...WHOLE }));
  look.addEventListener("input", draw);
  draw();
}
