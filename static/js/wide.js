// A table that fits lets its heading stand below the bar of the page while the page scrolls.
// One that is wider than its box scrolls in the box, heading and first column standing still.

const list = document.querySelector("[data-list]");

if (list) {
  const measure = () => {
    const box = list.querySelector(".table-box");
    if (!box) return;
    const bulk = list.querySelector(".bulk");
    list.style.setProperty("--bulk", `${bulk?.offsetHeight ?? 0}px`);
    const table = box.querySelector("table");
    box.classList.add("is-measured");
    box.classList.toggle("is-wide", table.scrollWidth > box.clientWidth + 1);
  };
  // In the next frame: while the list is given its new width, the table still has the old one.
  const watch = new ResizeObserver(() => requestAnimationFrame(measure));
  watch.observe(list);
  const table = list.querySelector(".table-box table");
  if (table) watch.observe(table);
  const bulk = list.querySelector(".bulk");
  if (bulk) watch.observe(bulk);
  measure();
}
