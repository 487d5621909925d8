// What a picture shows until it is there: `data-placeholder`, a tiny picture as a data
// address. It is set here, since the page's policy allows no style in the markup.

for (const image of document.querySelectorAll("img[data-placeholder]")) {
  if (image.complete) continue;
  image.style.background = `center / cover no-repeat url("${image.dataset.placeholder.replaceAll('"', "%22")}")`;
  for (const end of ["load", "error"])
    image.addEventListener(end, () => (image.style.background = ""), { once: true });
}
