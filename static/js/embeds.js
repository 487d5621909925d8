// Videos and maps of others, loaded only once a reader asks for them: until then nobody
// else knows that this page is read.

for (const figure of document.querySelectorAll("figure[data-embed]")) {
  const offer = figure.querySelector(".embed-offer");
  offer.querySelector("button").addEventListener("click", () => {
    const frame = document.createElement("iframe");
    frame.src = figure.dataset.embed;
    frame.title = figure.dataset.title;
    frame.allow = "autoplay; encrypted-media; fullscreen; picture-in-picture";
    frame.referrerPolicy = "strict-origin-when-cross-origin"; // some players want to know the site
    offer.replaceWith(frame);
    frame.focus();
  });
}
